#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/gates.h"
#include "crds/v1alpha1/image_publication.h"
#include "crds/v1alpha1/retention_policy.h"

namespace slipway {

/// Specialised for each enumeration of the model: its names, in order of the values from 0.
template <class E>
struct EnumNames;

#define SLIPWAY_ENUM(type, ...)                                                    \
  template <>                                                                      \
  struct EnumNames<type> {                                                         \
    static constexpr auto kNames = std::to_array<std::string_view>({__VA_ARGS__}); \
  }

SLIPWAY_ENUM(Cloud, "AzurePublic", "AzureChina", "AzureUSGovernment");
SLIPWAY_ENUM(AccessAction, "Read", "Publish", "Prune");
SLIPWAY_ENUM(Severity, "None", "Unknown", "Low", "Medium", "High", "Critical");
SLIPWAY_ENUM(Unfixed, "Block", "Ignore");
SLIPWAY_ENUM(ReportFormat, "Trivy", "Grype", "Sarif");
SLIPWAY_ENUM(FoundAt, "Source", "Destination");
SLIPWAY_ENUM(ReferrersMode, "All", "None");
SLIPWAY_ENUM(Mutability, "Immutable", "Moving");
SLIPWAY_ENUM(NotifyFormat, "CloudEvents", "GitHubStatus", "Teams", "Slack");
SLIPWAY_ENUM(Verify, "Standard", "Deep");
SLIPWAY_ENUM(DeletionPolicy, "Retain", "Untag");
SLIPWAY_ENUM(TagState, "Set", "Superseded", "Skipped");
SLIPWAY_ENUM(RetentionMode, "Preview", "Enforce");

#undef SLIPWAY_ENUM

/// The value as resources write it, e.g. "Critical".
template <class E>
constexpr std::string_view name_of(E value)
  requires requires { EnumNames<E>::kNames; }
{
  return EnumNames<E>::kNames[static_cast<std::size_t>(value)];
}

}  // namespace slipway
