#pragma once

#include <string>
#include <string_view>

#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"
#include "reconcilers/outcome.h"
#include "reconcilers/ports/registries.h"

namespace slipway::registry {

inline constexpr std::string_view kReachable = "Reachable";
inline constexpr std::string_view kAuthenticated = "Authenticated";

/// How often a registry is looked at when the spec does not say.
inline constexpr std::chrono::seconds kDefaultInterval{600};

/// What was seen. A registry with fields that this version can't carry out is not called: the error is
/// refuse_unsupported()'s, and the registry was NotAsked.
using Observation = SignIn;

/// What an object's status becomes and what follows.
struct Judgement {
  ContainerRegistryStatus status;
  Outcome outcome;
};

/// Pure. Reachable and Authenticated by where sign-in ended:
///
///   it ended                           Reachable   Authenticated
///   with an identity                   True        True
///   Answered: Unauthorized, Forbidden  True        False
///   Answered: anything else            True        absent
///   NoAnswer                           False       absent
///   NoCredentials                      absent      False, absent where they can't be read now (Unavailable)
///   NotAsked                           absent      absent
///
/// Ready is True with an identity, else as the error's class says (outcome_of()).
/// Fields that only observe show as condition Unsupported, which leaves Ready alone.
Judgement judge(const ContainerRegistry& object, const Observation& seen, Timestamp now);

}  // namespace slipway::registry
