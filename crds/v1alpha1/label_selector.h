#pragma once

#include <string_view>

#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"

namespace slipway {

/// A label's key as apimachinery's IsQualifiedName has it: up to 63 characters, before them at most one DNS subdomain
/// and a '/'.
Result<void> check_label_key(std::string_view text);
/// A label's value: empty, or up to 63 letters, digits, '-', '_' and '.', with a letter or a digit at both ends.
Result<void> check_label_value(std::string_view text);

/// In and NotIn need values, Exists and DoesNotExist take none: the operator has its own form.
Result<void> check_values(const LabelSelectorRequirement& requirement);

inline constexpr std::string_view kLabelKeyPattern =
    "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";
inline constexpr std::string_view kLabelKeyForm =
    "write letters, digits, '-', '_' and '.', if need be after a domain and a '/', e.g. contoso.com/team";
inline constexpr std::string_view kLabelValuePattern = "^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$";
inline constexpr std::string_view kLabelValueForm =
    "write up to 63 letters, digits, '-', '_' and '.', with a letter or a digit at both ends";

}  // namespace slipway
