#include "controller/cli/transfer_lines.h"

#include "tests/catch.h"

namespace slipway::cli {

namespace {

using std::chrono::milliseconds;

TransferProgress progress(std::int64_t done, std::int64_t total) {
  return {.bytes_done = done, .bytes_total = total, .blobs_done = 1, .blobs_total = 3, .note = {}};
}

}  // namespace

TEST_CASE("the rate needs two readings") {
  TransferMeter meter;
  CHECK(meter.rate() == 0);
  meter.add(milliseconds{1000}, progress(0, 1000));
  CHECK(meter.rate() == 0);
  CHECK_FALSE(meter.time_left().has_value());
  meter.add(milliseconds{2000}, progress(100, 1000));
  CHECK(meter.rate() == 100);
  REQUIRE(meter.time_left().has_value());
  CHECK(*meter.time_left() == std::chrono::seconds{9});
}

TEST_CASE("two readings in one millisecond do not divide by zero") {
  TransferMeter meter;
  meter.add(milliseconds{1000}, progress(0, 1000));
  meter.add(milliseconds{1000}, progress(500, 1000));
  CHECK(meter.rate() == 0);
  CHECK(meter.latest().bytes_done == 500);
}

TEST_CASE("bytes that are counted back never make the rate negative") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(500, 1000));
  meter.add(milliseconds{1000}, progress(100, 1000));
  CHECK(meter.rate() == 0);
}

TEST_CASE("the rate follows the last seconds") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 100000));
  meter.add(milliseconds{1000}, progress(1000, 100000));
  for (int second = 2; second < 20; ++second)
    meter.add(milliseconds{second * 1000}, progress(1000 + (second - 1) * 10, 100000));
  CHECK(meter.rate() == Approx(10).margin(1));
}

TEST_CASE("lines for terminals and pipes") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 4 << 20));
  meter.add(milliseconds{1000}, progress(1 << 20, 4 << 20));
  CHECK(bar_line("shop/app", meter, 200) ==
        "shop/app  [======>                 ]  1.0 MiB / 4.0 MiB  1.0 MiB/s  3s left  1/3 blobs");
  CHECK(bar_line("shop/app", meter, 71) == "shop/app  [==>      ]  1.0 MiB / 4.0 MiB  1.0 MiB/s  3s left  1/3 blobs");
  CHECK(plain_line("shop/app", meter) == "shop/app: 1.0 MiB of 4.0 MiB (25 %), 1.0 MiB/s, 3s left, 1 of 3 blobs");
}

TEST_CASE("in a narrow terminal no figure is cut") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 4 << 20));
  meter.add(milliseconds{1000}, progress(1 << 20, 4 << 20));
  CHECK(bar_line("shop/app", meter, 60) == "shop/app  1.0 MiB / 4.0 MiB  1.0 MiB/s  3s left  1/3 blobs");
  CHECK(bar_line("shop/app", meter, 40) == "shop/app  1.0 MiB / 4.0 MiB  1.0 MiB/s");
  CHECK(bar_line("shop/app", meter, 12) == "shop/app");
  CHECK(bar_line("shop/app", meter, 4) == "…app");
  const std::string name = "shop/storefront-staging";
  CHECK(bar_line(name, meter, 50) == "…nt-staging  1.0 MiB / 4.0 MiB  1.0 MiB/s  3s left");
  CHECK(bar_line(name, meter, 40) == "…t-staging  1.0 MiB / 4.0 MiB  1.0 MiB/s");
  CHECK(bar_line(name, meter, 20) == "…/storefront-staging");
}

TEST_CASE("what is there already makes no rate and no estimate") {
  TransferMeter meter;
  const auto at = [](std::int64_t there, std::int64_t moved) {
    TransferProgress out = progress(there + moved, 100'000);
    out.bytes_there = there;
    return out;
  };
  meter.add(milliseconds{0}, at(0, 0));
  meter.add(milliseconds{200}, at(50'000, 0));
  CHECK(meter.rate() == 0);
  CHECK_FALSE(meter.time_left());
  meter.add(milliseconds{1200}, at(50'000, 0));
  for (int step = 1; step <= 20; ++step) meter.add(milliseconds{1200 + step * 100}, at(50'000, step * 100));
  CHECK(meter.rate() == Approx(1000).margin(300));
  REQUIRE(meter.time_left());
  CHECK(*meter.time_left() > std::chrono::seconds{35});
}

TEST_CASE("less than a second says nothing of the end") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 100'000));
  meter.add(milliseconds{1}, progress(10'000, 100'000));
  CHECK_FALSE(meter.time_left());
  for (int step = 1; step < 10; ++step) meter.add(milliseconds{1 + step * 100}, progress(10'000 + step * 100, 100'000));
  CHECK_FALSE(meter.time_left());
  meter.add(milliseconds{1001}, progress(11'000, 100'000));
  CHECK(meter.rate() == Approx(11'000).margin(100));
  CHECK(meter.time_left());
}

TEST_CASE("while a layer waits there is no end in sight, nor just after it") {
  TransferMeter meter;
  TransferProgress waiting = progress(2000, 10'000);
  waiting.waiting = "the registry is away";
  meter.add(milliseconds{0}, progress(0, 10'000));
  meter.add(milliseconds{1000}, progress(1000, 10'000));
  CHECK(meter.time_left());
  meter.add(milliseconds{2000}, waiting);
  CHECK_FALSE(meter.time_left());
  meter.add(milliseconds{4000}, progress(2010, 10'000));
  meter.add(milliseconds{4500}, progress(2510, 10'000));
  CHECK_FALSE(meter.time_left());
  meter.add(milliseconds{5000}, progress(3010, 10'000));
  CHECK(meter.rate() == Approx(1000));
  CHECK(meter.time_left() == std::chrono::seconds{7});
}

TEST_CASE("after a standstill the rate is that of what goes on, not that of the pause") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 1'000'000));
  meter.add(milliseconds{1000}, progress(10'000, 1'000'000));
  meter.add(milliseconds{41'000}, progress(20'000, 1'000'000));
  CHECK_FALSE(meter.time_left());
  for (int step = 1; step <= 12; ++step)
    meter.add(milliseconds{41'000 + step * 100}, progress(20'000 + step * 1000, 1'000'000));
  CHECK(meter.rate() == Approx(10'000).margin(100));
  REQUIRE(meter.time_left());
  CHECK(*meter.time_left() < std::chrono::seconds{100});
}

TEST_CASE("who looks while nothing comes sees no rate and no end, until something comes again") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 10'000));
  meter.add(milliseconds{1000}, progress(1000, 10'000));
  meter.look(milliseconds{1900});
  CHECK(meter.time_left() == std::chrono::seconds{9});
  meter.look(milliseconds{3000});
  CHECK(meter.rate() == 0);
  CHECK_FALSE(meter.time_left());
  meter.add(milliseconds{3500}, progress(3500, 10'000));
  CHECK(meter.rate() == Approx(1000));
  CHECK(meter.time_left() == std::chrono::seconds{7});
}

TEST_CASE("a bar says that it waits as long as nothing moves") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 4 << 20));
  meter.add(milliseconds{500}, progress(1 << 19, 4 << 20));
  meter.add(milliseconds{1000}, progress(1 << 20, 4 << 20));
  const std::string bar = "shop/app  [======>                 ]  1.0 MiB / 4.0 MiB  ";
  meter.look(milliseconds{2499});
  CHECK(bar_line("shop/app", meter, 200) == bar + "1.0 MiB/s  3s left  1/3 blobs");
  meter.look(milliseconds{2500});
  CHECK(bar_line("shop/app", meter, 200) == bar + "waiting  1/3 blobs");
  meter.look(milliseconds{3'600'000});
  CHECK(bar_line("shop/app", meter, 200) == bar + "waiting  1/3 blobs");
  meter.add(milliseconds{3'601'000}, progress(2 << 20, 4 << 20));
  CHECK_FALSE(meter.is_still());
  CHECK_THAT(bar_line("shop/app", meter, 200), !Catch::Contains("waiting") && !Catch::Contains("left"));
}

TEST_CASE("where readings come far apart, one more is waited for") {
  TransferMeter meter;
  const auto still_after = [&](std::int64_t apart) {
    for (std::int64_t reading = 1; reading <= 3; ++reading)
      meter.add(milliseconds{reading * apart}, progress(reading, 1000));
    for (std::int64_t after = 0; after < 60'000; after += 500) {
      meter.look(milliseconds{3 * apart + after});
      if (meter.is_still()) return after;
    }
    return std::int64_t{-1};
  };
  CHECK(still_after(100) == 1500);
  meter = {};
  CHECK(still_after(3000) == 6000);
  meter = {};
  CHECK(still_after(20'000) == 10'000);
}

TEST_CASE("who only says that a blob waits moves nothing") {
  TransferMeter meter;
  TransferProgress waiting = progress(500, 1000);
  waiting.waiting = "the registry is away";
  meter.add(milliseconds{0}, progress(0, 1000));
  meter.add(milliseconds{500}, progress(500, 1000));
  for (int told = 1; told <= 4; ++told) meter.add(milliseconds{500 + told * 500}, waiting);
  meter.look(milliseconds{2600});
  CHECK(meter.is_still());
}

TEST_CASE("what stands still has no end in sight") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, std::int64_t{4} << 30));
  meter.add(milliseconds{1000}, progress(10, std::int64_t{4} << 30));
  CHECK(meter.rate() == 10);
  CHECK_FALSE(meter.time_left());
}

TEST_CASE("an image without bytes is at its end") {
  TransferMeter meter;
  meter.add(milliseconds{0}, progress(0, 0));
  CHECK(plain_line("a", meter) == "a: 0 B of 0 B (100 %), 0 B/s, 1 of 3 blobs");
}

}  // namespace slipway::cli
