#include "controller/transfer/blob_stream.h"

#include <algorithm>
#include <semaphore>
#include <thread>

#include "tests/catch.h"
#include "tests/support/no_threads.h"
#include "tests/support/transfer_world.h"

using namespace slipway;
using namespace slipway::testing;
using namespace slipway::transfer;

TEST_CASE("a cut of the source is read on into the open upload", "[transfer]") {
  for (const std::int64_t size : {kWhole, std::int64_t{60'000}})
    for (const std::int64_t after : {std::int64_t{0}, std::int64_t{1}, size / 2, size - 1, size}) {
      TransferWorld world;
      const std::string bytes = bytes_of(static_cast<std::size_t>(size));
      const content::Descriptor blob = world.source.add(bytes);
      world.source.cut(blob.digest, cut_after(after));
      const auto report = world.run({blob});
      INFO(size << " cut after " << after);
      REQUIRE(report);
      CHECK(world.holds(bytes));
      CHECK(world.registry.state.lock()->received == size);
      CHECK(world.registry.state.lock()->uploads == 1);
      if (after == size) continue;
      CHECK(report->resumed == (after > 0 ? 1 : 0));
      CHECK(world.source.offsets() == std::vector<std::int64_t>{0, after});
    }
}

TEST_CASE("a cut of the destination goes on at the last byte it holds", "[transfer]") {
  const std::string bytes = bytes_of(60'000);
  for (const std::int64_t after : {0, 1, 30'000, 59'999, 60'000})
    for (const std::int64_t kept : {std::int64_t{0}, after / 2, after}) {
      TransferWorld world;
      const content::Descriptor blob = world.source.add(bytes);
      Cut cut = cut_after(after);
      cut.kept = kept;
      world.registry.state.lock()->cuts.push_back(cut);
      const auto report = world.run({blob});
      INFO("cut after " << after << ", kept " << kept);
      REQUIRE(report);
      CHECK(world.holds(bytes));
      CHECK(report->resumed == (kept > 0 && kept < blob.size ? 1 : 0));
      CHECK(world.registry.state.lock()->uploads == 1);
      CHECK(world.seen.lock()->back().bytes_done == blob.size);
    }
}

TEST_CASE("an upload that nobody answers for is asked about again, and goes on where it was", "[transfer]") {
  const ErrorClass cls = GENERATE(ErrorClass::Unavailable, ErrorClass::Throttled);
  TransferWorld world;
  const std::string bytes = bytes_of(60'000);
  const content::Descriptor blob = world.source.add(bytes);
  Cut cut = cut_after(30'000);
  cut.kept = 20'000;
  world.registry.state.lock()->cuts.push_back(cut);
  for (int i = 0; i < 2; ++i) world.registry.state.lock()->held_errors.push_back({.cls = cls, .message = "away"});
  const auto report = world.run({blob});
  REQUIRE(report);
  CHECK(world.holds(bytes));
  CHECK(report->resumed == 1);
  CHECK(world.registry.state.lock()->uploads == 1);
  CHECK(world.waits.lock()->size() == 3);
}

TEST_CASE("a destination that says nothing of an upload for as long as there is patience ends the transfer",
          "[transfer]") {
  TransferWorld world;
  const content::Descriptor blob = world.source.add(bytes_of(60'000));
  world.registry.state.lock()->cuts.push_back(cut_after(30'000));
  for (int i = 0; i < 9; ++i)
    world.registry.state.lock()->held_errors.push_back({.cls = ErrorClass::Unavailable, .message = "away"});
  const auto report = world.run({blob});
  REQUIRE(!report);
  CHECK(report.error().cls == ErrorClass::Unavailable);
  CHECK_THAT(report.error().message, Catch::Contains("away"));
  CHECK(world.registry.state.lock()->uploads == 1);
}

TEST_CASE("an upload that the destination forgot starts again, alone", "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(60'000);
  const std::string other = bytes_of(70'000, 9);
  const std::vector<content::Descriptor> blobs{world.source.add(bytes), world.source.add(other)};
  Cut cut = cut_after(30'000);
  cut.forgets = true;
  world.registry.state.lock()->cuts.push_back(cut);
  const auto report = world.run(blobs);
  REQUIRE(report);
  CHECK(world.holds(bytes));
  CHECK(world.holds(other));
  CHECK(world.registry.state.lock()->uploads == 3);
  CHECK(report->resumed == 0);
}

TEST_CASE("a small blob that is cut starts again", "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(3'000);
  const content::Descriptor blob = world.source.add(bytes);
  world.registry.state.lock()->cuts.push_back(cut_after(1'000));
  REQUIRE(world.run({blob}));
  CHECK(world.holds(bytes));
}

TEST_CASE("an answer that is lost after the registry did the work sends nothing again", "[transfer]") {
  for (const std::size_t size : {3'000U, 60'000U}) {
    TransferWorld world;
    const std::string bytes = bytes_of(size);
    const content::Descriptor blob = world.source.add(bytes);
    world.registry.state.lock()->finish_works = true;
    world.registry.state.lock()->finish_errors.push_back({.cls = ErrorClass::Unavailable, .message = "lost"});
    REQUIRE(world.run({blob}));
    CHECK(world.registry.state.lock()->received == blob.size);
  }
}

TEST_CASE("both ends cut in turns still end well", "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(200'000);
  const content::Descriptor blob = world.source.add(bytes);
  for (int i = 1; i < 20; ++i) {
    world.source.cut(blob.digest, cut_after(7'000));
    Cut cut = cut_after(9'000);
    cut.kept = 8'000 * i;
    world.registry.state.lock()->cuts.push_back(cut);
  }
  const auto report = world.run({blob});
  REQUIRE(report);
  CHECK(world.holds(bytes));
}

TEST_CASE("an end that drips is asked again a few times, one that is slow but useful until the blob is there",
          "[transfer]") {
  constexpr std::int64_t kUseful = 10 * (8 << 10);  // What the pace asks for in the ten seconds of a request.
  const bool at_source = GENERATE(true, false);
  const std::int64_t step = kUseful + GENERATE(0, 1);
  CAPTURE(at_source, step);
  TransferWorld world;
  const std::string bytes = bytes_of(1'000'000);
  const auto blob = world.source.add(bytes);
  const auto ten_seconds = [&world] { *world.on_the_wire.lock() += std::chrono::seconds{10}; };
  if (at_source) world.source.on_read = [&](const Digest&) { ten_seconds(); };
  for (std::int64_t number = 1; number <= 12; ++number) {
    Cut cut = cut_after(step);
    cut.kept = number * step;
    cut.meanwhile = ten_seconds;
    if (at_source)
      world.source.cut(blob.digest, cut);
    else
      world.registry.state.lock()->cuts.push_back(cut);
  }
  const auto report = world.run({blob});
  CHECK(report.has_value() == (step > kUseful));
  CHECK(world.holds(bytes) == (step > kUseful));
  CHECK(world.waits.lock()->size() == (step > kUseful ? 12 : 3));
}

TEST_CASE("what our own limit takes is not held against the destination", "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(100'000);
  auto request = world.request({world.source.add(bytes)});
  request.max_bytes_per_second = 1000;
  for (std::int64_t number = 1; number <= 9; ++number) {
    Cut cut = cut_after(10'500);
    cut.kept = number * 10'500;
    world.registry.state.lock()->cuts.push_back(cut);
  }
  CHECK(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(world.holds(bytes));
}

TEST_CASE("both ends cut at once: the upload goes on where it was", "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(60'000);
  const content::Descriptor blob = world.source.add(bytes);
  world.source.cut(blob.digest, cut_after(8'000));
  std::binary_semaphore source_waits(0);
  world.while_waiting = [&, sender = std::this_thread::get_id()](const std::stop_token& stop) {
    if (std::this_thread::get_id() == sender) return;
    source_waits.release();
    std::binary_semaphore stopped(0);
    const std::stop_callback release(stop, [&] { stopped.release(); });
    stopped.acquire();
  };
  Cut cut = cut_after(5'600);
  cut.kept = 5'600;
  cut.meanwhile = [&] { source_waits.acquire(); };
  world.registry.state.lock()->cuts.push_back(cut);
  const auto report = world.run({blob});
  REQUIRE(report);
  CHECK(world.holds(bytes));
  CHECK(world.registry.state.lock()->uploads == 1);
  CHECK(world.source.offsets() == std::vector<std::int64_t>{0, 5'600});
  CHECK(report->resumed == 1);
}

TEST_CASE("what is told of a cut: the wait with its cause, and that it goes on once it does", "[transfer]") {
  const std::string bytes = bytes_of(60'000);
  const std::string layer = "layer " + Digest::of(bytes).short_hex();
  const std::string waiting = layer + ": waiting 1 s: cut";
  TransferWorld world;
  const content::Descriptor blob = world.source.add(bytes);
  SECTION("nothing was sent yet") {
    world.registry.state.lock()->start_errors.assign(2, cut_after(0).error);
    const auto report = world.run({blob});
    REQUIRE(report);
    CHECK(report->resumed == 0);
    CHECK(world.notes() == std::vector<std::string>{waiting, waiting});
  }
  SECTION("the source") {
    for (const std::int64_t after : {2'000, 0}) world.source.cut(blob.digest, cut_after(after));
    const auto report = world.run({blob});
    REQUIRE(report);
    CHECK(report->resumed == 1);
    CHECK(world.notes() == std::vector<std::string>{waiting, waiting, layer + " cut at 0 MiB, resumed"});
  }
  SECTION("the destination, which holds what it got") {
    Cut cut = cut_after(2'100);
    cut.kept = 2'100;
    world.registry.state.lock()->cuts = {cut, [&] { return cut.after = 0, cut; }()};
    const auto report = world.run({blob});
    REQUIRE(report);
    CHECK(report->resumed == 1);
    CHECK(world.notes() == std::vector<std::string>{waiting, waiting, layer + " cut at 0 MiB, resumed"});
  }
  SECTION("the destination, which forgot it") {
    Cut cut = cut_after(2'000);
    cut.forgets = true;
    world.registry.state.lock()->cuts.push_back(cut);
    const auto report = world.run({blob});
    REQUIRE(report);
    CHECK(report->resumed == 0);
    CHECK(world.notes() == std::vector<std::string>{waiting, layer + " cut at 0 MiB, sent again from its start"});
  }
  SECTION("patience is over") {
    for (int i = 0; i < 9; ++i) world.source.cut(blob.digest, cut_after(0));
    REQUIRE_FALSE(world.run({blob}));
    CHECK(world.notes() ==
          std::vector<std::string>{waiting, layer + ": waiting 1 s: cut", layer + ": waiting 2 s: cut"});
  }
}

TEST_CASE("where the thread that reads a blob can't be started it is tried again, and the remedy says so",
          "[transfer]") {
  TransferWorld world;
  const content::Descriptor blob = world.source.add(bytes_of(60'000));
  const tests::NoThreads none;
  const auto report = world.run({blob});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Unavailable);
  CHECK(report.error().remedy.find("limit of threads") != std::string::npos);
  CHECK_FALSE(world.holds(bytes_of(60'000)));
}

TEST_CASE("a source that lies is Integrity and the upload is given back", "[transfer]") {
  for (const std::size_t size : {3'000U, 60'000U}) {
    const std::string bytes = bytes_of(size);
    std::string other = bytes;
    other[size / 2] = static_cast<char>(other[size / 2] ^ 1);
    for (const std::string& lie : {other, bytes + "x", bytes.substr(1)}) {
      TransferWorld world;
      world.source.lie(Digest::of(bytes), lie);
      const auto report = world.run({descriptor_of(bytes)});
      INFO(size << " lie of " << lie.size());
      REQUIRE_FALSE(report);
      CHECK(report.error().cls == ErrorClass::Integrity);
      CHECK_FALSE(world.holds(bytes));
      CHECK(world.registry.state.lock()->cancelled == 1);
      CHECK(world.waits.lock()->empty());
    }
  }
}

TEST_CASE("bytes that the destination got otherwise than they were sent are sent once more", "[transfer]") {
  const Error differs{.cls = ErrorClass::Integrity, .message = "the registry says the digest differs"};
  const std::size_t size = GENERATE(3'000U, 60'000U);
  const bool twice = GENERATE(false, true);
  CAPTURE(size, twice);
  TransferWorld world;
  const std::string bytes = bytes_of(size);
  const content::Descriptor blob = world.source.add(bytes);
  world.registry.state.lock()->finish_errors.assign(twice ? 2 : 1, differs);
  const auto report = world.run({blob});
  CHECK(world.registry.state.lock()->uploads == 2);
  CHECK(world.registry.state.lock()->cancelled == (twice ? 2 : 1));
  CHECK(world.holds(bytes) == !twice);
  CHECK(world.waits.lock()->empty());
  CHECK(world.notes() == std::vector<std::string>{"layer " + blob.digest.short_hex() +
                                                  " damaged on its way, sent again from its start"});
  REQUIRE(report.has_value() == !twice);
  if (twice) CHECK(report.error().cls == ErrorClass::Integrity);
}

TEST_CASE("patience: what may pass is tried again, the rest is not", "[transfer]") {
  const std::string bytes = bytes_of(60'000);
  SECTION("a source that never answers is given up after the bound") {
    TransferWorld world;
    const content::Descriptor blob = world.source.add(bytes);
    for (int i = 0; i < 9; ++i) world.source.cut(blob.digest, cut_after(0));
    const auto report = world.run({blob});
    REQUIRE_FALSE(report);
    CHECK(report.error().cls == ErrorClass::Unavailable);
    CHECK(world.source.offsets().size() == 4);
    CHECK(world.registry.state.lock()->cancelled == 1);
  }
  SECTION("one that goes a little further each time is not") {
    TransferWorld world;
    const content::Descriptor blob = world.source.add(bytes);
    for (int i = 0; i < 50; ++i) world.source.cut(blob.digest, cut_after(1'000));
    CHECK(world.run({blob}));
  }
  SECTION("Retry-After is obeyed") {
    TransferWorld world;
    const content::Descriptor blob = world.source.add(bytes);
    Cut cut = cut_after(0, ErrorClass::Throttled);
    cut.error.retry_after = std::chrono::seconds(17);
    world.registry.state.lock()->cuts.push_back(cut);
    REQUIRE(world.run({blob}));
    REQUIRE(world.waits.lock()->size() == 1);
    CHECK(world.waits.lock()->front() >= std::chrono::seconds(17));
  }
  SECTION("one beyond the bound ends the transfer with it") {
    TransferWorld world;
    const content::Descriptor blob = world.source.add(bytes);
    Cut cut = cut_after(0, ErrorClass::Throttled);
    cut.error.retry_after = std::chrono::seconds(61);
    world.registry.state.lock()->cuts.push_back(cut);
    const auto report = world.run({blob});
    REQUIRE_FALSE(report);
    CHECK(report.error().cls == ErrorClass::Throttled);
    CHECK(report.error().retry_after == std::chrono::seconds(61));
  }
  SECTION("other classes end it at once") {
    for (const ErrorClass cls : {ErrorClass::Forbidden, ErrorClass::QuotaExceeded, ErrorClass::NotFound}) {
      TransferWorld world;
      const content::Descriptor blob = world.source.add(bytes);
      world.registry.state.lock()->cuts.push_back(cut_after(5'000, cls));
      const auto report = world.run({blob});
      REQUIRE_FALSE(report);
      CHECK(report.error().cls == cls);
      CHECK(world.registry.state.lock()->cancelled == 1);
    }
  }
}

TEST_CASE("the rate limit holds all that goes to the registry", "[transfer]") {
  TransferWorld world;
  auto request = world.request({world.source.add(bytes_of(100'000))});
  request.max_bytes_per_second = 10'000;
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  std::chrono::milliseconds sum{0};
  for (const auto held = world.waits.lock(); const auto wait : *held) sum += wait;
  CHECK(sum > std::chrono::milliseconds(9'500));
  CHECK(sum < std::chrono::milliseconds(10'300));
}

TEST_CASE("a low rate limit waits a second at a time and shows what was sent", "[transfer]") {
  TransferWorld world;
  auto request = world.request({world.source.add(bytes_of(5'000))});
  request.max_bytes_per_second = 100;
  int shown = 0;
  request.on_progress = [&](const TransferProgress&) { ++shown; };
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(std::ranges::max(*world.waits.lock()) <= std::chrono::milliseconds{1'000});
  CHECK(shown >= 48);
}

TEST_CASE("of two limits for one host the slower counts while both are under way", "[transfer]") {
  TransferWorld world;
  const content::Descriptor other = world.source.add(bytes_of(1'000, 3));
  const auto faster = GENERATE(values<std::optional<std::int64_t>>({1'000'000, std::nullopt}));
  auto request = world.request({world.source.add(bytes_of(100'000))});
  request.max_bytes_per_second = 10'000;
  bool asked = false;
  request.on_progress = [&](const TransferProgress& progress) {
    if (progress.bytes_done == 0 || std::exchange(asked, true)) return;
    auto second = world.request({other});
    second.max_bytes_per_second = faster;
    CHECK(world.engine.transfer(world.source, world.store, second, {}));
  };
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  std::chrono::milliseconds sum{0};
  for (const auto held = world.waits.lock(); const auto wait : *held) sum += wait;
  CHECK(sum > std::chrono::milliseconds(9'500));
  REQUIRE(world.run({world.source.add(bytes_of(50'000, 4))}));
  std::chrono::milliseconds later{0};
  for (const auto held = world.waits.lock(); const auto wait : *held) later += wait;
  CHECK(later == sum);
}
