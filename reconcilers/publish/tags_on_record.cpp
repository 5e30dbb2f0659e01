#include "reconcilers/publish/tags_on_record.h"

#include <algorithm>

namespace slipway::publish {
namespace {

/// Adds what of `tags` is `owned`, or is not, as far as `attempts_own` and what is there already do not tell of it.
template <class Tags>
void add_earlier(const Tags& tags, bool owned, const std::vector<TagStatus>& attempts_own,
                 std::vector<EarlierTag>& earlier) {
  for (const auto& known : tags) {
    if (known.owned != owned || known.tag.empty() || earlier.size() == kMostEarlierTags) continue;
    const auto tells_of_it = [&](const TagStatus& own) {
      return own.tag == known.tag && (own.owned || own.digest == known.digest);
    };
    if (std::ranges::any_of(attempts_own, tells_of_it)) continue;
    if (std::ranges::find(earlier, known.tag, &EarlierTag::tag) != earlier.end()) continue;
    earlier.push_back({.tag = known.tag, .digest = known.digest, .owned = owned});
  }
}

/// What `tags` say that this object set `tag` to.
template <class Tags>
std::optional<std::string> set_in(const Tags& tags, const std::string& tag) {
  const auto found = std::ranges::find_if(tags, [&](const auto& known) { return known.owned && known.tag == tag; });
  return found == tags.end() ? std::nullopt : std::optional(found->digest);
}

}  // namespace

bool has_set(const ImagePublicationStatus& status, const std::string& tag, const std::string& digest) {
  const auto is_it = [&](const auto& known) { return known.owned && known.tag == tag && known.digest == digest; };
  if (status.published && std::ranges::any_of(status.published->tags, is_it)) return true;
  return status.attempt &&
         (std::ranges::any_of(status.attempt->tags, is_it) || std::ranges::any_of(status.attempt->earlier_tags, is_it));
}

std::optional<std::string> set_last(const ImagePublicationStatus& status, const std::string& tag) {
  std::optional<std::string> last;
  if (status.attempt) last = set_in(status.attempt->tags, tag);
  if (status.attempt && !last) last = set_in(status.attempt->earlier_tags, tag);
  if (status.published && !last) last = set_in(status.published->tags, tag);
  return last;
}

std::vector<EarlierTag> earlier_tags(const AttemptStatus& before, const std::vector<TagStatus>& tags) {
  std::vector<EarlierTag> earlier;
  for (const bool owned : {true, false}) {
    add_earlier(before.tags, owned, tags, earlier);
    add_earlier(before.earlier_tags, owned, tags, earlier);
  }
  return earlier;
}

void settle_tags(AttemptStatus& attempt, const ActReport& report) {
  for (auto& tag : attempt.tags) tag.owned = tag.owned || report.tags.contains(tag.tag);
  std::erase_if(attempt.tags, [&](const TagStatus& tag) { return !tag.owned && tag.tag != report.unsure; });
  std::erase_if(attempt.earlier_tags, [&](const EarlierTag& tag) { return report.tags.contains(tag.tag); });
}

}  // namespace slipway::publish
