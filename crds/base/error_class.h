#pragma once

#include <array>
#include <string_view>

#include "crds/base/result.h"

namespace slipway {

inline constexpr std::array kErrorClasses{ErrorClass::Invalid,       ErrorClass::NotFound,  ErrorClass::Conflict,
                                          ErrorClass::Unauthorized,  ErrorClass::Forbidden, ErrorClass::Throttled,
                                          ErrorClass::QuotaExceeded, ErrorClass::Integrity, ErrorClass::Refused,
                                          ErrorClass::Unavailable,   ErrorClass::Cancelled, ErrorClass::Internal};

/// The class with that name, as statuses keep it; Internal for a text that names none.
ErrorClass error_class_named(std::string_view text);

/// Whether time alone may help: who was asked is away or busy (Unavailable, Throttled), and refused nothing.
bool is_passing(ErrorClass cls);

}  // namespace slipway
