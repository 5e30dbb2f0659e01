#include "controller/telemetry/recorders.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::telemetry;

namespace {

const ObjectKey kA{ResourceKind::ImagePublication, "shop", "a"};
const ObjectKey kB{ResourceKind::ImagePublication, "shop", "b"};

}  // namespace

TEST_CASE("equal events fold into one, the latest last, and each is passed on") {
  EventList next{nullptr};
  EventList list{&next};
  list.event(kA, EventType::Warning, "TagConflict", "v1 names another digest");
  list.event(kB, EventType::Normal, "Succeeded", "published");
  list.event(kA, EventType::Warning, "TagConflict", "v1 names another digest");
  const std::vector<RecordedEvent> wanted{{kB, EventType::Normal, "Succeeded", "published", 1},
                                          {kA, EventType::Warning, "TagConflict", "v1 names another digest", 2}};
  CHECK(list.events() == wanted);
  CHECK(next.events() == wanted);
}

TEST_CASE("beyond the limit the oldest event is dropped") {
  EventList list{nullptr, 2};
  for (const char* message : {"1", "2", "3"}) list.event(kA, EventType::Normal, "Succeeded", message);
  const auto events = list.events();
  REQUIRE(events.size() == 2);
  CHECK(events.front().message == "2");
  CHECK(events.back().message == "3");
}
