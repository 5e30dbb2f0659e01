#include "controller/kube/outage_watch.h"

#include "tests/catch.h"
#include "tests/unit/controller/kube/streaming_transport.h"

using namespace slipway;
using namespace slipway::kube;

namespace {

struct World {
  tests::StreamingTransport server;
  int ends = 0;
  OutageWatch watch{server, [this] { ++ends; }};

  int ends_after(const http::Request& request = {}) {
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
  world.no_answer();
  world.no_answer();
  world.server.then(503);
  world.server.then(200);
  CHECK(world.ends_after() == 0);
  CHECK(world.ends_after() == 0);
  CHECK(world.ends_after() == 1);
  CHECK(world.ends_after() == 1);
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
  CHECK(world.ends_after(stream) == 1);
  CHECK(ends_at_its_beginning == 1);
  CHECK(world.ends_after() == 1);
}

TEST_CASE("A request that was given up says nothing about the server") {
  World world;
  world.no_answer(ErrorClass::Cancelled);
  world.server.then(200);
  world.ends_after();
  CHECK(world.ends_after() == 0);
}
