#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};

}  // namespace

TEST_CASE("a tag that somebody moved or removed is noticed at the next interval") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  const auto other = make_image(world.destination(), {"other"});
  auto& tags = world.destination().tags;
  world.clock.advance(1h);

  SECTION("a moving tag that was moved is left to whom it went") {
    tags.insert_or_assign("staging", other.descriptor.digest);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.registry.writes().empty());
    CHECK(world.message(publication, "Tagged").ends_with(" since"));
    CHECK(world.tag("staging") == other.descriptor.digest.str());
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.condition(publication, "Tagged") == "True Superseded");
    CHECK(world.tag_state(publication, "environment") == "Superseded");
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Superseded"});

    SECTION("it is said once") {
      world.clock.advance(1h);
      world.look(publication);
      CHECK(world.objects.written.empty());
      CHECK(world.registry.requests.size() == 2);
    }
    SECTION("it stays known what this publication had set it to") {
      CHECK(world.status(publication).published->tags[1].digest == image.descriptor.digest.str());
      CHECK_THAT(world.plan(publication).back(), Catch::Contains("this publication had set it"));
    }
    SECTION("and taken back when it is removed") {
      tags.erase("staging");
      world.look(publication);
      CHECK(world.tag("staging") == image.descriptor.digest.str());
      CHECK(world.condition(publication, "Tagged") == "True TagsSet");
    }
  }
  SECTION("an immutable tag that was moved is a conflict, and nothing is overwritten") {
    tags.insert_or_assign("1.8.2", other.descriptor.digest);
    tags.erase("staging");
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK(world.registry.writes().empty());
    CHECK(world.condition(publication, "Ready") == "False TagConflict");
    CHECK(world.status(publication).published->digest == image.descriptor.digest.str());
    tags.erase("1.8.2");
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.tag("1.8.2") == image.descriptor.digest.str());
    CHECK(world.tag("staging") == image.descriptor.digest.str());
    CHECK(world.condition(publication, "Stalled") == "absent");
  }
  SECTION("a tag that was removed is set again, over content that was looked at") {
    tags.erase("1.8.2");
    world.destination().blobs.erase(image.layers[0].digest);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.tag("1.8.2") == image.descriptor.digest.str());
    CHECK(world.destination().blobs.contains(image.layers[0].digest));
    CHECK(world.records_on(image.descriptor.digest) == 1);
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Repaired", "Repaired"});
  }
}

TEST_CASE("of two tags that are moved one after the other both are told") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.tags.push_back({.name = "edge", .template_text = "edge", .mutability = Mutability::Moving});
  world.publish(publication);
  const auto other = make_image(world.destination(), {"other"});
  for (const std::string tag : {"staging", "edge"}) {
    world.destination().tags.insert_or_assign(tag, other.descriptor.digest);
    world.clock.advance(1h);
    world.look(publication);
    CHECK_THAT(world.message(publication, "Tagged"), Catch::Contains("tag staging was left"));
  }
  CHECK_THAT(world.message(publication, "Tagged"), Catch::Contains("tag edge was left"));
}

TEST_CASE("who moved a tag is told by its record, oneself too") {
  struct Row {
    std::string publisher, name, says;
  };
  const auto row = GENERATE(values<Row>({
      {"cluster-1", "storefront", " by this object itself, for the build \"1.9.0\" number 813"},
      {"elsewhere", "storefront", " by shop/storefront of another publisher (\"elsewhere\")"},
      {"cluster-1", "other", " by shop/other"},
  }));
  INFO(row.says);
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  const auto digest = world.tag("staging");
  // The same repository, seen by another state: a job that keeps none, or another object.
  PublishWorld elsewhere;
  elsewhere.registry = world.registry;
  elsewhere.push({"newer"}, "1.9");
  auto other = make_publication(row.name);
  other.spec.source.image->reference = "ghcr.io/contoso/storefront:1.9";
  other.spec.build.version = "1.9.0";
  other.spec.build.number = 813;
  elsewhere.objects.apply(other);
  elsewhere.look(other, {.publisher_id = row.publisher, .version = "0.1.0"});
  const auto moved = elsewhere.tag("staging");
  REQUIRE(moved != digest);
  world.registry = elsewhere.registry;

  SECTION("of a moving tag") {
    world.clock.advance(1h);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.message(publication, "Tagged").ends_with(" since" + row.says));
  }
  SECTION("of an immutable tag") {
    world.destination().tags.insert_or_assign("1.8.2", *Digest::parse(moved));
    world.clock.advance(1h);
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK_THAT(world.message(publication),
               Catch::Contains("is immutable and was set to " + digest + " by this publication; it was moved to " +
                               moved + " since"));
  }
}

TEST_CASE("what a repair can't find anywhere is told, and looked for again at the interval") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  const auto source = world.source();
  world.source() = {};
  world.destination().blobs.erase(image.layers[0].digest);

  world.clock.advance(24h - 1ms);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.registry.requests.size() == 2);
  world.clock.advance(1ms);
  CHECK(world.look(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False NotFound");
  CHECK(world.condition(publication, "Transferred") == "False NotFound");
  CHECK(world.status(publication).published);

  world.source() = source;
  world.clock.advance(1h);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.destination().blobs.contains(image.layers[0].digest));
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.condition(publication, "Transferred") == "True Transferred");
}

TEST_CASE("a repair that was asked for and failed is looked for again, however young the last check is") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  world.publish(publication);
  const auto source = world.source();
  world.source() = {};
  world.destination().blobs.erase(image.layers[0].digest);

  publication.metadata.annotations["slipway.dev/reconcile-requested-at"] = "now";
  CHECK(world.publish(publication) == kStalledForAnHour);
  world.clock.advance(1h);
  CHECK(world.look(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False NotFound");

  world.source() = source;
  world.clock.advance(1h);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.destination().blobs.contains(image.layers[0].digest));
}

TEST_CASE("a check that was made while the clock was ahead does not count") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  world.clock.advance(9000h);
  world.publish(publication);
  world.clock.advance(-9000h);
  world.destination().blobs.erase(image.layers[0].digest);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.destination().blobs.contains(image.layers[0].digest));
  CHECK(world.status(publication).published->last_full_check_at == world.clock.now());
}

TEST_CASE("the daily check asks the destination alone and adds no record") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  for (int day = 0; day < 3; ++day) {
    world.clock.advance(24h);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.registry.writes().empty());
    CHECK(
        std::ranges::none_of(world.registry.requests, [](const auto& one) { return one.find("ghcr.io") != one.npos; }));
  }
  CHECK(world.records_on(image.descriptor.digest) == 1);
  CHECK(world.status(publication).published->last_full_check_at == world.clock.now());
}

TEST_CASE("a conflict on any immutable tag moves no tag at all and sends nothing") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.tags.push_back({.name = "commit", .template_text = "{{commit:7}}"});
  const auto other = make_image(world.destination(), {"other"});
  const std::string taken = GENERATE("1.8.2", "4f2a91c");
  world.destination().tags.insert_or_assign(taken, other.descriptor.digest);
  world.destination().tags.insert_or_assign("staging", other.descriptor.digest);
  const auto before = world.destination();
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.destination() == before);
  CHECK_THAT(world.message(publication), Catch::Contains(taken));
}

TEST_CASE("an immutable tag that names the digest already is no conflict, whoever set it") {
  PublishWorld world;
  const auto image = world.push({"base"});
  make_image(world.destination(), {"base"});
  world.destination().tags.insert_or_assign("1.8.2", image.descriptor.digest);
  CHECK(world.publish(make_publication()) == kAgainInAnHour);
  CHECK(world.count("PUT registry.example/shop/storefront:1.8.2") == 0);
}

TEST_CASE("of two publications that race for an immutable tag in one process, the one that comes second reports it") {
  PublishWorld world;
  const auto first = world.push({"first"}, "1.8");
  const auto second = world.push({"second"}, "1.9");
  const auto slow = make_publication("slow");
  auto fast = make_publication("fast");
  fast.spec.source.image->reference = "ghcr.io/contoso/storefront:1.9";
  world.objects.apply(slow);
  world.objects.apply(fast);

  // While the slow one's content goes up, the fast one is published whole.
  bool raced = false;
  auto reconciler = world.reconciler();
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (raced || !request.starts_with("PUT registry.example/shop/storefront@")) return {};
    raced = true;
    CHECK(reconciler.reconcile(key_of(fast), {}) == kAgainInAnHour);
    return {};
  };
  CHECK(world.look(slow) == kStalledForAnHour);
  REQUIRE(raced);
  CHECK(world.tag("1.8.2") == second.descriptor.digest.str());
  CHECK(world.tag("staging") == second.descriptor.digest.str());
  CHECK(world.condition(fast, "Ready") == "True Succeeded");
  CHECK(world.condition(slow, "Tagged") == "False TagConflict");
  CHECK_THAT(world.message(slow), Catch::Contains("another publisher was faster"));
}

TEST_CASE("an immutable tag that vanishes after it was set is tried again") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  const std::string tag = "registry.example/shop/storefront:1.8.2";
  bool set = false;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (set && request == "HEAD " + tag) world.destination().tags.erase("1.8.2");
    set = request == "PUT " + tag;
    return {};
  };
  CHECK(world.publish(publication).kind == Kind::Retry);
  CHECK(world.tag("staging") == "nothing");
  CHECK(world.condition(publication, "Tagged") == "False Unavailable");
  world.registry.before = nullptr;
  CHECK(world.look(publication) == kAgainInAnHour);
}

TEST_CASE("what nobody confirmed is asked for before a tag is set") {
  /// Says that it is done and has done nothing.
  class Idle final : public BlobTransfer {
    Result<BlobTransferReport> transfer(ImageSource&, ImageStore&, const BlobTransferRequest&,
                                        std::stop_token) override {
      return BlobTransferReport{};
    }
  };
  PublishWorld world;
  const auto image = world.push({"base"});
  make_image(world.destination(), {"base"});
  world.destination().tags.emplace("other", image.descriptor.digest);
  const auto publication = make_publication();
  world.objects.apply(publication);
  world.destination().blobs.erase(image.layers[0].digest);
  Idle idle;
  publish::PublishReconciler reconciler({world.objects, world.objects, world.registry, idle, world.turns,
                                         world.recorder, world.progress, world.clock, world.audit},
                                        {.publisher_id = "cluster-1", .version = "0.1.0"});
  CHECK(reconciler.reconcile(key_of(publication), {}).kind == Kind::Retry);
  CHECK(world.destination().tags.size() == 1);
  CHECK(world.condition(publication, "Transferred") == "False Unavailable");
  CHECK_THAT(world.message(publication), Catch::Contains(image.layers[0].digest.str()));
  CHECK(world.records_on(image.descriptor.digest) == 0);
}

}  // namespace slipway::tests
