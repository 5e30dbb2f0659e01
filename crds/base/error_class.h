#pragma once

#include <string_view>

#include "crds/base/result.h"

namespace slipway {

/// The class with that name, as statuses keep it; Internal for a text that names none.
ErrorClass error_class_named(std::string_view text);

/// Whether time alone may help: who was asked is away or busy (Unavailable, Throttled), and refused nothing.
bool is_passing(ErrorClass cls);

}  // namespace slipway
