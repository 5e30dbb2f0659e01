#include "reconcilers/publish/withdrawn.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <variant>

#include "reconcilers/publish/tags_on_record.h"

namespace slipway::publish {
namespace {

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string tag_of(const Step& step) {
  if (const auto* remove = std::get_if<RemoveTag>(&step)) return remove->tag;
  const auto* look = std::get_if<LookAtTag>(&step);
  return look == nullptr ? "" : look->tag;
}

/// "removed: a; ", or nothing.
std::string beginning(const Withdrawn& done) {
  const auto removed = removed_tags(done);
  return removed.empty() ? "" : "removed: " + removed + "; ";
}

/// " (b, c)" of those that it did not come to, or nothing.
std::string open_tags(const Withdrawn& done) {
  std::set<std::string> tags;
  for (std::size_t i = done.report.steps_done; i < done.plan.steps.size(); ++i) tags.insert(tag_of(done.plan.steps[i]));
  return tags.empty() ? "" : " (" + joined(tags) + ")";
}

/// Of status.published.
std::set<std::string> tags_of_others(const ImagePublication& publication) {
  const auto& status = publication.status;
  std::set<std::string> tags;
  if (status.published)
    for (const auto& tag : status.published->tags)
      if (!tag.tag.empty() && !tag.digest.empty() && !has_set(status, tag.tag, tag.digest)) tags.insert(tag.tag);
  return tags;
}

/// Of those that were left.
std::set<std::string> wanted_by_others(const Withdrawn& done) {
  std::set<std::string> tags;
  for (const auto& step : done.plan.steps)
    if (const auto* look = std::get_if<LookAtTag>(&step); look != nullptr && look->for_another)
      if (done.report.left.contains(look->tag)) tags.insert(look->tag);
  return tags;
}

/// Of those that this object set: somebody moved them.
std::set<std::string> moved_on(const Withdrawn& done) {
  std::set<std::string> tags = done.report.moved;
  std::erase_if(tags,
                [&](const auto& tag) { return done.report.tags.contains(tag) || done.report.left.contains(tag); });
  return tags;
}

}  // namespace

std::string removed_tags(const Withdrawn& done) {
  return joined(done.report.tags);
}

std::string tags_stay(const Withdrawn& done, std::string_view why) {
  return beginning(done) + "what is left of its tags stays" + open_tags(done) + ": " + std::string(why);
}

std::string tags_wait(const Withdrawn& done, std::string_view why) {
  return beginning(done) + "what is left of its tags can't be removed yet" + open_tags(done) + ": " + std::string(why);
}

std::string tags_left(const ImagePublication& publication, const Withdrawn& done) {
  const auto wanted = wanted_by_others(done);
  std::set<std::string> doubtful = done.report.left;
  std::erase_if(doubtful, [&](const std::string& tag) { return wanted.contains(tag); });
  std::string left;
  const auto add = [&left](const std::set<std::string>& tags, const std::string& why) {
    if (!tags.empty()) left += (left.empty() ? "" : "; ") + joined(tags) + why;
  };
  add(tags_of_others(publication), ", which this object is not on record as having set");
  add(wanted, ", which another publication wants");
  add(moved_on(done), ", which this object set and which names something else by now");
  add(doubtful, ", which this object was about to set when it was last heard of, and may have");
  const auto& attempt = publication.status.attempt;
  if (attempt && attempt->earlier_tags.size() >= kMostEarlierTags)
    left += (left.empty() ? "" : "; ") + std::string("what else its attempts set: no more tags of them are on record");
  return left.empty() ? "" : beginning(done) + "left: " + left;
}

}  // namespace slipway::publish
