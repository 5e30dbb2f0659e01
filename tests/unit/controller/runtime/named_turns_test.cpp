#include "controller/runtime/named_turns.h"

#include <future>

#include "tests/catch.h"

TEST_CASE("Who takes a turn waits for those of the same name alone, and not when it is stopped") {
  slipway::runtime::NamedTurns turns;
  std::stop_source stop;
  auto held = turns.take("a/b:sha256-1", {});
  REQUIRE(held);
  CHECK(turns.take("a/b:sha256-2", {}));
  CHECK(turns.take("a/c:sha256-1", {}));
  auto stopped = std::async(std::launch::async, [&] { return turns.take("a/b:sha256-1", stop.get_token()); });
  stop.request_stop();
  CHECK_FALSE(stopped.get());
  auto next = std::async(std::launch::async, [&] { return turns.take("a/b:sha256-1", {}); });
  held.reset();
  CHECK(next.get());
}
