#include "controller/cluster/event_recorder.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>

#include "controller/kube/micro_time.h"
#include "controller/runtime/guarded.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/cluster/cluster_world.h"

using namespace slipway;
using namespace slipway::tests;

namespace {

const ObjectKey kStorefront{ResourceKind::ImagePublication, "shop", "storefront"};
const std::string kEvents = "/apis/events.k8s.io/v1/namespaces/shop/events";

/// A server that can be held back.
class Gate {
 public:
  void close() { *is_open_.lock() = false; }
  void open() {
    *is_open_.lock() = true;
    changed_.notify_all();
  }
  void pass() {
    auto is_open = is_open_.lock();
    is_open.wait(changed_, {}, [&] { return *is_open; });
  }

 private:
  std::condition_variable_any changed_;
  runtime::Guarded<bool> is_open_{true};
};

struct World {
  void start(cluster::EventRecorder::Options options = {.instance = "slipway-0"}) {
    recorder = std::make_unique<cluster::EventRecorder>(
        cluster::EventRecorder::Parts{client, log, clock, [](const ObjectKey&) { return "uid-1"; },
                                      [this](const std::string& name) { return name == ending; }},
        options);
  }
  void tell(const std::string& message, const std::string& reason = "Published") {
    recorder->event(kStorefront, EventType::Normal, reason, message);
  }
  /// After everything was sent.
  std::vector<InMemoryApiServer::Json> events() {
    recorder.reset();
    return server.all(kEvents);
  }

  InMemoryApiServer server;
  kube::ApiClient client{server};
  ManualClock clock{Timestamp(std::chrono::hours{500'000})};
  runtime::Guarded<std::vector<std::string>> lines;
  telemetry::Log log{clock, {.write = [this](const std::string& line) { lines.lock()->push_back(line); }}};
  std::string ending;  ///< A namespace that is being deleted.
  std::unique_ptr<cluster::EventRecorder> recorder;
};

}  // namespace

TEST_CASE("An event is written, and logged") {
  World world;
  world.start();
  world.tell("sha256:1 as 1.8.2");
  CHECK_THAT(world.lines.lock()->at(0), Catch::Contains("sha256:1 as 1.8.2") && Catch::Contains("Published"));
  const auto events = world.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0]["note"] == "sha256:1 as 1.8.2");
  CHECK(events[0]["reason"] == "Published");
  CHECK(events[0]["action"] == "Publish");
  CHECK(events[0]["regarding"]["uid"] == "uid-1");
  CHECK(events[0]["reportingInstance"] == "slipway-0");
}

TEST_CASE("An event carries the id of the visit that told it, and none outside of one") {
  World world;
  world.start();
  {
    const telemetry::ReconcileScope scope{"0123456789abcdef"};
    world.tell("inside");
  }
  world.tell("outside");
  auto events = world.events();
  REQUIRE(events.size() == 2);
  std::ranges::sort(events, {}, [](const auto& event) { return event["note"].template get<std::string>(); });
  CHECK(events[0]["metadata"]["annotations"]["slipway.dev/reconcile-id"] == "0123456789abcdef");
  CHECK_FALSE(events[1]["metadata"].contains("annotations"));
}

TEST_CASE("The same thing said again within an hour counts up, later it is told anew") {
  World world;
  world.start();
  for (int i = 0; i < 3; ++i) {
    world.clock.advance(std::chrono::minutes{30});
    world.tell("again");
  }
  world.tell("something else");
  auto events = world.events();
  REQUIRE(events.size() == 2);
  std::ranges::sort(events, {}, [](const auto& event) { return event["note"].template get<std::string>(); });
  CHECK(events[0]["series"]["count"] == 3);
  CHECK_FALSE(events[1].contains("series"));
  CHECK(world.server.writes().size() == 4);
}

TEST_CASE("An event that the API server forgot is written anew") {
  World world;
  world.start();
  world.tell("again");
  while (world.server.all(kEvents).empty()) std::this_thread::yield();
  const std::string name = world.server.all(kEvents)[0]["metadata"]["name"];
  world.server.remove(kEvents + "/" + name);
  world.tell("again");
  const auto events = world.events();
  REQUIRE(events.size() == 1);
  CHECK_FALSE(events[0].contains("series"));
}

TEST_CASE("What was told more than an hour ago and is still there is left as it is, and told anew") {
  World world;
  world.start();
  world.tell("again");
  world.clock.advance(std::chrono::hours{2});
  world.tell("again");
  const auto events = world.events();
  REQUIRE(events.size() == 2);
  for (const auto& event : events) CHECK_FALSE(event.contains("series"));
}

TEST_CASE("What is told at one time is shown in the order in which it was told") {
  World world;
  world.start();
  const std::vector<std::string> told{"waits", "published", "noted", "repaired", "refused", "went back"};
  for (const std::string& note : told) world.tell(note);
  auto events = world.events();
  std::ranges::sort(events, {},
                    [](const auto& event) { return event["metadata"]["name"].template get<std::string>(); });
  std::vector<std::string> shown;
  for (const auto& event : events) shown.push_back(event["note"]);
  CHECK(shown == told);
}

TEST_CASE("A clock that was ahead for once dates nothing that is told after it was set back") {
  World world;
  const Timestamp right = world.clock.now();
  world.clock.advance(std::chrono::hours{48});
  world.start();
  world.tell("ahead");
  world.clock.advance(-std::chrono::hours{48});
  world.tell("right");
  world.tell("right, and next");
  auto events = world.events();
  REQUIRE(events.size() == 3);
  std::ranges::sort(events, {},
                    [](const auto& event) { return event["metadata"]["name"].template get<std::string>(); });
  CHECK(events[0]["note"] == "right");
  CHECK(events[0]["eventTime"] == kube::micro_time(right));
  CHECK(events[1]["note"] == "right, and next");
  CHECK(events[1]["eventTime"] == kube::micro_time(right + std::chrono::milliseconds{1}));
}

TEST_CASE("An event whose answer was lost is there once") {
  World world;
  std::atomic<int> asked = 0;
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != http::Method::Post || asked++ > 0) return std::nullopt;
    CHECK(world.server.send(request, {}));
    return http::Response{.status = 503, .headers = {}, .body = "{}"};
  };
  world.start({.instance = "slipway-0", .try_again = std::chrono::milliseconds{1}});
  world.tell("once");
  while (asked < 3) std::this_thread::yield();
  world.tell("once");
  const auto events = world.events();
  REQUIRE(events.size() == 1);
  CHECK(events[0]["series"]["count"] == 2);
}

TEST_CASE("An event that had no answer is sent again, one that was refused is not") {
  World world;
  std::atomic<int> refusals = 0;
  int status = 0;
  std::size_t events = 0;
  SECTION("the API server is away for a moment") {
    status = 503;
    events = 1;
  }
  SECTION("it says no") {
    status = 403;
  }
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method == http::Method::Get || refusals == 2 || (status == 403 && refusals == 1)) return std::nullopt;
    ++refusals;
    return http::Response{.status = status, .headers = {}, .body = "{}"};
  };
  world.start({.instance = "slipway-0", .try_again = std::chrono::milliseconds{1}});
  world.tell("once");
  if (events == 0)
    while (refusals < 1) std::this_thread::yield();
  else
    while (world.server.all(kEvents).empty()) std::this_thread::yield();
  const auto there = world.events();
  CHECK(there.size() == events);
}

TEST_CASE("Nobody waits for the API server, and what is too much is logged alone") {
  World world;
  Gate gate;
  gate.close();
  std::atomic<int> asked = 0;
  world.server.before = [&](const http::Request&) -> std::optional<http::Response> {
    ++asked;
    gate.pass();
    return std::nullopt;
  };
  world.start({.instance = "slipway-0", .longest_queue = 2});
  world.tell("on its way");
  while (asked == 0) std::this_thread::yield();
  for (int i = 0; i < 10; ++i) world.tell(std::to_string(i));
  gate.open();
  CHECK(world.events().size() == 3);
  CHECK(std::ranges::count_if(*world.lines.lock(), [](const std::string& line) {
          return line.find("more events than") != std::string::npos;
        }) == 1);
}

TEST_CASE("Very many events are slowed down, and all sent when it ends") {
  World world;
  world.start();
  for (int i = 0; i < 500; ++i) world.tell(std::to_string(i));
  CHECK(world.server.writes().size() < 500);
  CHECK(world.events().size() == 500);
}

TEST_CASE("An event that is not taken is lost with a line in the log, and the next one is written") {
  World world;
  std::atomic<int> asked = 0;
  world.server.before = [&](const http::Request&) -> std::optional<http::Response> {
    if (asked++ > 0) return std::nullopt;
    return http::Response{.status = 403, .headers = {}, .body = {}};
  };
  world.start();
  world.tell("first");
  world.tell("second");
  CHECK(world.events().size() == 1);
  CHECK(std::ranges::count_if(*world.lines.lock(), [](const std::string& line) {
          return line.find("an event is lost") != std::string::npos;
        }) == 1);
}

TEST_CASE("A namespace that is being deleted is sent no events, and one that refuses them loses nothing to tell of") {
  World world;
  SECTION("as far as is known") {
    world.ending = "shop";
  }
  SECTION("as it says") {
    world.server.before = [](const http::Request&) -> std::optional<http::Response> {
      return http::Response{.status = 403,
                            .headers = {},
                            .body = R"({"kind":"Status","code":403,"message":"it is being terminated",)"
                                    R"("details":{"causes":[{"reason":"NamespaceTerminating"}]}})"};
    };
  }
  world.start();
  world.tell("removed: 1.8.2", "Untagged");
  CHECK(world.events().empty());
  const auto lines = world.lines.lock();
  REQUIRE(lines->size() == 1);
  CHECK_THAT(lines->front(), Catch::Contains("removed: 1.8.2"));
}

TEST_CASE("The end waits for no pause between two tries") {
  World world;
  std::atomic<int> asked = 0;
  world.server.before = [&](const http::Request&) -> std::optional<http::Response> {
    if (asked++ > 0) return std::nullopt;
    return http::Response{.status = 503, .headers = {}, .body = "{}"};
  };
  world.start({.instance = "slipway-0", .flush_for = std::chrono::hours{1}, .try_again = std::chrono::hours{1}});
  world.tell("first");
  while (asked == 0) std::this_thread::yield();
  world.tell("second");
  CHECK(world.events().size() == 1);
  CHECK(asked == 2);
}

TEST_CASE("The end waits for a server that does not answer no longer than it was told to") {
  World world;
  world.server.before = nullptr;
  std::stop_source never;
  struct Silent final : http::HttpTransport {
    Result<http::Response> send(const http::Request&, std::stop_token stop) override {
      std::condition_variable_any nobody;
      runtime::Guarded<int> nothing;
      nothing.lock().wait(nobody, stop, [] { return false; });
      return fail(ErrorClass::Cancelled, "stopped");
    }
  } silent;
  kube::ApiClient client{silent};
  {
    cluster::EventRecorder recorder({client, world.log, world.clock, [](const ObjectKey&) { return std::string(); }},
                                    {.instance = "slipway-0", .flush_for = std::chrono::milliseconds{10}});
    recorder.event(kStorefront, EventType::Warning, "Throttled", "one");
    recorder.event(kStorefront, EventType::Warning, "Throttled", "two");
  }
  CHECK_THAT(world.lines.lock()->back(), Catch::Contains("events are not sent any more"));
}
