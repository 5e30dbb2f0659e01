#pragma once

#include <string>

#include "crds/base/result.h"

namespace slipway::http {

/// Whether `text`, which the variable `name` holds, is the address of a proxy that libcurl can use. Invalid names the
/// variable and never shows its value, which may hold a password.
Result<void> check_proxy(const std::string& name, const std::string& text);

}  // namespace slipway::http
