#include "reconcilers/publish/moved_so_far.h"

#include "tests/catch.h"

using namespace slipway;
using publish::MovedSoFar;

namespace {

const ObjectKey kObject{.namespace_name = "shop", .name = "storefront"};

}  // namespace

TEST_CASE("moved so far: visits of one publication add up", "[publish]") {
  MovedSoFar moved;
  const TransferStatus first{.bytes_sent = 100, .blobs_sent = 2, .blobs_mounted = 1, .blobs_present = 4};
  CHECK(moved.add(kObject, "a", first) == first);
  const TransferStatus second{.bytes_sent = 50, .blobs_sent = 1, .blobs_mounted = 3, .blobs_present = 9};
  const TransferStatus both{.bytes_sent = 150, .blobs_sent = 3, .blobs_mounted = 4, .blobs_present = 6};
  CHECK(moved.add(kObject, "a", second) == both);
}

TEST_CASE("moved so far: what the last visit finds there is what the earlier ones brought and what was there",
          "[publish]") {
  MovedSoFar moved;
  const TransferStatus brought{.bytes_sent = 100, .blobs_sent = 2, .blobs_mounted = 1, .blobs_present = 4};
  moved.add(kObject, "a", brought);
  CHECK(moved.add(kObject, "a", {.blobs_present = 7}) == brought);
  CHECK(moved.add(kObject, "a", {.blobs_present = 2}) == brought);
  CHECK(moved.add(kObject, "a", {}) == brought);
}

TEST_CASE("moved so far: another publication, another object, an unknown one or a forgotten one begins anew",
          "[publish]") {
  MovedSoFar moved;
  const TransferStatus one{.bytes_sent = 10, .blobs_sent = 1};
  moved.add(kObject, "a", one);
  SECTION("another object") {
    const ObjectKey other{.namespace_name = "shop", .name = "backend"};
    CHECK(moved.add(other, "a", one) == one);
  }
  SECTION("unknown: and what was known before stays") {
    CHECK(moved.add(kObject, "", one) == one);
    CHECK(moved.add(kObject, "a", {}) == one);
  }
  SECTION("forgotten") {
    CHECK(moved.knows(kObject));
    moved.forget(kObject);
    CHECK_FALSE(moved.knows(kObject));
    CHECK(moved.add(kObject, "a", {}) == TransferStatus{});
  }
  SECTION("another publication, for good") {
    CHECK(moved.add(kObject, "b", {}) == TransferStatus{});
    CHECK(moved.add(kObject, "a", {}) == TransferStatus{});
  }
}
