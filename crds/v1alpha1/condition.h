#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/time.h"

namespace slipway {

/// metav1.Condition.
struct Condition {
  std::string type;
  std::string status;  ///< "True", "False" or "Unknown".
  std::int64_t observed_generation = 0;
  Timestamp last_transition_time;
  std::string reason;
  std::string message;
  bool operator==(const Condition&) const = default;
};

using Conditions = std::vector<Condition>;

/// The condition of that type, or null.
const Condition* find_condition(const Conditions& conditions, std::string_view type);

/// Sets or replaces `wanted` by type; the transition time moves to `wanted.last_transition_time` only when the status
/// changes, otherwise the old one stays.
void set_condition(Conditions& conditions, Condition wanted);

void remove_condition(Conditions& conditions, std::string_view type);

}  // namespace slipway
