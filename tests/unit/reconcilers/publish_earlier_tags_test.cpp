#include <functional>

#include "crds/v1alpha1/resources.h"
#include "reconcilers/publish/tags_on_record.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using publish::earlier_tags;

std::string version(int number) {
  return "1.8." + std::to_string(number);
}

/// Build 2 is published. Build 3 set its version and `staging`, and failed at its third tag.
struct World : PublishWorld {
  ImagePublication publication = make_publication();
  std::string third;

  World() {
    push({"2"});
    publication.spec.deletion_policy = DeletionPolicy::Untag;
    publish(publication);
    publication.spec.tags.push_back({.name = "zz", .template_text = "zz", .mutability = Mutability::Moving});
    fail_at_last_tag(3);
    third = source().tags.at("1.8").str();
    REQUIRE(tag(version(3)) == third);
    REQUIRE(tag("staging") == third);
  }

  /// An edit to the next build, of an image of its own.
  void edit(int number) {
    publication.spec.build.version = version(number);
    push({std::to_string(number)});
    registry.before = nullptr;
    publish(publication);
  }
  void edit(int number, const std::string& fails_at, ErrorClass cls) {
    publication.spec.build.version = version(number);
    push({std::to_string(number)});
    registry.before = [=](const std::string& request) -> Result<void> {
      if (request.starts_with("PUT") && request.find(fails_at) != std::string::npos) return fail(cls, "no");
      return {};
    };
    publish(publication);
    registry.before = nullptr;
    REQUIRE(condition(publication, "Ready").starts_with("False"));
  }
  void fail_at_last_tag(int number) { edit(number, ":zz", ErrorClass::Forbidden); }
  void fail_at_blob(int number) { edit(number, "/blobs/", ErrorClass::Unavailable); }

  /// What people are told.
  std::string remove() {
    recorder.events.clear();
    objects.remove(key_of(publication), clock.now());
    CHECK(look(publication) == Outcome{});
    CHECK_FALSE(objects.published.contains(key_of(publication)));
    REQUIRE(recorder.events.size() == 1);
    return recorder.events[0].reason + ": " + recorder.events[0].message;
  }
};

AttemptStatus attempt(std::vector<TagStatus> tags, std::vector<EarlierTag> earlier = {}) {
  AttemptStatus status;
  status.tags = std::move(tags);
  status.earlier_tags = std::move(earlier);
  return status;
}

}  // namespace

TEST_CASE("what an attempt set is this object's also after edits whose own attempts fail") {
  World world;
  SECTION("one") {
    world.fail_at_blob(4);
  }
  SECTION("several") {
    for (int build = 4; build < 7; ++build) world.fail_at_blob(build);
  }
  SECTION("before anything of it could be looked at") {
    world.publication.spec.build.version = version(4);
    world.registry.before = [](const std::string&) -> Result<void> { return fail(ErrorClass::Unavailable, "away"); };
    world.publish(world.publication);
    world.registry.before = nullptr;
  }
  CHECK(world.remove() == "Untagged: removed: 1.8.2, 1.8.3, staging");
  CHECK(world.destination().tags.empty());
}

TEST_CASE("of several attempts all that was set goes, also where one tag was set by each") {
  World world;
  world.fail_at_last_tag(4);
  CHECK(world.status(world.publication).attempt->earlier_tags ==
        std::vector<EarlierTag>{{.tag = version(3), .digest = world.third, .owned = true}});
  world.fail_at_blob(5);
  const auto stored = world.status(world.publication).attempt->earlier_tags;
  CHECK(stored.size() == 3);
  CHECK(world.remove() == "Untagged: removed: 1.8.2, 1.8.3, 1.8.4, staging");
  CHECK(world.destination().tags.empty());
}

TEST_CASE("a tag that an earlier attempt set and somebody moved since stays, and is named") {
  World world;
  world.fail_at_blob(4);
  const auto other = make_image(world.destination(), {"other"});
  world.destination().tags.insert_or_assign("staging", other.descriptor.digest);
  CHECK(world.remove() ==
        "LeftTagged: removed: 1.8.2, 1.8.3; left: staging, which this object set and which names something else by "
        "now");
  CHECK(world.tag("staging") == other.descriptor.digest.str());
}

TEST_CASE(
    "a tag that this object only found, and gave another digest since, is not its own when it names the first again") {
  World world;
  const auto found = *Digest::parse(world.status(world.publication).published->digest);
  for (auto& tag : world.objects.stored(key_of(world.publication)).status.published->tags)
    if (tag.tag == "staging") tag.owned = false;
  world.destination().tags.insert_or_assign("staging", found);
  CHECK(world.remove() ==
        "LeftTagged: removed: 1.8.2, 1.8.3; left: staging, which this object is not on record as having set; staging, "
        "which this object set and which names something else by now");
  CHECK(world.tag("staging") == found.str());
}

TEST_CASE("a tag that an earlier attempt may have set stays, and is named") {
  PublishWorld world;
  world.push({"2"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request != "PUT registry.example/shop/storefront:staging") return {};
    world.destination().tags.insert_or_assign("staging", world.destination().tags.at("1.8.2"));
    return fail(ErrorClass::Unavailable, "the answer was lost");
  };
  world.publish(publication);
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT")) return fail(ErrorClass::Unavailable, "away");
    return {};
  };
  publication.spec.build.version = "1.8.3";
  world.push({"3"});
  world.publish(publication);
  world.registry.before = nullptr;
  world.recorder.events.clear();
  world.objects.remove(key_of(publication), world.clock.now());
  world.look(publication);
  CHECK(world.tag("1.8.2") == "nothing");
  CHECK(world.tag("staging") != "nothing");
  REQUIRE(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
  CHECK(world.recorder.events[0].message ==
        "removed: 1.8.2; left: staging, which this object was about to set when it was last heard of, and may have");
}

TEST_CASE("who goes back to what an earlier attempt set finds its own tags there") {
  World world;
  world.fail_at_blob(4);
  world.edit(3);
  CHECK(world.condition(world.publication, "Ready") == "True Succeeded");
  for (const auto& tag : world.status(world.publication).published->tags) CHECK(tag.owned);
  CHECK_FALSE(world.status(world.publication).attempt);
  CHECK(world.remove() == "Untagged: removed: 1.8.3, staging, zz");
}

TEST_CASE("a moving tag that an earlier attempt set may be moved on, whatever others say of it") {
  World world;
  const auto digest = *Digest::parse(world.third);
  publish::PublicationRecord record{.publisher = {"cluster-2", "shop", "other"}, .subject = digest};
  record.tags = {{"staging", Mutability::Immutable}};
  const auto one = publish::build_record(record, world.destination().manifests.at(digest).descriptor);
  world.destination().manifests.insert_or_assign(one.descriptor.digest, one);
  world.fail_at_blob(4);
  world.edit(5);
  CHECK(world.condition(world.publication, "Ready") == "True Succeeded");
  CHECK(world.tag("staging") == world.source().tags.at("1.8").str());
}

TEST_CASE("an attempt keeps what others before it set until it sets that itself, and says no more than before alone") {
  const TagStatus set{.name = "v", .tag = "1", .digest = "a", .owned = true};
  const TagStatus unsure{.name = "m", .tag = "m", .digest = "a"};
  SECTION("nothing where none was") {
    CHECK(earlier_tags(attempt({}), {unsure}).empty());
    const auto text = to_json_text(to_node(ImagePublicationStatus{.attempt = attempt({set})}));
    CHECK(text.find("earlierTags") == std::string::npos);
  }
  SECTION("what was set comes before what may have been") {
    CHECK(earlier_tags(attempt({unsure, set}), {}) ==
          std::vector<EarlierTag>{{.tag = "1", .digest = "a", .owned = true}, {.tag = "m", .digest = "a"}});
  }
  SECTION("each tag once: what was set last") {
    CHECK(earlier_tags(attempt({set}, {{.tag = "1", .digest = "b", .owned = true}}), {}) ==
          std::vector<EarlierTag>{{.tag = "1", .digest = "a", .owned = true}});
    CHECK(earlier_tags(attempt({unsure}, {{.tag = "m", .digest = "b", .owned = true}}), {}) ==
          std::vector<EarlierTag>{{.tag = "m", .digest = "b", .owned = true}});
  }
  SECTION("not what the attempt tells of itself") {
    CHECK(earlier_tags(attempt({set}), {set}).empty());
    CHECK(earlier_tags(attempt({unsure}), {unsure}).empty());
    CHECK(earlier_tags(attempt({set}), {{.name = "v", .tag = "1", .digest = "b"}}).size() == 1);
    CHECK(earlier_tags(attempt({set}), {{.name = "v", .tag = "1", .digest = "b", .owned = true}}).empty());
  }
  SECTION("as many as are kept, the newest") {
    std::vector<EarlierTag> many;
    for (std::size_t at = 0; at < kMostEarlierTags; ++at)
      many.push_back({.tag = "t" + std::to_string(at), .digest = "a", .owned = true});
    const auto kept = earlier_tags(attempt({unsure, set}, many), {});
    REQUIRE(kept.size() == kMostEarlierTags);
    CHECK(kept.front().tag == "1");
    CHECK(kept.back().tag == "t62");
  }
}

TEST_CASE("where as many earlier tags are on record as are kept, there may be more, which is said") {
  World world;
  world.fail_at_blob(4);
  auto& earlier = world.objects.stored(key_of(world.publication)).status.attempt->earlier_tags;
  const std::string told = "Untagged: removed: 1.8.2, 1.8.3, staging";
  while (earlier.size() < kMostEarlierTags - 1)
    earlier.push_back({.tag = "gone" + std::to_string(earlier.size()), .digest = world.third, .owned = true});
  SECTION("not before") {
    CHECK(world.remove() == told);
  }
  SECTION("then") {
    earlier.push_back({.tag = "last", .digest = world.third, .owned = true});
    CHECK(world.remove() ==
          "LeftTagged: removed: 1.8.2, 1.8.3, staging; left: what else its attempts set: no more tags of them are on "
          "record");
  }
  CHECK(world.destination().tags.empty());
}

TEST_CASE("the earlier tags of an attempt are read as they were written") {
  ImagePublicationStatus status;
  status.attempt = attempt({}, {{.tag = "1", .digest = "a", .owned = true}, {.tag = "m", .digest = "b"}});
  const auto document = parse_json(to_json_text(to_node(status)), "status");
  const auto read = publication_status_from(document.root);
  REQUIRE(read);
  CHECK(*read == status);
}

}  // namespace slipway::tests
