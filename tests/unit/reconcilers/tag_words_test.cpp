#include "reconcilers/publish/tag_words.h"

#include <cstddef>
#include <string>
#include <utility>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::publish;

namespace {

PublishedStatus with_tags(std::size_t number) {
  PublishedStatus published;
  published.digest = "sha256:now";
  const auto add = [&published](std::string tag, TagState state, std::string digest) {
    published.tags.push_back({.name = "x", .tag = std::move(tag), .state = state, .digest = std::move(digest)});
  };
  // What was left to another and what a rollback made of one count nowhere.
  add("left", TagState::Superseded, published.digest);
  add("back", TagState::Set, "sha256:before");
  for (std::size_t i = 1; i <= number; ++i) add('t' + std::to_string(i), TagState::Set, published.digest);
  return published;
}

}  // namespace

TEST_CASE("A column names the first few tags and how many more there are") {
  CHECK(tags_in_brief(with_tags(0)).empty());
  CHECK(tags_in_brief(with_tags(4)) == "t1, t2, t3, t4");
  CHECK(tags_in_brief(with_tags(60)) == "t1, t2, t3, t4 and 56 more");
  CHECK(tags_on(with_tags(6)) == "t1, t2, t3, t4, t5, t6");
}
