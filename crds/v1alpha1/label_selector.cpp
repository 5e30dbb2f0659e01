#include "crds/v1alpha1/label_selector.h"

#include <algorithm>
#include <string>

#include "crds/base/pattern.h"
#include "crds/base/text.h"

namespace slipway {

namespace {

using Labels = std::map<std::string, std::string>;

constexpr std::size_t kLongestPrefix = 253;

bool is_listed(const LabelSelectorRequirement& requirement) {
  return requirement.operator_name == "In" || requirement.operator_name == "NotIn";
}

bool is_valid(const LabelSelectorRequirement& requirement) {
  return check_label_key(requirement.key) && check_values(requirement) &&
         std::ranges::all_of(requirement.values,
                             [](const auto& value) { return check_label_value(value).has_value(); });
}

/// The rules of apimachinery's LabelSelectorAsSelector: NotIn holds for a label that is absent. What it would refuse
/// matches nothing: nobody gets access by a mistake.
bool satisfies(const LabelSelectorRequirement& requirement, const Labels& labels) {
  if (!is_valid(requirement)) return false;
  const auto found = labels.find(requirement.key);
  const bool present = found != labels.end();
  const bool listed = present && std::ranges::find(requirement.values, found->second) != requirement.values.end();
  if (requirement.operator_name == "In") return listed;
  if (requirement.operator_name == "NotIn") return !listed;
  if (requirement.operator_name == "Exists") return present;
  return requirement.operator_name == "DoesNotExist" && !present;
}

}  // namespace

Result<void> check_label_key(std::string_view text) {
  static const Pattern pattern(kLabelKeyPattern);
  const std::size_t slash = text.find('/');
  if (pattern.matches(text) && (slash == std::string_view::npos || slash <= kLongestPrefix)) return {};
  return fail(ErrorClass::Invalid, quoted(text, 80) + " is not the key of a label", std::string(kLabelKeyForm));
}

Result<void> check_label_value(std::string_view text) {
  static const Pattern pattern(kLabelValuePattern);
  if (pattern.matches(text)) return {};
  return fail(ErrorClass::Invalid, quoted(text, 80) + " is not the value of a label", std::string(kLabelValueForm));
}

Result<void> check_values(const LabelSelectorRequirement& requirement) {
  if (is_listed(requirement) && requirement.values.empty())
    return fail(ErrorClass::Invalid, requirement.operator_name + " has no values", "write at least one");
  if (!is_listed(requirement) && !requirement.values.empty())
    return fail(ErrorClass::Invalid, requirement.operator_name + " takes no values", "remove them");
  return {};
}

bool selects(const LabelSelector& selector, const Labels& labels) {
  const bool all_equal = std::ranges::all_of(selector.match_labels, [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
  return all_equal && std::ranges::all_of(selector.match_expressions,
                                          [&](const auto& requirement) { return satisfies(requirement, labels); });
}

}  // namespace slipway
