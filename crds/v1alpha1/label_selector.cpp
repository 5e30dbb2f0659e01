#include <algorithm>

#include "crds/v1alpha1/container_registry.h"

namespace slipway {

namespace {

using Labels = std::map<std::string, std::string>;

/// The rules of apimachinery's LabelSelectorAsSelector: NotIn holds for a label that is absent. An operator that is not
/// known matches nothing.
bool satisfies(const LabelSelectorRequirement& requirement, const Labels& labels) {
  const auto found = labels.find(requirement.key);
  const bool present = found != labels.end();
  const bool listed = present && std::find(requirement.values.begin(), requirement.values.end(), found->second) !=
                                     requirement.values.end();
  if (requirement.operator_name == "In") return listed;
  if (requirement.operator_name == "NotIn") return !listed;
  if (requirement.operator_name == "Exists") return present;
  return requirement.operator_name == "DoesNotExist" && !present;
}

}  // namespace

bool selects(const LabelSelector& selector, const Labels& labels) {
  const bool all_equal =
      std::all_of(selector.match_labels.begin(), selector.match_labels.end(), [&](const auto& wanted) {
        const auto found = labels.find(wanted.first);
        return found != labels.end() && found->second == wanted.second;
      });
  return all_equal && std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                                  [&](const auto& requirement) { return satisfies(requirement, labels); });
}

}  // namespace slipway
