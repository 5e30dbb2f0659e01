#pragma once

#include <string_view>
#include <vector>

#include "crds/base/document.h"
#include "crds/v1alpha1/field_reader.h"

namespace slipway::kube {

/// What `kubectl apply` keeps of what it was given; the API server prunes objects, not this.
inline constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

/// Reads a spec for what is wrong with it.
using SpecReader = void (*)(const Node& spec, FieldReader& reader);

/// The fields under `spec` that somebody applied and the API server dropped because no schema knows them, in the words
/// of `slipway validate`, and last what to do. Empty where it can't be known: without kLastApplied, where that is
/// larger than anybody writes or can't be read, and where it is older than what the object asks for now (a value
/// differs, or somebody else edited the spec later).
std::vector<Problem> dropped_fields(const Node& object, SpecReader read_spec);

}  // namespace slipway::kube
