#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/boxed.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/condition.h"

namespace slipway {

/// A source named by tag, resolved once per publication.
struct ResolvedSource {
  std::string digest;
  std::optional<Timestamp> resolved_at;
  bool operator==(const ResolvedSource&) const = default;
};

enum class TagState { Set, Superseded, Skipped };

struct TagStatus {
  std::string name;  ///< Of the template.
  std::string tag;   ///< What it became; empty when Skipped.
  TagState state = TagState::Set;
  std::string digest;  ///< What it names for this publication.
  bool owned = false;  ///< This object set it to that, and did not just find it so. Nothing else is ever removed.
  bool operator==(const TagStatus&) const = default;
};

/// One gate's judgement of one publication.
struct VerdictStatus {
  std::string gate;  ///< "scan", "scan of access entry shop".
  bool passed = false;
  std::int64_t critical = 0, high = 0, medium = 0, low = 0, unknown = 0;
  std::int64_t ignored = 0;   ///< Unfixed findings that `unfixed: Ignore` let through.
  std::int64_t excepted = 0;  ///< Findings under an unexpired exception.
  bool operator==(const VerdictStatus&) const = default;
};

/// How the content came to the destination.
struct TransferStatus {
  std::int64_t bytes_sent = 0;
  std::int64_t blobs_sent = 0, blobs_mounted = 0, blobs_present = 0;
  bool operator==(const TransferStatus&) const = default;
};

struct PublishedStatus {
  std::int64_t generation = 0;
  std::string digest;         ///< At the destination.
  std::string source_digest;  ///< Before a subset of platforms was taken.
  std::string record_digest;
  std::string publication_hash;  ///< Of what makes it this publication and no other.
  std::string gates_hash;        ///< Of the gates that judged it.
  std::optional<Timestamp> at;
  std::optional<Timestamp> last_full_check_at;
  TransferStatus transfer;
  std::vector<VerdictStatus> verdicts;
  std::vector<TagStatus> tags;
  bool operator==(const PublishedStatus&) const = default;
};

struct AttemptError {
  std::string cls;  ///< `class` in the resource.
  std::string message;
  std::string remedy;
  bool operator==(const AttemptError&) const = default;
};

struct ProgressStatus {
  std::int64_t bytes_done = 0, bytes_total = 0;
  std::optional<Timestamp> at;
  bool operator==(const ProgressStatus&) const = default;
};

/// A tag of an attempt that an edit ended before it published anything.
struct EarlierTag {
  std::string tag;
  std::string digest;  ///< What it was given, or was to be given.
  bool owned = false;  ///< This object set it; otherwise it was about to when it was last heard of.
  bool operator==(const EarlierTag&) const = default;
};
/// How many of these are kept.
inline constexpr std::size_t kMostEarlierTags = 64;

/// What is being tried now; absent when nothing is.
struct AttemptStatus {
  std::int64_t generation = 0;
  std::string publication_hash;
  std::string gates_hash;
  bool gates_passed = false;  ///< Those of gates_hash, before the first byte was sent.
  std::string digest;
  bool sent = false;        ///< The registry may hold something of it, or of an attempt before it.
  std::int64_t number = 0;  ///< Of tries, from 1.
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> next_retry_at;
  std::vector<TagStatus> tags;  ///< Those it set (owned), and those that it was about to set when it was last heard of.
  /// Of the attempts since the last publication, each tag once: what this object set first, then what it may have, the
  /// newest first; what is in `tags` as set is not among them. At most kMostEarlierTags, the last ones are forgotten.
  std::vector<EarlierTag> earlier_tags;
  std::optional<ProgressStatus> progress;
  std::optional<AttemptError> error;
  bool operator==(const AttemptStatus&) const = default;
};

/// A publication that this object completed earlier.
struct HistoryEntry {
  std::string digest;
  std::string environment;
  std::string version;
  std::string commit;
  std::optional<std::int64_t> number;
  std::optional<Timestamp> built_at;
  std::optional<Timestamp> published_at;
  bool operator==(const HistoryEntry&) const = default;
};

/// For printed columns, which cannot cut or join.
struct DisplayStatus {
  std::string digest;  ///< 12 hex digits.
  std::string tags;    ///< In one string.
  bool operator==(const DisplayStatus&) const = default;
};

struct ImagePublicationStatus {
  std::int64_t observed_generation = -1;
  std::string last_handled_reconcile_at;
  std::string source_revision;  ///< Of the Git commit that brought the object as it is; empty outside of Git.
  Conditions conditions;
  std::optional<ResolvedSource> source;
  std::string source_hash;  ///< The publication for which `source` was resolved.
  Boxed<PublishedStatus> published;
  Boxed<AttemptStatus> attempt;
  std::vector<HistoryEntry> history;  ///< Newest first, at most 10.
  DisplayStatus display;
  bool operator==(const ImagePublicationStatus&) const = default;
};

}  // namespace slipway
