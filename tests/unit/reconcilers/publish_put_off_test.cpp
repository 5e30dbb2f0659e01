#include "reconcilers/publish/status.h"
#include "reconcilers/reasons.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::chrono_literals;

const Outcome kPutOff{.kind = Outcome::Kind::PutOff, .delay = 5min};

/// A host before which others wait already.
std::function<Result<void>(const std::string&)> silent(const std::string& start) {
  return [start](const std::string& request) -> Result<void> {
    if (!request.starts_with(start)) return {};
    return fail_because(std::string(reason::kHostSilent),
                        {.cls = ErrorClass::Unavailable, .message = "no answer in time", .remedy = "look"});
  };
}

}  // namespace

TEST_CASE("what is put off before anything was tried says once why it waits, counts no attempt and tells no event") {
  const std::string host = GENERATE(as<std::string>{}, "GET ghcr.io", "GET registry.example");
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = silent(host);
  CHECK(world.publish(publication) == kPutOff);
  CHECK(world.objects.written.size() == 1);
  CHECK(world.condition(publication, "Ready") == "False HostSilent");
  CHECK(world.condition(publication, "Reconciling") == "True HostSilent");
  CHECK_THAT(world.message(publication), Catch::EndsWith("no answer in time: look"));
  CHECK_FALSE(world.status(publication).attempt);
  CHECK(world.status(publication).observed_generation == 1);
  CHECK(publish::put_off_by(world.status(publication))->cls == ErrorClass::Unavailable);
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(5min);
    CHECK(world.look(publication) == kPutOff);
    CHECK(world.objects.written.empty());
  }
  CHECK(world.recorder.events.empty());

  world.registry.before = nullptr;
  world.look(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK_FALSE(publish::put_off_by(world.status(publication)));
}

TEST_CASE("what says of its generation how it is says that still when it is put off") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  SECTION("it failed") {
    world.registry.before = [](const std::string&) { return fail(ErrorClass::Unavailable, "timed out", "wait"); };
    CHECK(world.publish(publication).kind == Outcome::Kind::Retry);
  }
  SECTION("it is published") {
    world.publish(publication);
    REQUIRE(world.condition(publication, "Ready") == "True Succeeded");
  }
  const auto before = world.status(publication);
  world.recorder.events.clear();
  world.registry.before = silent("");
  CHECK(world.look(publication) == kPutOff);
  CHECK(world.status(publication) == before);
  CHECK(world.objects.written.empty());
  CHECK(world.recorder.events.empty());

  // An edit has not been heard of before.
  publication.spec.build.version = "1.9.0";
  CHECK(world.publish(publication) == kPutOff);
  CHECK(world.condition(publication, "Ready") == "False HostSilent");
  CHECK(world.status(publication).attempt == before.attempt);
}

TEST_CASE("a request by annotation that is put off is not answered yet") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  world.publish(publication);
  publication.metadata.annotations["slipway.dev/reconcile-requested-at"] = "now";
  world.registry.before = silent("");
  CHECK(world.publish(publication) == kPutOff);
  CHECK(world.status(publication).last_handled_reconcile_at.empty());
  world.registry.before = nullptr;
  world.look(publication);
  CHECK(world.status(publication).last_handled_reconcile_at == "now");
}

TEST_CASE("what is put off in the middle of sending has tried, and says so") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = silent("PUT registry.example/shop/storefront@");
  CHECK(world.publish(publication) == kPutOff);
  REQUIRE(world.status(publication).attempt);
  CHECK(world.status(publication).attempt->error);
  CHECK(world.condition(publication, "Transferred") == "False HostSilent");
}

}  // namespace slipway::tests
