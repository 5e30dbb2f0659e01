#include "controller/transfer/blob_ring.h"

#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::transfer;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// What one take() gives, "(the end)" at the end.
std::string take(BlobRing& ring, std::size_t most = 100) {
  std::string space(most, '\0');
  const auto count = ring.take(std::as_writable_bytes(std::span(space)), {});
  if (!count) return "error: " + count.error().message;
  return *count == 0 ? "(the end)" : space.substr(0, *count);
}

}  // namespace

TEST_CASE("what is put comes out in its order, pieces of any size, around the end of the ring and again") {
  const std::size_t piece = GENERATE(1, 3, 7, 16, 40);
  std::string sent;
  for (int i = 0; i < 2'000; ++i) sent += std::to_string(i) + ',';
  BlobRing ring(16);
  std::jthread putter([&] {
    for (std::size_t at = 0; at < sent.size(); at += piece)
      if (!ring.put(bytes_of(std::string_view(sent).substr(at, piece)), {})) return;
    ring.close();
  });
  std::string came;
  for (std::string got = take(ring, 5); got != "(the end)"; got = take(ring, 5)) came += got;
  CHECK(came == sent);
}

TEST_CASE("what was put last is there when a ring is closed, and then its end or its error") {
  BlobRing ring(64);
  REQUIRE(ring.put(bytes_of("abc"), {}));
  std::string end = "(the end)";
  SECTION("all came") {
    ring.close();
  }
  SECTION("its source was cut") {
    ring.close(Error{.cls = ErrorClass::Unavailable, .message = "cut", .remedy = {}, .reason = {}, .retry_after = {}});
    end = "error: cut";
  }
  CHECK(take(ring) == "abc");
  CHECK(take(ring) == end);
}

TEST_CASE("who puts into a full ring gets on when a quarter was taken, and no more when the taker gives up") {
  BlobRing ring(16);
  REQUIRE(ring.put(bytes_of("0123456789abcdef"), {}));
  bool is_put = false;
  {
    std::jthread putter([&] { is_put = ring.put(bytes_of("ghij"), {}); });
    CHECK(take(ring, 2) == "01");
    CHECK(take(ring, 2) == "23");
  }
  CHECK(is_put);
  {
    std::jthread putter([&] { is_put = ring.put(bytes_of("klmn"), {}); });
    ring.give_up();
  }
  CHECK_FALSE(is_put);
}

TEST_CASE("a stop ends whoever waits at a ring") {
  BlobRing ring(16);
  std::stop_source stop;
  SECTION("for room") {
    REQUIRE(ring.put(bytes_of("0123456789abcdef"), stop.get_token()));
    bool is_put = true;
    {
      std::jthread putter([&] { is_put = ring.put(bytes_of("more"), stop.get_token()); });
      stop.request_stop();
    }
    CHECK_FALSE(is_put);
  }
  SECTION("for bytes") {
    std::string space(8, '\0');
    Result<std::size_t> taken = 0;
    {
      std::jthread taker([&] { taken = ring.take(std::as_writable_bytes(std::span(space)), stop.get_token()); });
      stop.request_stop();
    }
    REQUIRE_FALSE(taken);
    CHECK(taken.error().cls == ErrorClass::Cancelled);
  }
}
