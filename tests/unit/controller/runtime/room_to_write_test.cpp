#include "controller/runtime/room_to_write.h"

#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace slipway::runtime;
using namespace std::chrono_literals;

namespace {

/// Has room again when its reader comes the next time, and counts how long was waited for that.
struct Reader {
  bool has_room(std::chrono::milliseconds within) {
    const auto wait = std::max<std::chrono::nanoseconds>(next - clock.now(), 0ns);
    const auto waits = std::min<std::chrono::nanoseconds>(wait, within);
    clock.advance(waits);
    waited += waits;
    return waits == wait;
  }

  slipway::tests::ManualSteadyClock clock;
  SteadyClock::Time next = clock.now();
  std::chrono::nanoseconds waited{0};
  bool may_be_given_up = true;
  RoomToWrite room{[this](std::chrono::milliseconds within) { return has_room(within); }, 10s, clock,
                   [this] { return may_be_given_up; }, [this](std::chrono::milliseconds time) { clock.advance(time); }};
};

}  // namespace

TEST_CASE("a reader that comes just in time for each piece holds its writer a sixth of the time at most") {
  Reader reader;
  const auto began = reader.clock.now();
  int written = 0;
  while (reader.clock.now() - began < 1h) {
    if (reader.room.wait()) {
      ++written;
      reader.next = reader.clock.now() + 9s;
    }
    reader.clock.advance(1ms);
  }
  CHECK(reader.waited <= 10s + 10min + 1s);
  CHECK(written > 100);
}

TEST_CASE("a reader that stops reading is waited for once, and anew after it has read") {
  Reader reader;
  reader.next = reader.clock.now() + 1h;
  CHECK_FALSE(reader.room.wait());
  CHECK(reader.waited == 10s);
  reader.clock.advance(5min);
  CHECK_FALSE(reader.room.wait());
  CHECK(reader.waited == 10s);
  reader.clock.advance(1h);
  CHECK(reader.room.wait());
  reader.next = reader.clock.now() + 4s;
  CHECK(reader.room.wait());
  CHECK(reader.waited == 14s);
}

TEST_CASE("a reader that may not be given up is waited for, and from when it may be as long as any other") {
  Reader reader;
  reader.may_be_given_up = false;
  reader.next = reader.clock.now() + 1h;
  CHECK(reader.room.wait());
  CHECK(reader.waited == 1h);
  reader.may_be_given_up = true;
  reader.next = reader.clock.now() + 1h;
  CHECK_FALSE(reader.room.wait());
  CHECK(reader.waited == 1h + 10s);
}

TEST_CASE("room that others take again and again is waited for as long as a reader is") {
  Reader reader;
  const auto began = reader.clock.now();
  SECTION("that may be given up") {
    while (reader.room.was_taken()) {
    }
    CHECK(reader.clock.now() - began >= 10s);
    CHECK(reader.clock.now() - began <= 15s);
    CHECK_FALSE(reader.room.was_taken());
    reader.clock.advance(1min);
    CHECK(reader.room.wait());
    CHECK(reader.room.was_taken());
  }
  SECTION("that may not") {
    reader.may_be_given_up = false;
    for (int i = 0; i < 100'000; ++i) REQUIRE(reader.room.was_taken());
  }
}
