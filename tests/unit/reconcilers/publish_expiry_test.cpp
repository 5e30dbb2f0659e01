#include "reconcilers/publish/expiry.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const publish::Settings kInCluster{.publisher_id = "cluster-1", .version = "0.1.0", .in_cluster = true};

/// A publication that is to go two hours after it was published, in a cluster.
struct Expiring {
  PublishWorld world;
  ImagePublication publication = make_publication();

  Expiring() {
    world.push({"base"});
    publication.spec.ttl_after_published = 2h;
  }
  Outcome look() { return world.look(publication, kInCluster); }
  Outcome publish() {
    world.objects.apply(publication);
    return look();
  }
  bool is_gone() { return !world.objects.published.contains(key_of(publication)); }
};

}  // namespace

TEST_CASE("an object goes when ttlAfterPublished is over, and what it published stays") {
  Expiring it;
  CHECK(it.publish() == Outcome{.kind = Kind::Again, .delay = 1h});
  const auto published = it.world.destination();
  it.world.clock.advance(1h + 30min);
  CHECK(it.look() == Outcome{.kind = Kind::Again, .delay = 30min});
  it.world.clock.advance(30min - 1s);
  CHECK(it.look() == Outcome{.kind = Kind::Again, .delay = 1s});
  CHECK_FALSE(it.is_gone());
  it.world.clock.advance(1s);
  it.world.recorder.events.clear();
  CHECK(it.look() == Outcome{});
  CHECK(it.is_gone());
  CHECK(it.world.registry.requests.empty());
  CHECK(it.world.destination() == published);
  REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"Expired"});
  CHECK(it.world.recorder.events[0].message ==
        "published at 2026-11-24T09:00:00Z, ttlAfterPublished is over: the object is deleted, its tags stay");
}

TEST_CASE("the time counts from when what it asks for now was published") {
  Expiring it;
  it.publish();
  SECTION("an edit publishes anew") {
    it.world.clock.advance(90min);
    it.publication.spec.build.version = "1.8.3";
    it.publish();
    it.world.clock.advance(90min);
    it.look();
    CHECK_FALSE(it.is_gone());
    it.world.clock.advance(30min);
    it.look();
    CHECK(it.is_gone());
  }
  SECTION("an edit that was not published keeps it") {
    it.world.clock.advance(3h);
    it.publication.spec.build.version = "1.8.3";
    it.publication.spec.source.image->reference = "ghcr.io/contoso/storefront:nothing";
    CHECK(it.publish().kind == Kind::Stalled);
    CHECK(it.look().kind == Kind::Stalled);
    CHECK_FALSE(it.is_gone());
  }
  SECTION("an edit of the time alone counts at once") {
    it.world.clock.advance(30min);
    it.publication.spec.ttl_after_published = 10min;
    CHECK(it.publish() == Outcome{.kind = Kind::Again, .delay = 0ms});
    CHECK(it.look() == Outcome{});
    CHECK(it.is_gone());
  }
  SECTION("suspended it stays") {
    it.world.clock.advance(3h);
    it.publication.spec.suspend = true;
    it.publish();
    it.look();
    CHECK_FALSE(it.is_gone());
  }
  SECTION("outside a cluster it stays, and says so") {
    it.world.clock.advance(3h);
    CHECK(it.world.look(it.publication) == Outcome{.kind = Kind::Again, .delay = 1h});
    CHECK_FALSE(it.is_gone());
    CHECK(it.world.condition(it.publication, "Unsupported") == "True NotSupported");
  }
}

TEST_CASE("what can't be deleted is tried again, and said") {
  Expiring it;
  it.publish();
  it.world.clock.advance(2h);
  it.world.recorder.events.clear();
  it.world.objects.before_write = [] { return fail(ErrorClass::Forbidden, "may not delete", "-"); };
  CHECK(it.look().kind == Kind::Retry);
  REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"Expired"});
  CHECK(it.world.recorder.events[0].type == EventType::Warning);
  CHECK_THAT(it.world.recorder.events[0].message, Catch::EndsWith("it can't be deleted: may not delete"));

  it.world.recorder.events.clear();
  it.world.objects.before_write = [] { return fail(ErrorClass::Conflict, "newer", "-"); };
  CHECK(it.look().kind == Kind::Retry);
  CHECK(it.world.recorder.events.empty());
}

}  // namespace slipway::tests
