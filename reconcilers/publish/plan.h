#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crds/base/digest.h"
#include "crds/base/document.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/content/descriptor.h"
#include "reconcilers/gates/scan_gate.h"
#include "reconcilers/publish/record.h"

namespace slipway::publish {

/// Brings the blobs to the destination, the cheapest way for each.
struct SendBlobs {
  std::vector<content::Descriptor> blobs;  ///< Each digest once.
  bool deep = false;                       ///< Layers are decompressed and checked against their diff ids.
  std::string why;
  bool operator==(const SendBlobs&) const = default;
};

/// Reads layers where they are, at the registry, and holds them against their diff ids.
struct CheckLayers {
  std::vector<content::Descriptor> layers;  ///< Each digest once.
  std::string why;
  bool operator==(const CheckLayers&) const = default;
};

/// Puts a manifest by digest; what it names is there by then.
struct PutManifest {
  content::Descriptor manifest;
  std::string why;
  bool operator==(const PutManifest&) const = default;
};

/// Asks for everything that the image names and that nothing has confirmed yet. No tag is set before.
struct CheckContent {
  Digest image = Digest::of("");
  std::vector<content::Descriptor> manifests;
  std::vector<content::Descriptor> blobs;
  std::string why;
  bool operator==(const CheckContent&) const = default;
};

/// Puts what was said about the image at its source (signature, SBOM, attestation) beside it.
struct PutReferrer {
  content::Descriptor referrer;
  content::Descriptor subject;
  std::string why;
  bool operator==(const PutReferrer&) const = default;
};

/// As PutReferrer, for tools that name such artifacts by a tag ("sha256-<hex>.sig"). Takes nothing from one that is
/// there.
struct PutAttachedTag {
  std::string tag;
  content::Descriptor manifest;
  std::string why_not_moved;  ///< Why a tag that names something else stays, also where this has all of it and more.
  std::string why;
  bool operator==(const PutAttachedTag&) const = default;
};

/// Puts the publication record beside the image.
struct PutRecord {
  PublicationRecord record;  ///< `published_at` is when it was decided.
  content::Descriptor subject;
  std::string why;
  bool operator==(const PutRecord&) const = default;
};

/// Lets a tag name the image. What it names now is checked again just before.
struct SetTag {
  std::string tag;
  Mutability mutability = Mutability::Immutable;
  Digest wanted = Digest::of("");
  std::optional<Digest> present;  ///< What it named when this was decided.
  std::string why;
  bool operator==(const SetTag&) const = default;
};

/// Takes a tag away from a deleted publication's image, if it still names that image. Never the image.
struct RemoveTag {
  std::string tag;
  Digest present = Digest::of("");
  std::string why;
  bool operator==(const RemoveTag&) const = default;
};

/// Looks whether a tag names what a deleted publication gave it, or was about to give it when it was last heard of. If
/// so, it stays: another publication wants it, or nobody knows any more who set it.
struct LookAtTag {
  std::string tag;
  Digest wanted = Digest::of("");
  bool for_another = false;
  std::string why;
  bool operator==(const LookAtTag&) const = default;
};

using Step = std::variant<SendBlobs, CheckLayers, PutManifest, CheckContent, PutReferrer, PutAttachedTag, PutRecord,
                          SetTag, RemoveTag, LookAtTag>;

/// What becomes of one tag of the spec, the ones that nothing is done about included.
struct TagDecision {
  std::string name;  ///< Of the template.
  std::string tag;   ///< Empty when a value is missing.
  Mutability mutability = Mutability::Immutable;
  TagState state = TagState::Set;
  std::optional<Digest> wanted;  ///< Of a skipped tag: nothing.
  bool owned = false;            ///< This object is on record as having set it to `wanted`.
  bool order_unknown = false;    ///< It moves although nobody knows which build is newer.
  bool goes_back = false;        ///< It moves to an older build than the one it names.
  std::string why;
  bool operator==(const TagDecision&) const = default;
};

/// How far a publication came before something said no: decides which condition tells it.
enum class Stage { Admission, Preparation, Gates, Transfer, Tags };

/// Why nothing is done about a publication, now or at all.
struct Refusal {
  Stage stage = Stage::Preparation;
  Error error;
  bool operator==(const Refusal&) const = default;
};

/// What makes this publication this one, as far as it is known.
struct PublicationIds {
  std::string request;      ///< request_hash().
  std::string publication;  ///< publication_hash(); empty as long as the source is not resolved.
  std::string gates;        ///< gates_hash(); empty as long as access is not known.
  bool operator==(const PublicationIds&) const = default;
};

enum class Purpose {
  Nothing,  ///< All is as it should be, or nothing can be done.
  Publish,  ///< A new publication, or one that was not finished.
  Repair,   ///< Something of a finished publication is missing.
  Check,    ///< Nothing of it is missing; its layers are read.
};

/// The findings that a plan lists.
inline constexpr std::size_t kMostFindings = 1'000;

/// What is to be done for one publication, and why. A value: it can be printed, compared and carried out.
struct PublishPlan {
  Purpose purpose = Purpose::Nothing;
  std::string reason;  ///< The whole in one sentence, also when there is nothing to do.
  PublicationIds ids;
  std::optional<ResolvedSource> source;
  std::optional<Digest> digest;                 ///< That is published; of a subset of platforms: of the subset.
  std::vector<VerdictStatus> verdicts;          ///< Of every gate that judged.
  bool gates_passed = false;                    ///< No gate refuses or waits.
  bool unjudged = false;                        ///< Gates are asked for that were not when it was published.
  std::optional<Error> gate_fault;              ///< What a gate refuses or waits for, also where another fault is told.
  std::vector<gates::RefusedFinding> findings;  ///< What gates refuse, for a person alone; kMostFindings at most.
  std::size_t more_findings = 0;                ///< How many more there are.
  std::vector<std::string> gate_notes;          ///< What is likely a mistake in the gates that passed.
  std::vector<TagDecision> tags;                ///< In the order of the spec.
  std::vector<Step> steps;                      ///< In the order in which they are carried out. Empty with a refusal.
  std::vector<std::string> notes;  ///< What a person should know of it: what stays behind, who else wants a tag.
  std::optional<Digest> record;    ///< The record that is there already.
  /// When this very publication was finished, as its record says: nothing is judged or sent, no tag is set.
  std::optional<Timestamp> found_published_at;
  bool full_check = false;      ///< Everything was looked at, not the tags alone.
  bool rollback_ended = false;  ///< The moving tags still follow a rollback whose time is over.
  std::optional<Refusal> refusal;
  bool operator==(const PublishPlan&) const = default;
};

/// Why a step is done.
const std::string& why(const Step& step);
/// The step in words, e.g. "set tag 1.8.2 to sha256:3f2a…".
std::string to_string(const Step& step);

/// The plan for people, a line each: the whole, then its steps, tags and notes.
std::vector<std::string> to_lines(const PublishPlan& plan);
/// The plan for programs.
Node to_node(const PublishPlan& plan);

}  // namespace slipway::publish
