#include <optional>
#include <stop_token>

#include "controller/transfer/image_growth.h"
#include "controller/transfer/stream_slots.h"
#include "controller/transfer/window_memory.h"
#include "tests/catch.h"

using namespace slipway::transfer;

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

TEST_CASE("large window: one has it at a time, and all of it", "[deep]") {
  LargeWindow window(10);
  LargeWindow::OfRequest request;
  std::optional<LargeWindow::Turn> first;
  first.emplace(window, request);
  REQUIRE(first->wait({}));
  CHECK(first->memory().take(10));
  first->memory().give_back(10);
  {
    LargeWindow::Turn second(window, request);
    CHECK_FALSE(second.wait(stopped_already()));
  }
  first.reset();
  for (int i = 0; i < 2; ++i) {
    LargeWindow::Turn later(window, request);
    CHECK(later.wait(stopped_already()));
  }
}

TEST_CASE("large window: of those who wait the request is next whose last turn is longest ago", "[deep]") {
  LargeWindow window(10);
  LargeWindow::OfRequest many;
  LargeWindow::OfRequest one;
  std::optional<LargeWindow::Turn> held;
  held.emplace(window, many);
  REQUIRE(held->wait({}));
  std::optional<LargeWindow::Turn> more_of_many;
  more_of_many.emplace(window, many);
  CHECK_FALSE(held->keeps_others_waiting());
  std::optional<LargeWindow::Turn> of_one;
  of_one.emplace(window, one);
  CHECK(held->keeps_others_waiting());
  held.reset();
  REQUIRE(of_one->wait(stopped_already()));
  CHECK(of_one->keeps_others_waiting());
  LargeWindow::Turn more_of_one(window, one);
  of_one.reset();
  CHECK(more_of_many->wait(stopped_already()));
  more_of_many.reset();
  CHECK(more_of_one.wait(stopped_already()));
  CHECK_FALSE(more_of_one.keeps_others_waiting());
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
