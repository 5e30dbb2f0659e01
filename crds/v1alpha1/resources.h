#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crds/base/document.h"
#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/image_publication.h"
#include "crds/v1alpha1/object_meta.h"
#include "crds/v1alpha1/retention_policy.h"
#include "crds/v1alpha1/whereabouts.h"

namespace slipway {

/// Namespace, Secret and ConfigMap documents of a folder: only what Slipway reads of them.
struct NamespaceObject {
  std::string name;
  std::map<std::string, std::string> labels;
  bool operator==(const NamespaceObject&) const = default;
};
struct SecretObject {
  std::string namespace_name, name, type;
  std::map<std::string, std::string> data;  ///< Decoded.
  bool operator==(const SecretObject&) const = default;
};
struct ConfigMapObject {
  std::string namespace_name, name;
  std::map<std::string, std::string> data;  ///< binaryData decoded; gzip left as it is.
  bool operator==(const ConfigMapObject&) const = default;
};

using Resource =
    std::variant<ContainerRegistry, ImagePublication, RetentionPolicy, NamespaceObject, SecretObject, ConfigMapObject>;

/// A resource that passed parsing and validation, and what a person should still know of it.
struct ParsedResource {
  Resource resource;
  std::string file;   ///< As given to the parser.
  Place place;        ///< Of the document.
  Whereabouts where;  ///< With the document where ParseOptions::keep_roots is, else its fields that can't be changed.
};

/// What a stream of documents holds. `resources` has only those without errors; warnings do not count as errors.
struct ParsedResources {
  std::vector<ParsedResource> resources;
  std::vector<Problem> problems;  ///< In the order of the file; of very many the first, and how many more.
};

/// "spec.build.commit=4f2a" of `--set`: a field path and the text to put there, typed by the field.
struct FieldOverride {
  std::string path;
  std::string value;
};

struct ParseOptions {
  /// An object of an API server: its life (uid, generation, finalizers, times) and its status are read, unknown fields
  /// are allowed, `path` and archive sources are Refused. A file's status and what it says of a life are passed over.
  bool from_api_server = false;
  bool keep_roots = false;
  std::vector<FieldOverride> overrides;  ///< `--set`, on every ImagePublication before validation; other kinds stay.
  std::vector<FieldOverride> fallbacks;  ///< As overrides, from the environment, only where a field is left out.
  /// Fields that have a value where it is published, and in words from whom: told where one is missing here.
  std::vector<FieldOverride> given_elsewhere;
};

/// Parses and validates a whole stream: every error of it, not just the first.
ParsedResources parse_resources(std::string_view text, std::string_view file, const ParseOptions& options = {});

/// The object as the API server and `-o json` show it: apiVersion, kind, metadata, spec, status (when not
/// `omit_status`).
Node to_node(const ContainerRegistry& object);
Node to_node(const ImagePublication& object);
Node to_node(const RetentionPolicy& object);

/// The status alone, and back (for the state database and status writes). Unknown fields are ignored.
Node to_node(const ImagePublicationStatus& status);
Node to_node(const ContainerRegistryStatus& status);
Node to_node(const RetentionPolicyStatus& status);
Result<ImagePublicationStatus> publication_status_from(const Node& node);
Result<ContainerRegistryStatus> registry_status_from(const Node& node);
Result<RetentionPolicyStatus> retention_status_from(const Node& node);

/// The fields of the spec that can't be changed (FieldInfo::immutable) and were, e.g. "spec.repository"; none when the
/// two are not of one kind of ours.
std::vector<std::string> changed_for_good(const Resource& before, const Resource& now);

/// YAML text of `node` as a person would write it.
std::string to_yaml_text(const Node& node);

}  // namespace slipway
