#include "reconcilers/publish/withdraw.h"

#include <chrono>
#include <set>

#include "reconcilers/publish/observe.h"

namespace slipway::publish {
namespace {

constexpr std::chrono::minutes kOutage{10};

std::set<std::string> wanted_by(const std::vector<ImagePublication>& neighbours) {
  std::set<std::string> wanted;
  for (const auto& neighbour : neighbours) wanted.merge(tags_wanted_by(neighbour));
  return wanted;
}

}  // namespace

PublishPlan decide_withdrawal(const ImagePublication& publication, const std::vector<ImagePublication>& neighbours) {
  PublishPlan plan{.reason = "nothing to untag"};
  if (!publication.status.published) return plan;
  const auto wanted = wanted_by(neighbours);
  for (const auto& tag : publication.status.published->tags) {
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

bool should_wait(const ImagePublication& publication, const Error& error, Timestamp now) {
  const bool outage = error.cls == ErrorClass::Unavailable || error.cls == ErrorClass::Throttled;
  const auto deleted = publication.metadata.deletion_timestamp;
  // Clocks differ a little: a deletion that is still to come was just now.
  return outage && deleted && now - *deleted < kOutage && *deleted - now < kOutage;
}

}  // namespace slipway::publish
