#include "crds/v1alpha1/condition.h"

#include <algorithm>

namespace slipway {

const Condition* find_condition(const Conditions& conditions, std::string_view type) {
  const auto found =
      std::find_if(conditions.begin(), conditions.end(), [&](const Condition& each) { return each.type == type; });
  return found == conditions.end() ? nullptr : &*found;
}

void set_condition(Conditions& conditions, Condition wanted) {
  const auto found = std::find_if(conditions.begin(), conditions.end(),
                                  [&](const Condition& each) { return each.type == wanted.type; });
  if (found == conditions.end()) {
    conditions.push_back(std::move(wanted));
    return;
  }
  if (found->status == wanted.status) wanted.last_transition_time = found->last_transition_time;
  *found = std::move(wanted);
}

void remove_condition(Conditions& conditions, std::string_view type) {
  std::erase_if(conditions, [&](const Condition& each) { return each.type == type; });
}

}  // namespace slipway
