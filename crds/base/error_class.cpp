#include "crds/base/error_class.h"

#include <algorithm>

namespace slipway {

ErrorClass error_class_named(std::string_view text) {
  const auto* found = std::ranges::find_if(kErrorClasses, [&](ErrorClass cls) { return to_string(cls) == text; });
  return found == kErrorClasses.end() ? ErrorClass::Internal : *found;
}

bool is_passing(ErrorClass cls) {
  return cls == ErrorClass::Unavailable || cls == ErrorClass::Throttled;
}

}  // namespace slipway
