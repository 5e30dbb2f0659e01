#include "reconcilers/publish/tag_words.h"

#include <map>

#include "reconcilers/brief_digest.h"

namespace slipway::publish {
namespace {

constexpr std::size_t kMostInBrief = 4;

struct TagList {
  std::string text;
  std::size_t count = 0;

  void add(const std::string& tag) { text += (count++ == 0 ? "" : ", ") + tag; }
};

bool names_it(const TagStatus& tag, const PublishedStatus& published) {
  return tag.state == TagState::Set && tag.digest == published.digest;
}

}  // namespace

std::string tags_on(const PublishedStatus& published) {
  TagList tags;
  for (const auto& tag : published.tags)
    if (names_it(tag, published)) tags.add(tag.tag);
  return tags.text;
}

std::string tags_in_brief(const PublishedStatus& published) {
  TagList tags;
  std::size_t others = 0;
  for (const auto& tag : published.tags) {
    if (!names_it(tag, published)) continue;
    if (tags.count < kMostInBrief)
      tags.add(tag.tag);
    else
      ++others;
  }
  return tags.text + (others == 0 ? "" : " and " + std::to_string(others) + " more");
}

std::string rolled_back(const PublishedStatus& published) {
  std::map<std::string, TagList> by_digest;
  for (const auto& tag : published.tags)
    if (tag.state == TagState::Set && tag.digest != published.digest) by_digest[tag.digest].add(tag.tag);
  std::string text;
  for (const auto& [digest, tags] : by_digest)
    text += (text.empty() ? "rolled back: " : ", ") + tags.text + (tags.count == 1 ? " names " : " name ") +
            in_brief(digest);
  return text;
}

std::string as_tagged(const PublishedStatus& published) {
  const auto tags = tags_on(published);
  const auto back = rolled_back(published);
  return (tags.empty() ? " without a tag" : " as " + tags) + (back.empty() ? "" : "; " + back);
}

}  // namespace slipway::publish
