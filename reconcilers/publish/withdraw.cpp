#include "reconcilers/publish/withdraw.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "crds/base/error_class.h"
#include "reconcilers/publish/tags_on_record.h"
#include "reconcilers/untrusted_host.h"

namespace slipway::publish {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds kOutage = 10min;
/// For who comes late to a deletion.
constexpr milliseconds kOneTry = 1min;
/// Between two tries: longer the longer it lasts.
constexpr milliseconds kShortest = 2s;
constexpr milliseconds kLongest = 1min;
constexpr int kShareOfWait = 8;

/// Of what is published, or of attempts that ended before that: there, what it does not own it was about to set.
struct TagOnRecord {
  std::string tag;
  std::string digest;
  bool is_owned = false;
  bool is_doubtful = false;
};

/// What of an attempt's `tags` is not among those that are known.
template <class Tags>
void add_attempted(const Tags& tags, std::vector<TagOnRecord>& known) {
  for (const auto& one : tags) {
    const auto is_same = [&](const TagOnRecord& other) { return other.tag == one.tag && other.digest == one.digest; };
    if (std::ranges::none_of(known, is_same))
      known.push_back({.tag = one.tag, .digest = one.digest, .is_owned = one.owned, .is_doubtful = !one.owned});
  }
}

std::vector<TagOnRecord> tags_on_record(const ImagePublicationStatus& status) {
  std::vector<TagOnRecord> tags;
  if (status.published)
    for (const TagStatus& tag : status.published->tags)
      tags.push_back({.tag = tag.tag, .digest = tag.digest, .is_owned = has_set(status, tag.tag, tag.digest)});
  if (!status.attempt) return tags;
  add_attempted(status.attempt->tags, tags);
  add_attempted(status.attempt->earlier_tags, tags);
  return tags;
}

/// Before the first request, Invalid is what is declared.
bool is_outage(const Refusal& failure) {
  const bool of_request = failure.stage != Stage::Preparation;
  return is_passing(failure.error.cls) || (of_request && is_of_untrusted_host(failure.error));
}

Step step_for(const TagOnRecord& known, const Digest& digest, bool is_wanted) {
  if (is_wanted)
    return LookAtTag{
        .tag = known.tag, .wanted = digest, .for_another = true, .why = "another publication wants it: it stays"};
  if (known.is_doubtful)
    return LookAtTag{.tag = known.tag, .wanted = digest, .why = "the publication was about to set it"};
  return RemoveTag{.tag = known.tag, .present = digest, .why = "the publication is deleted with deletionPolicy Untag"};
}

}  // namespace

std::set<std::string> names_on_record(const ImagePublicationStatus& status) {
  std::set<std::string> names;
  for (const auto& known : tags_on_record(status)) names.insert(known.tag);
  return names;
}

bool may_be_there(const ImagePublicationStatus& status) {
  if (status.published || !status.history.empty()) return true;
  return status.attempt && (status.attempt->sent || !status.attempt->earlier_tags.empty());
}

PublishPlan decide_withdrawal(const ImagePublication& publication, const std::map<std::string, ObjectKey>& wanted) {
  PublishPlan plan{.reason = "nothing to untag"};
  for (const auto& known : tags_on_record(publication.status)) {
    const auto digest = Digest::parse(known.digest);
    if (!digest || known.tag.empty()) continue;
    if (!known.is_owned && !known.is_doubtful) {
      plan.notes.push_back("tag " + known.tag + " stays: this object is not on record as having set it");
      continue;
    }
    plan.steps.push_back(step_for(known, *digest, wanted.contains(known.tag)));
  }
  if (!plan.steps.empty()) plan.reason = "untag what " + publication.metadata.name + " published";
  return plan;
}

Timestamp held_until(Timestamp deleted, Timestamp began, Timestamp at_work_since) {
  if (deleted - began >= kOutage) return began + kOneTry;
  return std::max(deleted + kOutage, at_work_since + kOneTry);
}

Timestamp end_of_withdrawal(Timestamp deleted, Timestamp began, Timestamp at_work_since) {
  const Timestamp until = held_until(deleted, began, at_work_since);
  return began >= until ? began + kOneTry : until;
}

std::optional<milliseconds> wait_after(const ImagePublication& publication, const Refusal& failure,
                                       const WithdrawalTimes& times) {
  const auto deleted = publication.metadata.deletion_timestamp;
  // Clocks differ a little: a deletion that is still to come was just now.
  if (!is_outage(failure) || !deleted || *deleted - times.now >= kOutage) return std::nullopt;
  const milliseconds took = times.now - times.began;
  const milliseconds left = times.until - times.now - took;
  if (left <= milliseconds{0}) return std::nullopt;
  const milliseconds own = std::clamp((times.now - *deleted) / kShareOfWait, kShortest, kLongest);
  return std::min(std::max<milliseconds>(own, failure.error.retry_after.value_or(0s)), left);
}

}  // namespace slipway::publish
