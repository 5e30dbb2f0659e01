#include <chrono>
#include <future>
#include <optional>
#include <stop_token>

#include "controller/runtime/guarded.h"
#include "controller/transfer/image_growth.h"
#include "controller/transfer/large_window.h"
#include "controller/transfer/stream_slots.h"
#include "controller/transfer/window_memory.h"
#include "tests/catch.h"
#include "tests/support/fake_blob_ends.h"

using namespace slipway;
using namespace slipway::transfer;
using namespace std::chrono_literals;

namespace {

/// Nobody waits who is stopped.
std::stop_token stopped_already() {
  std::stop_source stop;
  stop.request_stop();
  return stop.get_token();
}

}  // namespace

TEST_CASE("window memory: so much at once, so much for one, and what is given back is there again", "[deep]") {
  WindowMemory windows(10, 6);
  CHECK_FALSE(windows.take(7));
  CHECK(windows.take(6));
  CHECK_FALSE(windows.take(5));
  CHECK(windows.take(4));
  CHECK_FALSE(windows.take(1));
  CHECK(windows.take(0));
  windows.give_back(6);
  CHECK(windows.take(5));
  CHECK_FALSE(windows.take(2));
}

TEST_CASE("window memory: a part takes out of the whole, and no more than its own", "[deep]") {
  WindowMemory whole(10, 6);
  WindowMemory part(8, 6, &whole);
  CHECK(part.take(5));
  CHECK_FALSE(part.take(4));
  CHECK(whole.take(4));
  CHECK_FALSE(part.take(2));
  CHECK(part.take(1));
  part.limit_to(5);
  CHECK_FALSE(part.take(0));
  part.give_back(5);
  CHECK(part.take(4));
  CHECK_FALSE(part.take(1));
  CHECK(whole.take(1));
}

TEST_CASE("window memory: one tenant has three quarters of it, and half once another has asked", "[deep]") {
  TenantsWindows windows(100, 60);
  const auto rival = windows.of("rival");
  CHECK(windows.of("rival") == rival);
  CHECK(rival->take(60));
  CHECK_FALSE(rival->take(16));
  CHECK(rival->take(15));
  const auto victim = windows.of("victim");
  CHECK_FALSE(rival->take(1));
  CHECK_FALSE(victim->take(26));
  CHECK(victim->take(25));
  rival->give_back(60);
  CHECK_FALSE(rival->take(36));
  CHECK(rival->take(35));
  CHECK_FALSE(victim->take(26));
  CHECK(victim->take(25));
}

TEST_CASE("window memory: that others were here once is not forgotten when all have gone", "[deep]") {
  TenantsWindows windows(100, 60);
  for (const auto* tenant : {"first", "second"}) CHECK(windows.of(tenant)->take(0));
  const auto first = windows.of("first");
  CHECK_FALSE(first->take(51));
  CHECK(first->take(50));
}

namespace {

/// A window, and time that stands still until it is moved.
struct Window {
  runtime::Guarded<std::chrono::nanoseconds> now;
  LargeWindow window{10, [this] { return *now.lock(); }};
};

}  // namespace

TEST_CASE("large window: one has it at a time, and all of it", "[deep]") {
  Window world;
  TurnRow::OfRequest request;
  std::optional<LargeWindow::Turn> first;
  first.emplace(world.window, request, 20s);
  REQUIRE(first->wait({}));
  CHECK(first->memory().take(10));
  first->memory().give_back(10);
  {
    LargeWindow::Turn second(world.window, request, 20s);
    CHECK_FALSE(second.wait(stopped_already()));
  }
  first.reset();
  for (int i = 0; i < 2; ++i) {
    LargeWindow::Turn later(world.window, request, 20s);
    CHECK(later.wait(stopped_already()));
  }
}

TEST_CASE("large window: who has it while another request waits has it for a time", "[deep]") {
  Window world;
  TurnRow::OfRequest request;
  TurnRow::OfRequest other;
  std::optional<LargeWindow::Turn> held;
  held.emplace(world.window, request, 20s);
  REQUIRE(held->wait({}));
  LargeWindow::Turn of_same(world.window, request, 20s);
  *world.now.lock() += 20s;
  CHECK_FALSE(held->is_over());
  {
    LargeWindow::Turn of_other(world.window, other, 20s);
    CHECK(held->is_over());
    CHECK_FALSE(of_other.is_over());
  }
  CHECK_FALSE(held->is_over());
  held.reset();
  REQUIRE(of_same.wait(stopped_already()));
  LargeWindow::Turn of_other(world.window, other, 20s);
  *world.now.lock() += 19s;
  CHECK_FALSE(of_same.is_over());
  of_same.end();
  CHECK(of_same.is_over());
  CHECK(of_same.until_over().stop_requested());
}

TEST_CASE("large window: who only waits is told that its time is over, by whom it keeps waiting", "[deep]") {
  Window world;
  TurnRow::OfRequest request;
  TurnRow::OfRequest other;
  std::optional<LargeWindow::Turn> held;
  held.emplace(world.window, request, 20s);
  REQUIRE(held->wait({}));
  LargeWindow::Turn next(world.window, other, 20s);
  auto comes = std::async(std::launch::async, [&next] { return next.wait({}); });
  *world.now.lock() += 20s;
  slipway::testing::until_stopped(held->until_over());
  held.reset();
  CHECK(comes.get());
}

TEST_CASE("stream slots: a bounded number, and none is kept from its first", "[transfer]") {
  StreamSlots slots(2);
  StreamSlots::OfRequest one;
  StreamSlots::OfRequest other;
  std::optional<StreamSlots::Slot> first;
  first.emplace(slots, one, std::stop_token());
  const StreamSlots::Slot second(slots, one, std::stop_token());
  CHECK(first->held());
  CHECK(second.held());
  CHECK_FALSE(StreamSlots::Slot(slots, one, stopped_already()).held());
  {
    const StreamSlots::Slot others_first(slots, other, stopped_already());
    CHECK(others_first.held());
    CHECK_FALSE(StreamSlots::Slot(slots, other, stopped_already()).held());
    first.reset();
    CHECK_FALSE(StreamSlots::Slot(slots, one, stopped_already()).held());
  }
  CHECK(StreamSlots::Slot(slots, one, stopped_already()).held());
}

TEST_CASE("growth: what is always allowed, what was read for the rest, and never more than the most", "[deep]") {
  const GrowthBounds bounds{.always_allowed = 100, .most_growth = 10, .most_bytes = 1'000};
  CHECK(Growth{.read = 0, .unpacked = 100}.is_within(bounds));
  CHECK_FALSE(Growth{.read = 0, .unpacked = 101}.is_within(bounds));
  CHECK(Growth{.read = 20, .unpacked = 209}.is_within(bounds));
  CHECK_FALSE(Growth{.read = 20, .unpacked = 210}.is_within(bounds));
  CHECK(Growth{.read = 1'000, .unpacked = 1'000}.is_within(bounds));
  CHECK_FALSE(Growth{.read = 1'000, .unpacked = 1'001}.is_within(bounds));
}

TEST_CASE("growth: of an image all of it counts together, until it is taken back", "[deep]") {
  ImageGrowth image({.always_allowed = 100, .most_growth = 10, .most_bytes = 1'000});
  CHECK(image.add({.unpacked = 60}));
  CHECK_FALSE(image.add({.unpacked = 60}));
  CHECK(image.add({.read = 12}));
  image.take_back({.read = 12, .unpacked = 60});
  CHECK(image.add({.unpacked = 40}));
  CHECK_FALSE(image.add({.unpacked = 1}));
}
