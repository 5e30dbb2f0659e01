#pragma once

#include <string>
#include <string_view>

#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"
#include "reconcilers/outcome.h"

namespace slipway::registry {

inline constexpr std::string_view kReachable = "Reachable";
inline constexpr std::string_view kAuthenticated = "Authenticated";

/// How often a registry is looked at when the spec does not say.
inline constexpr std::chrono::seconds kDefaultInterval{600};

/// What was seen: the identity that the registry took, or why it did not. A registry with fields that this version
/// can't carry out is not called: the error is refuse_unsupported()'s.
struct Observation {
  Result<std::string> identity;
};

/// What an object's status becomes and what follows.
struct Judgement {
  ContainerRegistryStatus status;
  Outcome outcome;
};

/// Pure. Conditions by what sign-in gave:
///
///   sign-in                         Reachable        Authenticated    Ready
///   an identity                     True             True             True
///   Unauthorized, Forbidden         True             False            False, Stalled
///   Throttled                       True             absent           False, Reconciling
///   Unavailable                     False            absent           False, Reconciling
///   NotFound, Invalid (credentials  absent           False            False, Stalled
///   are not there or make no sense)
///   NotSupported and every other    absent           absent           False, as the class says
///
/// Fields that only observe show as condition Unsupported, which leaves Ready alone.
Judgement judge(const ContainerRegistry& object, const Observation& seen, Timestamp now);

}  // namespace slipway::registry
