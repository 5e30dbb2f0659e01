#include "controller/audit/namespace_shares.h"

#include "tests/catch.h"

namespace slipway::audit {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMiB = 1 << 20;

/// A volume that namespaces write to, each as much as it may.
struct Volume {
  /// False when it is held back.
  bool write(const std::string& name, std::int64_t bytes, bool must_pass = false) {
    held = shares.hold_back({.namespace_name = name, .bytes = bytes, .must_pass = must_pass}, room, now);
    if (!held) room -= bytes;
    return !held;
  }
  std::int64_t write_all_it_may(const std::string& name, std::int64_t at_once = kMiB) {
    std::int64_t sum = 0;
    while (room >= at_once && write(name, at_once)) sum += at_once;
    return sum;
  }

  NamespaceShares shares;
  std::int64_t room = 1024 * kMiB;
  Timestamp now{std::chrono::hours{500'000}};
  std::optional<std::int64_t> held;
};

}  // namespace

TEST_CASE("a namespace that writes without end leaves as much as it took") {
  Volume volume;
  REQUIRE(volume.write("shop", 5000));
  CHECK(volume.write_all_it_may("rival") / kMiB == 512);
  CHECK(volume.held == 512 * kMiB);
  CHECK(volume.room > 510 * kMiB);
  for (int day = 0; day < 3; ++day) {
    for (int i = 0; i < 100; ++i) CHECK(volume.write("shop", 5000));
    volume.now += 24h;
    volume.write_all_it_may("rival");
  }
  CHECK(volume.room > 60 * kMiB);
}

TEST_CASE("of several namespaces that write without end each has the same, and so much stays") {
  Volume volume;
  for (int i = 0; i < 1024; ++i)
    for (const auto* name : {"one", "two", "three"}) (void)volume.write(name, kMiB);
  CHECK(volume.room / kMiB == 256);
  CHECK(volume.write("shop", 5000));
}

TEST_CASE("one namespace alone may take all") {
  Volume volume;
  CHECK(volume.write_all_it_may("shop") / kMiB == 1024);
}

TEST_CASE("a namespace is held back for what it wrote within a day, in which it fell") {
  Volume volume;
  REQUIRE(volume.write("shop", 1));
  REQUIRE(volume.write("rival", 500 * kMiB));
  volume.now += 1h;
  REQUIRE(volume.write("rival", 10 * kMiB));
  CHECK_FALSE(volume.write("rival", 10 * kMiB));
  volume.now += 22h;
  CHECK_FALSE(volume.write("rival", 10 * kMiB));
  CHECK(volume.held == 510 * kMiB);
  volume.now += 1h;
  CHECK(volume.write("rival", 10 * kMiB));
}

TEST_CASE("what has to pass does, and is counted") {
  Volume volume;
  REQUIRE(volume.write("shop", 1));
  CHECK(volume.write("rival", 600 * kMiB, /*must_pass=*/true));
  CHECK(volume.write("rival", 10 * kMiB, /*must_pass=*/true));
  CHECK_FALSE(volume.write("rival", 1));
  CHECK(volume.held == 610 * kMiB);
}

TEST_CASE("who wrote nothing may begin with more than is left, and on a full volume all may, so that it shows") {
  Volume volume;
  REQUIRE(volume.write("shop", 1));
  volume.room = kMiB;
  CHECK(volume.write("rival", 2 * kMiB));
  volume.room = NamespaceShares::kFull;
  CHECK_FALSE(volume.write("rival", 1));
  volume.room = NamespaceShares::kFull - 1;
  CHECK(volume.write("rival", 1));
}

}  // namespace slipway::audit
