#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/boxed.h"
#include "crds/base/digest.h"
#include "crds/base/tag_template.h"
#include "crds/v1alpha1/condition.h"
#include "crds/v1alpha1/gates.h"
#include "crds/v1alpha1/image_publication_status.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway {

/// An image of any OCI registry.
struct RegistrySource {
  std::string reference;
  std::optional<NameRef> pull_secret_ref;
  std::optional<NameRef> registry_ref;  ///< Sign in as this ContainerRegistry, on which the namespace has Read.
  bool plain_http = false;              ///< Only for a registry on localhost.
  bool operator==(const RegistrySource&) const = default;
};
/// An OCI layout folder or an OCI archive; `path` is relative to the resource's file.
struct LayoutSource {
  std::string path;
  std::string image;  ///< The ref.name annotation of the manifest wanted; empty when there is only one.
  bool operator==(const LayoutSource&) const = default;
};
/// A `docker save` archive.
struct DockerArchiveSource {
  std::string path;
  std::string image;  ///< One of its RepoTags; empty when there is only one image.
  bool operator==(const DockerArchiveSource&) const = default;
};

enum class ReferrersMode { All, None };

/// Where the image comes from. Exactly one of the first four is set.
struct SourceSpec {
  std::optional<RegistrySource> image;
  Boxed<LayoutSource> oci_layout;
  Boxed<LayoutSource> oci_archive;
  Boxed<DockerArchiveSource> docker_archive;
  std::optional<std::string> digest;   ///< Pins the source.
  std::vector<std::string> platforms;  ///< e.g. "linux/arm64/v8"; empty: all.
  ReferrersMode referrers = ReferrersMode::All;
  bool follow = false;
  bool operator==(const SourceSpec&) const = default;
};

struct BuildInfo {
  std::string commit;
  std::string version;
  std::optional<std::int64_t> number;
  std::string branch;
  std::string run_url;
  std::string actor;
  std::optional<Timestamp> built_at;
  std::map<std::string, std::string> labels;
  bool operator==(const BuildInfo&) const = default;
};

enum class Mutability { Immutable, Moving };

struct TagSpec {
  std::string name;
  std::string template_text;  ///< `template` in the resource; parses as a TagTemplate, validation saw to it.
  Mutability mutability = Mutability::Immutable;
  bool optional = false;
  bool operator==(const TagSpec&) const = default;
};

struct Rollback {
  std::string digest;
  std::string reason;
  std::string until;  ///< Date (through its end, UTC) or RFC 3339 time; empty: until removed.
  bool operator==(const Rollback&) const = default;
};

struct Attach {
  bool scan_reports = false;
  bool sbom = false;
  bool provenance = false;
  bool operator==(const Attach&) const = default;
};

struct DeploymentTarget {
  std::string kind;
  std::string name;
  std::string namespace_name;  ///< `namespace` in the resource.
  std::string cluster;
  bool operator==(const DeploymentTarget&) const = default;
};

enum class NotifyFormat { CloudEvents, GitHubStatus, Teams, Slack };
struct Notify {
  std::string name;
  NotifyFormat format = NotifyFormat::CloudEvents;
  KeyRef url_secret_ref;
  bool operator==(const Notify&) const = default;
};

struct RetrySpec {
  std::optional<std::chrono::seconds> max_duration;
  bool operator==(const RetrySpec&) const = default;
};

enum class Verify { Standard, Deep };
enum class DeletionPolicy { Retain, Untag };

struct ImagePublicationSpec {
  NameRef registry_ref;
  std::string repository;
  std::string environment;
  SourceSpec source;
  BuildInfo build;
  std::vector<TagSpec> tags;
  Gates gates;
  Attach attach;
  Boxed<Rollback> rollback;
  std::vector<DeploymentTarget> deployment_targets;
  std::vector<Notify> notify;
  RetrySpec retry;
  std::optional<std::chrono::seconds> interval;  ///< 1h when absent.
  std::optional<std::chrono::seconds> ttl_after_published;
  Verify verify = Verify::Standard;
  DeletionPolicy deletion_policy = DeletionPolicy::Retain;
  bool suspend = false;
  bool operator==(const ImagePublicationSpec&) const = default;
};

struct ImagePublication {
  static constexpr ResourceKind kKind = ResourceKind::ImagePublication;
  ObjectMeta metadata;
  ImagePublicationSpec spec;
  ImagePublicationStatus status;
  bool operator==(const ImagePublication&) const = default;
};

}  // namespace slipway
