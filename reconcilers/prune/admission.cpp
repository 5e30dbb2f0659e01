#include "reconcilers/prune/admission.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "reconcilers/access.h"

namespace slipway::prune {

namespace {

/// What only a wildcard matches.
constexpr std::string_view kAnything = "\x01";

/// The pattern with that for each `**`. What matches it does so by wildcards of its own, or by what the pattern has.
std::string instance_of(std::string_view pattern, std::string_view across) {
  std::string text;
  while (!pattern.empty()) {
    const bool is_across = pattern.starts_with("**");
    const bool is_wild = pattern.starts_with('*');
    text += is_across ? across : is_wild ? kAnything : pattern.substr(0, 1);
    pattern.remove_prefix(is_across ? 2 : 1);
  }
  return text;
}

/// What every entry matches that matches all of the pattern: one part for each `**`, and more than one.
std::array<std::string, 2> instances_of(std::string_view pattern) {
  return {instance_of(pattern, kAnything), instance_of(pattern, "\x01/\x01/\x01")};
}

}  // namespace

Result<void> admit(const RetentionPolicy& policy, ObjectReader& reader) {
  const auto registry = reader.registry(policy.spec.registry_ref.name);
  if (!registry) return std::unexpected(registry.error());
  auto labels = reader.namespace_labels(policy.metadata.namespace_name);
  if (!labels) return std::unexpected(std::move(labels.error()));
  AccessRequest request{.registry = policy.spec.registry_ref.name,
                        .tenant = {policy.metadata.namespace_name, std::move(*labels)},
                        .action = AccessAction::Read};
  const auto may_read = [&](const std::string& repository) {
    request.repository = repository;
    return check_access(*registry, request).has_value();
  };
  for (const auto& pattern : policy.spec.repositories) {
    if (std::ranges::all_of(instances_of(pattern), may_read)) continue;
    request.repository = pattern;
    // The text is made of the request alone.
    return std::unexpected(check_access(std::nullopt, request).error());
  }
  return {};
}

}  // namespace slipway::prune
