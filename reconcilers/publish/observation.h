#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crds/base/digest.h"
#include "crds/v1alpha1/image_publication.h"
#include "crds/v1alpha1/tag_expansion.h"
#include "reconcilers/access.h"
#include "reconcilers/content/manifest.h"
#include "reconcilers/gates/scan_gate.h"
#include "reconcilers/publish/plan.h"
#include "reconcilers/publish/record.h"

namespace slipway::publish {

/// A signature, SBOM or attestation at the source.
struct Attached {
  content::Descriptor manifest;
  content::Descriptor subject;
  std::string tag;  ///< Of the tag scheme ("sha256-<hex>.sig"); empty for a referrer.
};

/// Everything that a publication consists of.
struct Content {
  content::Descriptor root;                         ///< What is published.
  std::vector<content::Descriptor> manifests;       ///< Of the image, children before their parents: `root` is last.
  std::vector<content::Descriptor> blobs;           ///< Of the image, each digest once.
  std::vector<Attached> attached;                   ///< Each after its subject.
  std::vector<content::Descriptor> attached_blobs;  ///< What `attached` name and the image does not.
  std::vector<content::Descriptor> left_out;        ///< Children of the source that are not published.
  std::vector<std::string> notes;                   ///< What of the source does not travel, and why, for people.
  std::map<Digest, content::ManifestBytes> bytes;   ///< Of every manifest above.
  std::map<Digest, std::string> small_blobs;        ///< Configs and statements that were read.
  std::map<Digest, std::string> diff_ids;           ///< Layer to diff id, where configs were read.
  std::set<Digest> present;                         ///< Manifests and blobs seen at the destination.
  std::set<Digest> unasked;                         ///< Blobs to send without asking: see BlobTransferRequest.
};

/// What the records on one digest say.
struct RecordsOn {
  std::vector<PublicationRecord> records = {};
  std::map<std::string, Digest> identities = {};  ///< record_identity() to the record's own digest.
  std::set<Digest> listed = {};                   ///< What is there and may be a record, also where it was not read.
  bool all_read = true;                           ///< False: there may be more than is told here.
};

/// Facts about one publication at one moment; judges nothing.
struct Observation {
  PublisherIdentity publisher;
  std::string slipway_version;
  std::string registry;  ///< loginServer.
  std::string source_host;
  std::string source_location;
  AccessGrant grant;
  PublicationIds ids;
  ResolvedSource source;
  Digest source_digest = Digest::of("");
  std::optional<Digest> file_holds;  ///< The other image in the source's file, where one was seen there.

  std::vector<ExpandedTag> tags;
  std::map<std::string, std::optional<Digest>> present;  ///< What each tag names now.
  std::map<std::string, ObjectKey> rivals;               ///< See wanted_by_neighbours().

  /// Absent when only the tags were looked at: a full check is on record and no tag is missing.
  std::optional<Content> content;
  gates::ScanSubject subject;
  std::vector<gates::NamedReport> reports;
  std::map<Digest, RecordsOn> records;   ///< On the image, on what its tags name, on the rollback's digest.
  std::optional<bool> rollback_present;  ///< Whether the rollback's digest is there; absent when not asked.
  bool for_a_person = false;             ///< As of the Situation.
};

}  // namespace slipway::publish
