#pragma once

#include <string>

#include "crds/base/time.h"

namespace slipway::kube {

/// metav1.MicroTime: RFC 3339 with six digits of a second.
inline std::string micro_time(Timestamp time) {
  std::string text = slipway::to_string(time);
  text.pop_back();
  return text + (text.find('.') == std::string::npos ? ".000000Z" : "000Z");
}

}  // namespace slipway::kube
