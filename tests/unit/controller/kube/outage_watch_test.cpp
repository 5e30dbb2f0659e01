#include "controller/kube/outage_watch.h"

#include "tests/catch.h"
#include "tests/unit/controller/kube/streaming_transport.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace slipway;
using namespace slipway::kube;
using namespace std::chrono_literals;

namespace {

struct World {
  tests::StreamingTransport server;
  tests::ManualSteadyClock clock;
  int ends = 0;
  OutageWatch watch{server, clock, [this] { ++ends; }};

  /// Each request comes that long after the one before.
  int ends_after(const http::Request& request = {}, std::chrono::milliseconds later = 1s) {
    clock.advance(later);
    (void)watch.send(request, {});
    return ends;
  }
  void no_answer(ErrorClass cls = ErrorClass::Unavailable) {
    server.then_fail({.cls = cls, .message = "nobody answers", .remedy = "wait"});
  }
};

}  // namespace

TEST_CASE("An outage is over with the first answer after it, whatever it says, and only once") {
  World world;
  world.server.then(200);
  CHECK(world.ends_after() == 0);
  for (int i = 0; i < 3; ++i) world.no_answer();
  world.server.then(GENERATE(429, 403, 503, 200));
  world.server.then(200);
  for (int i = 0; i < 3; ++i) CHECK(world.ends_after() == 0);
  CHECK(world.ends_after() == 1);
  CHECK(world.ends_after() == 1);
}

TEST_CASE("What is over within moments is no outage") {
  World world;
  for (int i = 0; i < 5; ++i) world.no_answer();
  world.server.then(200);
  for (int i = 0; i < 5; ++i) world.ends_after({}, 700ms);
  CHECK(world.ends_after({}, 199ms) == 0);
}

TEST_CASE("Requests that are cut while others are answered are no outage, however long that goes on") {
  World world;
  for (int i = 0; i < 60; ++i) {
    world.no_answer();
    world.server.then(429);
  }
  for (int i = 0; i < 120; ++i) CHECK(world.ends_after() == 0);
}

TEST_CASE("An outage that one request waited out is one from when nothing was answered any more") {
  World world;
  const auto seconds = GENERATE(2, 4);
  const bool is_answered_meanwhile = GENERATE(false, true);
  struct Slow final : http::HttpTransport {
    explicit Slow(World& all) : world(all) {}
    Result<http::Response> send(const http::Request&, std::stop_token) override {
      world.clock.advance(takes / 2);
      if (meanwhile) (void)watch->send({}, {});
      world.clock.advance(takes / 2);
      return fail(ErrorClass::Unavailable, "nobody answers", "wait");
    }
    World& world;
    OutageWatch* watch = nullptr;
    bool meanwhile = false;
    std::chrono::milliseconds takes{};
  };
  // The other request goes the same way, so that it is what answers first.
  class Either final : public http::HttpTransport {
   public:
    Either(http::HttpTransport& slow, http::HttpTransport& fast) : slow_(slow), fast_(fast) {}
    Result<http::Response> send(const http::Request& request, std::stop_token stop) override {
      return std::exchange(is_first_, false) ? slow_.send(request, stop) : fast_.send(request, stop);
    }

   private:
    http::HttpTransport& slow_;
    http::HttpTransport& fast_;
    bool is_first_ = true;
  };
  Slow slow{world};
  slow.meanwhile = is_answered_meanwhile;
  slow.takes = std::chrono::seconds{seconds};
  Either either{slow, world.server};
  int ends = 0;
  OutageWatch watch{either, world.clock, [&ends] { ++ends; }};
  slow.watch = &watch;
  world.server.then(200);
  world.server.then(200);
  (void)watch.send({}, {});
  (void)watch.send({}, {});
  CHECK(ends == (seconds == 4 && !is_answered_meanwhile ? 1 : 0));
}

TEST_CASE("A watch ends an outage when it begins, and one that is cut later is none") {
  World world;
  int ends_at_its_beginning = 0;
  http::Request stream;
  stream.on_headers = [&](int, const http::Headers&) -> Result<void> {
    ends_at_its_beginning = world.ends;
    return {};
  };
  stream.body_writer = [](auto) -> Result<void> { return {}; };
  world.no_answer();
  world.server.then_cut(200, "a line");
  world.server.then(200);
  world.ends_after(stream);
  CHECK(world.ends_after(stream, 10s) == 1);
  CHECK(ends_at_its_beginning == 1);
  CHECK(world.ends_after({}, 10s) == 1);
}

TEST_CASE("A request that was given up says nothing about the server") {
  World world;
  world.no_answer(ErrorClass::Cancelled);
  world.server.then(200);
  world.ends_after();
  CHECK(world.ends_after({}, 10s) == 0);
}
