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
  CHECK(bar_line("shop/app", meter, 4) == "shop");
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
