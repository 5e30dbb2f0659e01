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
  bool operator==(const RecordedTag&) const = default;
};

/// Where the image came from: "ghcr.io/team/app" or a file's path as the resource has it, and what it was there.
struct RecordedSource {
  std::string location;
  std::string digest;
  bool operator==(const RecordedSource&) const = default;
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
  std::vector<VerdictStatus> verdicts;
  std::vector<DeploymentTarget> deployment_targets;
  std::optional<Timestamp> started_at;
  Timestamp published_at;
  std::string slipway_version;
  bool operator==(const PublicationRecord&) const = default;
};

inline constexpr std::string_view kRecordType = "application/vnd.slipway.publication.v1+json";
/// Annotation of the record's manifest: record_identity().
inline constexpr std::string_view kRecordIdentity = "dev.slipway.publication.identity";

/// A record as an artifact: push `payload`, then `manifest` as a referrer of the subject. The payload is config and
/// layer at once: an empty config would cost up to three requests a publication.
struct RecordArtifact {
  content::ManifestBytes manifest;  ///< Its descriptor carries artifact type and annotations.
  content::Descriptor payload;
  std::string payload_bytes;  ///< Canonical JSON.
};

/// Design, section 6: a hash of publisher, subject, environment, commit, version, number, source, intended tags and
/// verdicts; nothing else (times, actor, run, labels, Slipway's version), so that nothing adds a second record.
std::string record_identity(const PublicationRecord& record);

/// `subject` is the descriptor of the published manifest.
RecordArtifact build_record(const PublicationRecord& record, const content::Descriptor& subject);

/// Whether the manifest claims to be a record, whatever names it: nothing of that kind is taken over from a source,
/// where it would speak in our name.
bool is_record(const content::ImageManifest& manifest);

/// The payload's digest and size as a stranger's manifest names them. Integrity when it is not a record's manifest.
Result<content::Descriptor> record_payload(const content::ManifestBytes& manifest);

/// Reads a payload back. It may come from anybody: Integrity for whatever is not a record; unknown fields are left out.
Result<PublicationRecord> parse_record(std::string_view payload);

}  // namespace slipway::publish
