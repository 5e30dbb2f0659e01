#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "crds/base/digest.h"
#include "crds/v1alpha1/image_publication.h"
#include "crds/v1alpha1/tag_expansion.h"
#include "reconcilers/publish/record.h"

namespace slipway::publish {

/// One tag of this publication and what was found about it. The records are the caller's: there may be many, and many
/// tags that name what they are on.
struct TagQuestion {
  ExpandedTag tag;                 ///< State Expanded.
  Digest wanted = Digest::of("");  ///< What the tag shall name (of a rollback: the rollback digest).
  std::optional<Digest> present;   ///< What it names now.
  bool set_before = false;         ///< This publication has set it already (status.published, same hash).
  bool left_before = false;        ///< This publication has left it to another build already.
  bool is_ours = false;            ///< This object is on record, in its own status, as having set it to
                                   ///< `present`.
  bool rollback = false;           ///< `wanted` is spec.rollback.digest.
  std::span<const PublicationRecord> on_present;  ///< Records on the present digest; may come from anybody.
  bool all_read = true;                           ///< False: there may be more of these.
  std::span<const PublicationRecord> on_wanted;   ///< Records on the wanted digest.
};

/// Who publishes what.
struct TagPublisher {
  PublisherIdentity identity;
  std::string environment;
  BuildInfo build;
  std::vector<HistoryEntry> history;  ///< status.history of this object.
};

enum class TagMove {
  Keep,        ///< It names the wanted digest.
  Set,         ///< Let it name the wanted digest.
  Superseded,  ///< Leave it: Ready stays True, with a warning.
  Conflict,    ///< It names another digest, and is immutable or is, or may be, so for another publisher.
};

struct TagJudgement {
  TagMove move = TagMove::Conflict;
  std::string why;             ///< In words, for plan, condition and event.
  bool order_unknown = false;  ///< Set without knowing which build is newer: say so.
  bool goes_back = false;      ///< Set although this build is the older one: say so.
  std::string set_by = {};     ///< Of a Conflict: whose record intended the tag, in words; empty when none does.
  bool is_unread = false;      ///< Of a Conflict: there are more records than were read.
  bool operator==(const TagJudgement&) const = default;
};

/// Whether a tag may go from its present digest to the wanted one (design, section 2, "A moving tag is set once per
/// publication"). First row that fits:
///
///   mutability  situation                                                             move
///   any         no present digest                                                     Set
///   any         present is wanted                                                     Keep
///   Immutable   else                                                                  Conflict
///   Moving      set before by this publication (somebody moved it since), or left     Superseded
///   Moving      not ours, and meant as an immutable one by another publisher          Conflict
///   Moving      not ours, and not all records on present were read                    Conflict
///   Moving      rollback                                                              Set
///   Moving      never_lower, this version below one on present, wanted not published
///               by this object before                                                 Superseded
///   Moving      no record on present, or no order between it and this build           Set, order_unknown
///   Moving      this build older than present's, present published by this object     Set
///   Moving      this build older than present's, else                                 Superseded
///   Moving      else                                                                  Set
///
/// Older: lower `number` where both have one, else earlier `builtAt` where both have one, else no order. Equal is not
/// older (a run that is repeated keeps its number). Of several records on present those that intended this tag count,
/// all of them where none did; older than one of these is older. A tag is ours by our own status alone: our record on
/// present says that we meant the tag, not that we set it.
TagJudgement judge_tag(const TagQuestion& question, const TagPublisher& publisher);

/// Whether this object published `digest` for this environment before: by its history or a record on the digest.
bool published_before(const Digest& digest, std::span<const PublicationRecord> on_digest,
                      const TagPublisher& publisher);

}  // namespace slipway::publish
