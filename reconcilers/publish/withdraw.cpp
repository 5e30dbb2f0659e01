#include "reconcilers/publish/withdraw.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "reconcilers/publish/observe.h"

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

std::set<std::string> wanted_by(const std::vector<ImagePublication>& neighbours) {
  std::set<std::string> wanted;
  for (const auto& neighbour : neighbours) wanted.merge(tags_wanted_by(neighbour));
  return wanted;
}

/// Those of what is published, and those that an attempt had set when it ended before that.
std::vector<TagStatus> tags_on_record(const ImagePublicationStatus& status) {
  std::vector<TagStatus> tags;
  if (status.published) tags = status.published->tags;
  if (!status.attempt) return tags;
  for (const TagStatus& tag : status.attempt->tags) {
    const auto is_same = [&](const TagStatus& known) { return known.tag == tag.tag && known.digest == tag.digest; };
    if (tag.owned && std::ranges::none_of(tags, is_same)) tags.push_back(tag);
  }
  return tags;
}

}  // namespace

PublishPlan decide_withdrawal(const ImagePublication& publication, const std::vector<ImagePublication>& neighbours) {
  PublishPlan plan{.reason = "nothing to untag"};
  const auto wanted = wanted_by(neighbours);
  for (const auto& tag : tags_on_record(publication.status)) {
    const auto digest = Digest::parse(tag.digest);
    if (!digest || tag.tag.empty()) continue;
    if (!tag.owned) {
      plan.notes.push_back("tag " + tag.tag + " stays: this object is not on record as having set it");
      continue;
    }
    if (wanted.contains(tag.tag)) {
      plan.notes.push_back("tag " + tag.tag + " stays: another publication wants it");
      continue;
    }
    plan.steps.emplace_back(
        RemoveTag{.tag = tag.tag, .present = *digest, .why = "the publication is deleted with deletionPolicy Untag"});
  }
  if (!plan.steps.empty()) plan.reason = "untag what " + publication.metadata.name + " published";
  return plan;
}

std::string tags_of_others(const ImagePublication& publication) {
  std::string tags;
  if (publication.status.published)
    for (const auto& tag : publication.status.published->tags)
      if (!tag.owned && !tag.tag.empty() && !tag.digest.empty()) tags += (tags.empty() ? "" : ", ") + tag.tag;
  return tags;
}

Timestamp end_of_withdrawal(Timestamp deleted, Timestamp began, Timestamp at_work_since) {
  if (deleted - began >= kOutage) return began + kOneTry;
  return std::max(deleted + kOutage, at_work_since + kOneTry);
}

std::optional<milliseconds> wait_after(const ImagePublication& publication, const Error& error,
                                       const WithdrawalTimes& times) {
  const bool is_outage = error.cls == ErrorClass::Unavailable || error.cls == ErrorClass::Throttled;
  const auto deleted = publication.metadata.deletion_timestamp;
  // Clocks differ a little: a deletion that is still to come was just now.
  if (!is_outage || !deleted || *deleted - times.now >= kOutage) return std::nullopt;
  const milliseconds took = times.now - times.began;
  const milliseconds left = times.until - times.now - took;
  if (left <= milliseconds{0}) return std::nullopt;
  const milliseconds own = std::clamp((times.now - *deleted) / kShareOfWait, kShortest, kLongest);
  return std::min(std::max<milliseconds>(own, error.retry_after.value_or(0s)), left);
}

}  // namespace slipway::publish
