#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/image_publication.h"

namespace slipway {

/// A namespace that asks, with its labels (always with kubernetes.io/metadata.name).
struct Tenant {
  std::string namespace_name;
  std::map<std::string, std::string> labels;
};

/// What it asks for.
struct AccessRequest {
  std::string registry;  ///< metadata.name of the ContainerRegistry, as the tenant wrote it.
  Tenant tenant;
  AccessAction action = AccessAction::Read;
  std::string repository;
  /// Publish only, where the image comes from: registry host and repository. Both empty: a file, which only an entry
  /// without `sources` allows.
  std::string source_host;
  std::string source_repository;
};

/// The gates that an access entry asks for, whatever the publication says.
struct GateFloor {
  std::string entry;
  Gates gates;
  bool operator==(const GateFloor&) const = default;
};

struct AccessGrant {
  std::vector<std::string> entries;  ///< Names of those that give it.
  std::vector<GateFloor> floors;     ///< Publish only: of every one of them that has gates.
  bool names_source = false;         ///< Publish only: `sources` of one of them match it, its host by name.
  bool operator==(const AccessGrant&) const = default;
};

/// Tenancy (design, section 2, `access[]`). An entry gives an action when its selector selects the namespace, one of
/// its `repositories` matches, `actions` has it and, for Publish, `sources` is absent, matches "host/repository", or
/// the source is a repository of this registry (loginServer or alias) on which the tenant has Read. Reading, mounting
/// and importing with the registry's identity need Read: the caller asks for each repository. Forbidden otherwise; the
/// text is made of the request alone, so that a registry that is not there (`registry` empty), an entry that is not
/// there and an entry that does not fit look the same. The remedy is the YAML line to add.
Result<AccessGrant> check_access(const std::optional<ContainerRegistry>& registry, const AccessRequest& request);

/// Whether `host` (with port) is the registry itself: its loginServer or one of its aliases, in whatever
/// spelling, with or without the port that goes without saying.
bool is_own_host(const ContainerRegistry& registry, const std::string& host);

/// Whether the image that `object` publishes comes from a host of `registry`: whose Read and credentials it may need,
/// whether it names it or not.
bool keeps_source_of(const ContainerRegistry& registry, const ImagePublication& object);

/// Whether `object` names `registry`, for its image or its source, or has its source at one of its hosts.
bool is_used_by(const ContainerRegistry& registry, const ImagePublication& object);

/// Whether `object` uses `registry` so and is not ready, whatever for; what is suspended is not meant.
bool is_unready_user(const ContainerRegistry& registry, const ImagePublication& object);

}  // namespace slipway
