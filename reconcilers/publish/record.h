#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/content/manifest.h"

namespace slipway::publish {

/// Who published: the installation (`--publisher-id`) and the object in it.
struct PublisherIdentity {
  std::string id;
  std::string namespace_name;
  std::string name;
  bool operator==(const PublisherIdentity&) const = default;
};

struct RecordedTag {
  std::string tag;
  Mutability mutability = Mutability::Immutable;
  bool left = false;  ///< To another build, or to what a rollback names, when the record was put.
  bool operator==(const RecordedTag&) const = default;
};

/// Where the image came from: "ghcr.io/team/app" or a file's path as the resource has it, and what it was there.
struct RecordedSource {
  std::string location;
  std::string digest;
  bool operator==(const RecordedSource&) const = default;
};

/// What moving tags were given in place of the image.
struct RecordedRollback {
  std::string digest;
  std::string reason;
  bool operator==(const RecordedRollback&) const = default;
};

/// One act of publishing, as it is kept beside the image. Never holds a secret: report places and pull secrets are not
/// part of it.
struct PublicationRecord {
  PublisherIdentity publisher;
  Digest subject = Digest::of("");
  std::string registry;  ///< loginServer.
  std::string repository;
  std::string environment;
  BuildInfo build;
  RecordedSource source;
  std::vector<RecordedTag> tags;  ///< Intended, in the order of the spec.
  std::optional<RecordedRollback> rollback;
  std::vector<VerdictStatus> verdicts;
  std::string gates_hash;  ///< gates_hash() of the gates that judged; empty where it was none, or is not told.
  std::vector<DeploymentTarget> deployment_targets;
  std::optional<Timestamp> started_at;
  Timestamp published_at;
  std::string slipway_version;
  bool operator==(const PublicationRecord&) const = default;
};

inline constexpr std::string_view kRecordType = "application/vnd.slipway.publication.v1+json";
/// Annotations of the record's manifest: record_identity(), and all of the record as canonical JSON.
inline constexpr std::string_view kRecordIdentity = "dev.slipway.publication.identity";
inline constexpr std::string_view kRecordPayload = "dev.slipway.publication.record";

/// Design, section 6: a hash of publisher, subject, environment, commit, version, number, source, intended tags, the
/// digest of a rollback (which the tags are intended for then) and verdicts; nothing else (times, actor, run, labels,
/// Slipway's version, which tags were left, how the gates were written), so that nothing adds a second record.
std::string record_identity(const PublicationRecord& record);

/// The record as a referrer of `subject`, the descriptor of the published manifest. It is an artifact of annotations
/// alone (image specification 1.1, "Guidelines for Artifact Usage"): needs content::empty_blob() in the repository.
/// The descriptor carries artifact type, identity and time, for lists of referrers.
content::ManifestBytes build_record(const PublicationRecord& record, const content::Descriptor& subject);

/// Whether the manifest claims to be a record, whatever names it and whatever it is: nothing of that kind is taken over
/// from a source, where it would speak in our name.
bool is_record(const content::Manifest& manifest);

/// Reads a record back. It may come from anybody: Integrity for whatever is not one; unknown fields are left out.
Result<PublicationRecord> parse_record(const content::ManifestBytes& manifest);
/// The same of what the annotation kRecordPayload holds.
Result<PublicationRecord> parse_record_payload(std::string_view json);

}  // namespace slipway::publish
