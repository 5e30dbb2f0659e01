#include "controller/transfer/layer_check.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/support/zstd_frame.h"

using namespace slipway;
using namespace slipway::transfer;
using tests::zstd_with_window;

namespace {

std::string gzip(const std::string& plain) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, plain.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd_of(const std::string& plain) {
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), plain.data(), plain.size(), 3));
  return out;
}

constexpr std::size_t kMiB = 1 << 20;

Result<void> check(const std::string& layer, const std::string& plain, std::size_t piece, GrowthBounds bounds = {}) {
  WindowMemory windows(136 * kMiB, 136 * kMiB);
  ImageGrowth image(bounds);
  LayerCheck check({.diff_id = Digest::of(plain).str(), .windows = windows, .image = image}, bounds);
  for (std::size_t at = 0; at < layer.size(); at += piece) {
    const std::string_view part = std::string_view(layer).substr(at, piece);
    if (Result<void> good = check.take(std::as_bytes(std::span(part.data(), part.size()))); !good) return good;
  }
  return check.conclude();
}

Result<void> take(LayerCheck& check, std::string_view part) {
  return check.take(std::as_bytes(std::span(part.data(), part.size())));
}

std::string text(std::size_t size) {
  std::string out;
  while (out.size() < size) out += "line " + std::to_string(out.size() * 7919) + "\n";
  return out;
}

}  // namespace

TEST_CASE("each form is recognised, in pieces of any size, several members too", "[deep]") {
  const std::string a = text(300'000);
  const std::string b = text(10);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, std::size_t{1} << 20}) {
    INFO(piece);
    CHECK(check(a, a, piece));
    CHECK(check(gzip(a), a, piece));
    CHECK(check(zstd_of(a), a, piece));
    CHECK(check(gzip(a) + gzip(b), a + b, piece));
    CHECK(check(zstd_of(a) + zstd_of(b), a + b, piece));
  }
  CHECK(check("", "", 1));
  CHECK(check("ab", "ab", 1));
  CHECK(check(gzip(""), "", 1));
}

TEST_CASE("what begins almost like a compressed layer is a plain one", "[deep]") {
  for (const std::string& magic : {std::string("\x1f\x8b"), std::string("\x28\xb5\x2f\xfd"),
                                   std::string("\x50\x2a\x4d\x18"), std::string("\x5f\x2a\x4d\x18")})
    for (std::size_t i = 0; i < magic.size(); ++i) {
      std::string almost = magic + "and the rest of it";
      almost[i] = 'l';
      CHECK(check(almost, almost, 5));
    }
}

TEST_CASE("a zstd layer may begin with a frame that is skipped", "[deep]") {
  const std::string a = text(1'000);
  for (const char first : {'\x50', '\x5f'}) {
    const std::string skipped = first + std::string("\x2a\x4d\x18\x03\0\0\0abc", 10);
    CHECK(check(skipped + zstd_of(a), a, 1));
    CHECK_FALSE(check(skipped + zstd_of(a), skipped + zstd_of(a), 1));
  }
}

TEST_CASE("a diff id may be of sha512", "[deep]") {
  const std::string a = text(1'000);
  WindowMemory windows(136 * kMiB, 136 * kMiB);
  ImageGrowth image({});
  for (const std::string& named : {a, a + "x"}) {
    Hasher hasher("sha512");
    hasher.update(named);
    LayerCheck check({.diff_id = hasher.finish().str(), .windows = windows, .image = image});
    REQUIRE(take(check, gzip(a)));
    CHECK(check.conclude().has_value() == (named == a));
  }
}

TEST_CASE("a damaged, cut or other layer is Integrity", "[deep]") {
  const std::string a = text(300'000);
  for (const std::string& layer : {gzip(a), zstd_of(a)}) {
    std::string damaged = layer;
    damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
    for (const std::string& bad : {damaged, layer.substr(0, layer.size() - 1), layer.substr(0, 6), layer + "xxxx"}) {
      const Result<void> result = check(bad, a, 1000);
      REQUIRE_FALSE(result);
      CHECK(result.error().cls == ErrorClass::Integrity);
    }
    CHECK(check(layer, a + "x", 1000).error().cls == ErrorClass::Integrity);
  }
}

TEST_CASE("a bomb is stopped, a layer that compresses well is not", "[deep]") {
  constexpr std::int64_t kGrown = 8 << 20;
  const std::string zeros(kGrown, '\0');
  const std::string layer = zstd_of(zeros);
  const auto size = static_cast<std::int64_t>(layer.size());
  const std::int64_t growth = kGrown / size;
  CHECK(check(layer, zeros, 1000, {.always_allowed = kGrown, .most_growth = 1}));
  CHECK_FALSE(check(layer, zeros, 1000, {.always_allowed = kGrown - 1, .most_growth = 1}));
  CHECK(check(layer, zeros, 1 << 20, {.always_allowed = 0, .most_growth = growth + 1}));
  CHECK_FALSE(check(layer, zeros, 1 << 20, {.always_allowed = 0, .most_growth = growth / 2}));
  CHECK_FALSE(check(layer, zeros, 1000, {.most_bytes = kGrown - 1}));
  CHECK(check(gzip(zeros), zeros, 1000, {.always_allowed = 0}));
}

TEST_CASE("layers of one image grow together, for as long as they are looked at", "[deep]") {
  const std::string zeros(kMiB, '\0');
  const std::string layer = zstd_of(zeros);
  const auto size = static_cast<std::int64_t>(kMiB);
  WindowMemory windows(136 * kMiB, 136 * kMiB);
  ImageGrowth image({.always_allowed = 2 * size, .most_growth = 1});
  const LayerCheck::Parts parts{.diff_id = Digest::of(zeros).str(), .windows = windows, .image = image};
  LayerCheck first(parts);
  CHECK_FALSE(first.unpacked());
  REQUIRE(take(first, layer));
  CHECK_FALSE(first.unpacked());
  REQUIRE(first.conclude());
  CHECK(first.unpacked() == size);
  for (int i = 0; i < 2; ++i) {
    LayerCheck second(parts);
    REQUIRE(take(second, layer));
    LayerCheck third(parts);
    const Result<void> grown = take(third, layer);
    REQUIRE_FALSE(grown);
    CHECK(grown.error().cls == ErrorClass::Integrity);
    CHECK(grown.error().message ==
          "the layer cannot be decompressed: with the image's other layers it grows without measure");
    CHECK_FALSE(third.unpacked());
  }
}

TEST_CASE("what layers take at once is bounded over all; who gets none is postponed, not refused", "[deep]") {
  const std::string plain = text(1'000);
  const std::string layer = zstd_with_window(23, plain);
  const std::string id = Digest::of(plain).str();
  WindowMemory windows(20 * kMiB, 9 * kMiB);
  ImageGrowth image({});
  const LayerCheck::Parts parts{.diff_id = id, .windows = windows, .image = image};
  LayerCheck first(parts);
  {
    LayerCheck second(parts);
    for (LayerCheck* each : {&first, &second}) REQUIRE(take(*each, layer.substr(0, 500)));
    LayerCheck third(parts);
    for (const std::string& part : {layer.substr(0, 500), layer.substr(500)}) REQUIRE(take(third, part));
    CHECK(third.is_postponed());
    CHECK(third.conclude());
    REQUIRE(take(second, layer.substr(500)));
    CHECK_FALSE(second.is_postponed());
    CHECK(second.conclude());
  }
  LayerCheck later(parts);
  REQUIRE(take(later, layer));
  CHECK_FALSE(later.is_postponed());
  CHECK(later.conclude());
  REQUIRE(take(first, layer.substr(500)));
  CHECK(first.conclude());
}

TEST_CASE("a window that is too large for one is postponed, in a later frame too", "[deep]") {
  const std::string plain = text(1'000);
  WindowMemory windows(20 * kMiB, 9 * kMiB);
  ImageGrowth image({});
  for (const std::string& before : {std::string(), zstd_with_window(23, plain)}) {
    LayerCheck check({.diff_id = Digest::of("other").str(), .windows = windows, .image = image});
    REQUIRE(take(check, before + zstd_with_window(24, plain)));
    CHECK(check.is_postponed());
    CHECK(check.conclude());
    for (const std::size_t all : {9 * kMiB, 9 * kMiB, 2 * kMiB}) CHECK(windows.take(all));
    windows.give_back(20 * kMiB);
  }
}

TEST_CASE("a window beyond what zstd makes with --long=27 is Integrity", "[deep]") {
  const std::string plain = text(1'000);
  CHECK(check(zstd_with_window(27, plain), plain, 1'000));
  CHECK(check(zstd_with_window(28, plain), plain, 1'000).error().cls == ErrorClass::Integrity);
}

TEST_CASE("a frame of a format before zstd 1.0 is Integrity, wherever it stands and however it is cut", "[deep]") {
  const std::string plain = text(1'000);
  const std::string zeros(128 << 10, '\0');
  const std::string old = tests::old_zstd_of_zeros();
  const auto is_damaged = [](const Result<void>& result) {
    return !result && result.error().message.starts_with("the layer cannot be decompressed");
  };
  for (const std::size_t piece : {std::size_t{1}, std::size_t{6}, std::size_t{12}, std::size_t{1} << 20}) {
    INFO(piece);
    CHECK(check(tests::skippable_zstd() + zstd_of(plain) + tests::skippable_zstd(), plain, piece));
    CHECK(is_damaged(check(tests::skippable_zstd() + old, zeros, piece)));
    CHECK(is_damaged(check(zstd_of(plain) + old, plain + zeros, piece)));
    CHECK(is_damaged(check(tests::zstd_head_without_bounds() + old, zeros, piece)));
  }
}

// A sanitizer's own memory is more than any limit.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

/// In a process of its own, which may take `more` bytes of memory than it has.
std::optional<ErrorClass> error_with_memory(std::size_t more, const std::string& layer, const std::string& plain) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t most = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + more;
    const rlimit limit{most, most};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) ::_exit(100);
    const auto good = check(layer, plain, 1u << 20);
    ::_exit(good ? 0 : 1 + static_cast<int>(good.error().cls));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 0) return std::nullopt;
  return static_cast<ErrorClass>(WEXITSTATUS(status) - 1);
}

}  // namespace

TEST_CASE("where there is no memory for it the layer is not called damaged", "[deep]") {
  const std::string plain = text(1'000);
  const std::string layer = zstd_with_window(27, plain);
  CHECK(error_with_memory(std::size_t{512} << 20, layer, plain) == std::nullopt);
  CHECK(error_with_memory(std::size_t{32} << 20, layer, plain) == ErrorClass::Unavailable);
}
#endif
