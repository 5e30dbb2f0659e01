#include "crds/base/error_class.h"

#include <algorithm>
#include <array>

namespace slipway {

namespace {

constexpr std::array kClasses{ErrorClass::Invalid,       ErrorClass::NotFound,  ErrorClass::Conflict,
                              ErrorClass::Unauthorized,  ErrorClass::Forbidden, ErrorClass::Throttled,
                              ErrorClass::QuotaExceeded, ErrorClass::Integrity, ErrorClass::Refused,
                              ErrorClass::Unavailable,   ErrorClass::Cancelled, ErrorClass::Internal};

}  // namespace

ErrorClass error_class_named(std::string_view text) {
  const auto* found = std::ranges::find_if(kClasses, [&](ErrorClass cls) { return to_string(cls) == text; });
  return found == kClasses.end() ? ErrorClass::Internal : *found;
}

bool is_passing(ErrorClass cls) {
  return cls == ErrorClass::Unavailable || cls == ErrorClass::Throttled;
}

}  // namespace slipway
