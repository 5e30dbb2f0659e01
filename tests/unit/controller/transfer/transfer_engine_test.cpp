#include "controller/transfer/transfer_engine.h"

#include <algorithm>
#include <future>
#include <semaphore>
#include <stdexcept>
#include <thread>

#include "controller/transfer/checked_layers.h"
#include "tests/catch.h"
#include "tests/support/fake_blob_ends.h"
#include "tests/support/no_threads.h"
#include "tests/support/zstd_frame.h"

using namespace slipway;
using namespace slipway::testing;
using namespace slipway::transfer;

namespace {

constexpr std::int64_t kWhole = 5'000;  ///< Blobs up to here go up in one request in these tests.

std::string bytes_of(std::size_t size, unsigned seed = 1) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>((seed = seed * 1103515245U + 12345U) >> 16);
  return bytes;
}

/// A wait that takes until its end is asked for.
void until_stopped(const std::stop_token& stop) {
  std::promise<void> asked;
  const std::stop_callback tell(stop, [&] { asked.set_value(); });
  asked.get_future().wait();
}

bool all_may(const std::string&) {
  return true;
}

Cut cut_after(std::int64_t after, ErrorClass cls = ErrorClass::Unavailable) {
  return {.after = after, .error = {.cls = cls, .message = "cut"}};
}

/// A source, a registry, an engine, and time that only waiting moves.
struct World {
  explicit World(int most_streams = 6)
      : rules{.most_streams = most_streams, .ring_bytes = 4096, .whole_up_to = kWhole, .most_failures = 3} {}

  FakeSource source;
  FakeRegistry registry;
  FakeStore store{registry, "team/app"};
  runtime::Guarded<std::vector<std::chrono::milliseconds>> waits;
  runtime::Guarded<std::vector<TransferProgress>> seen;
  runtime::Guarded<std::chrono::nanoseconds> on_the_wire;  ///< Time that requests took.
  std::function<void(const std::stop_token& stop)> while_waiting;
  TransferRules rules;
  TransferEngine engine{TransferHands{.wait =
                                          [this](std::chrono::milliseconds delay, const std::stop_token& stop) {
                                            waits.lock()->push_back(delay);
                                            if (while_waiting) while_waiting(stop);
                                            return !stop.stop_requested();
                                          },
                                      .chance = [] { return 0.5; },
                                      .elapsed =
                                          [this] {
                                            std::chrono::nanoseconds sum = *on_the_wire.lock();
                                            for (const auto held = waits.lock(); const auto wait : *held) sum += wait;
                                            return sum;
                                          }},
                        rules};

  BlobTransferRequest request(std::vector<content::Descriptor> blobs) {
    BlobTransferRequest request;
    request.blobs = std::move(blobs);
    request.on_progress = [this](const TransferProgress& progress) { seen.lock()->push_back(progress); };
    return request;
  }
  Result<BlobTransferReport> run(std::vector<content::Descriptor> blobs) {
    return engine.transfer(source, store, request(std::move(blobs)), {});
  }
  std::vector<std::string> notes() {
    std::vector<std::string> all;
    for (const auto held = seen.lock(); const TransferProgress& progress : *held)
      if (!progress.note.empty()) all.push_back(progress.note);
    return all;
  }
  bool holds(const std::string& bytes, const std::string& repository = "team/app") {
    auto state = registry.state.lock();
    const auto& blobs = state->blobs[repository];
    const auto found = blobs.find(Digest::of(bytes));
    return found != blobs.end() && found->second == bytes;
  }
};

}  // namespace

TEST_CASE("every size arrives whole, around each bound", "[transfer]") {
  for (const std::size_t size : {0, 1, 699, 700, 4095, 4096, 4097, 4999, 5000, 5001, 100'000}) {
    World world;
    const std::string bytes = bytes_of(size);
    const auto report = world.run({world.source.add(bytes)});
    INFO(size);
    REQUIRE(report);
    CHECK(world.holds(bytes));
    CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
    CHECK(report->bytes_sent == static_cast<std::int64_t>(size));
    CHECK(report->resumed == 0);
    CHECK(world.registry.state.lock()->cancelled == 0);
  }
}

TEST_CASE("what is there is not sent", "[transfer]") {
  World world;
  const std::string bytes = bytes_of(100);
  world.registry.state.lock()->blobs["team/app"][Digest::of(bytes)] = bytes;
  const auto report = world.run({descriptor_of(bytes)});
  REQUIRE(report);
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Present);
  CHECK(world.source.offsets().empty());
}

TEST_CASE("what is likely missing is sent unasked, and mounted where it is known to be", "[transfer]") {
  World world;
  const std::string bytes = bytes_of(100);
  auto request = world.request({world.source.add(bytes)});
  request.unasked = {Digest::of(bytes)};
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE(report);
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
  FakeStore second(world.registry, "team/second");
  request.may_mount_from = all_may;
  const auto again = world.engine.transfer(world.source, second, request, {});
  REQUIRE(again);
  CHECK(again->outcomes.at(Digest::of(bytes)) == BlobOutcome::Mounted);
  CHECK(world.registry.state.lock()->heads == 0);
  CHECK(world.registry.state.lock()->uploads == 1);
}

TEST_CASE("mounting: given repositories and remembered ones, as far as may be read", "[transfer]") {
  const std::string bytes = bytes_of(100);
  SECTION("a given repository") {
    World world;
    world.registry.state.lock()->blobs["base"][Digest::of(bytes)] = bytes;
    auto request = world.request({descriptor_of(bytes)});
    request.mount_from = {"other", "base"};
    const auto report = world.engine.transfer(world.source, world.store, request, {});
    REQUIRE(report);
    CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Mounted);
  }
  SECTION("a remembered one costs one request") {
    World world;
    REQUIRE(world.run({world.source.add(bytes)}));
    FakeStore second(world.registry, "team/second");
    auto request = world.request({descriptor_of(bytes)});
    request.may_mount_from = all_may;
    const int heads = world.registry.state.lock()->heads;
    const auto report = world.engine.transfer(world.source, second, request, {});
    REQUIRE(report);
    CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Mounted);
    CHECK(world.registry.state.lock()->heads == heads);
  }
  SECTION("not one that the publisher may not read") {
    World world;
    REQUIRE(world.run({world.source.add(bytes)}));
    FakeStore second(world.registry, "team/second");
    auto request = world.request({descriptor_of(bytes)});
    request.may_mount_from = [](const std::string& repository) { return repository != "team/app"; };
    request.mount_from = {"team/app"};
    const auto report = world.engine.transfer(world.source, second, request, {});
    REQUIRE(report);
    CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
    CHECK(world.registry.state.lock()->mount_requests == 0);
  }
  SECTION("a registry that does not mount gets the bytes") {
    World world;
    world.registry.state.lock()->mounts = false;
    REQUIRE(world.run({world.source.add(bytes)}));
    FakeStore second(world.registry, "team/second");
    auto request = world.request({descriptor_of(bytes)});
    request.may_mount_from = all_may;
    REQUIRE(world.engine.transfer(world.source, second, request, {}));
    CHECK(world.holds(bytes, "team/second"));
  }
  SECTION("a blob that is gone where it was is sent again") {
    World world;
    REQUIRE(world.run({world.source.add(bytes)}));
    world.registry.state.lock()->blobs.clear();
    const auto report = world.run({descriptor_of(bytes)});
    REQUIRE(report);
    CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
    CHECK(world.holds(bytes));
  }
}

TEST_CASE("a blob of another size than its manifest says is not taken, however it got there", "[transfer]") {
  const std::string bytes = bytes_of(100);
  content::Descriptor lying = descriptor_of(bytes);
  lying.size = GENERATE(99, 101);
  World world;
  SECTION("there already") {
    world.registry.state.lock()->blobs["team/app"][lying.digest] = bytes;
  }
  SECTION("mounted") {
    world.registry.state.lock()->blobs["base"][lying.digest] = bytes;
  }
  SECTION("sent by this process before") {
    REQUIRE(world.run({world.source.add(bytes)}));
  }
  SECTION("sent by this process to another repository") {
    FakeStore other{world.registry, "other"};
    REQUIRE(world.engine.transfer(world.source, other, world.request({world.source.add(bytes)}), {}));
  }
  SECTION("sent now") {
    world.source.add(bytes);
  }
  auto request = world.request({lying});
  request.mount_from = {"base"};
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE(!report);
  CHECK(report.error().cls == ErrorClass::Integrity);
}

TEST_CASE("a blob wanted by many at once is sent once", "[transfer]") {
  const std::string bytes = bytes_of(50'000);
  const bool same_repository = GENERATE(true, false);
  World world;
  world.while_waiting = until_stopped;
  const content::Descriptor blob = world.source.add(bytes);
  std::vector<std::future<Result<BlobTransferReport>>> running;
  for (int i = 0; i < 8; ++i)
    running.push_back(std::async(std::launch::async, [&, i] {
      FakeStore store(world.registry, same_repository ? "team/app" : "team/app" + std::to_string(i));
      auto request = world.request({blob});
      request.may_mount_from = all_may;
      return world.engine.transfer(world.source, store, request, {});
    }));
  int sent = 0;
  for (auto& one : running) {
    const auto report = one.get();
    REQUIRE(report);
    sent += report->outcomes.at(blob.digest) == BlobOutcome::Sent ? 1 : 0;
  }
  CHECK(sent == 1);
  CHECK(world.registry.state.lock()->received == blob.size);
}

TEST_CASE("who waits for a blob sends it itself when the other fails", "[transfer]") {
  World world;
  const std::string bytes = bytes_of(50'000);
  const content::Descriptor blob = world.source.add(bytes);
  world.while_waiting = until_stopped;
  FakeSource broken;
  std::promise<void> reading;
  std::promise<void> go_on;
  broken.on_read = [&](const Digest&) {
    reading.set_value();
    go_on.get_future().wait();
  };
  auto first = std::async(std::launch::async,
                          [&] { return world.engine.transfer(broken, world.store, world.request({blob}), {}); });
  reading.get_future().wait();
  auto second = std::async(std::launch::async, [&] { return world.run({blob}); });
  go_on.set_value();
  CHECK(first.get().error().cls == ErrorClass::NotFound);
  const auto report = second.get();
  REQUIRE(report);
  CHECK(report->outcomes.at(blob.digest) == BlobOutcome::Sent);
}

namespace {

/// Somebody who sends a blob to another repository, from a source that gives nothing until it is let go on.
class StuckSender {
 public:
  StuckSender(World& world, const std::vector<std::string>& blobs, int concurrency = 1) : world_(world) {
    source_.on_read = [this](const Digest& digest) {
      if (!std::exchange(is_read_, true)) read_.set_value(digest);
      gone_on_.wait();
    };
    auto request = world.request({});
    for (const std::string& blob : blobs) request.blobs.push_back(source_.add(blob));
    request.concurrency = concurrency;
    request.may_mount_from = all_may;
    sending_ = std::async(std::launch::async,
                          [this, request] { return world_.engine.transfer(source_, store_, request, {}); });
    reading_ = read_.get_future().get();
  }
  const Digest& reading() const { return *reading_; }
  Result<BlobTransferReport> end() {
    go_on_.set_value();
    return sending_.get();
  }

 private:
  World& world_;
  FakeSource source_;
  FakeStore store_{world_.registry, "rival"};
  bool is_read_ = false;
  std::promise<Digest> read_;
  std::optional<Digest> reading_;
  std::promise<void> go_on_;
  std::shared_future<void> gone_on_ = go_on_.get_future().share();
  std::future<Result<BlobTransferReport>> sending_;
};

}  // namespace

TEST_CASE("nobody waits long for a blob behind one who does not get on with it", "[transfer]") {
  World world;
  const std::string bytes = bytes_of(50'000);
  StuckSender rival(world, {bytes});
  auto request = world.request({world.source.add(bytes)});
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
  CHECK(*world.waits.lock() == std::vector<std::chrono::milliseconds>(2, world.rules.look_after));
  CHECK(rival.end());
}

TEST_CASE("who has the blob already does not wait for who sends it elsewhere", "[transfer]") {
  World world;
  const std::string bytes = bytes_of(50'000);
  world.registry.state.lock()->blobs["team/app"][Digest::of(bytes)] = bytes;
  StuckSender rival(world, {bytes});
  auto request = world.request({world.source.add(bytes)});
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Present);
  CHECK(world.waits.lock()->empty());
  CHECK(rival.end());
}

TEST_CASE("a sender who gets on is waited for, however often one looks", "[transfer]") {
  World world;
  const std::string bytes = bytes_of(8 << 20);
  const content::Descriptor blob = world.source.add(bytes);
  runtime::Guarded<std::int64_t> allowed(1);
  std::condition_variable_any more;
  std::promise<void> began;
  auto sending = world.request({blob});
  sending.on_progress = [&](const TransferProgress& progress) {
    if (progress.bytes_done > 0 && progress.bytes_done <= 700) began.set_value();
    auto held = allowed.lock();
    held.wait(more, {}, [&] { return progress.bytes_done <= *held; });
  };
  FakeSource other;
  other.add(bytes);
  auto first = std::async(std::launch::async, [&] { return world.engine.transfer(other, world.store, sending, {}); });
  began.get_future().wait();
  int looks = 0;
  world.while_waiting = [&](const std::stop_token& stop) {
    *allowed.lock() += 1'400'000;
    more.notify_all();
    if (++looks > 5) return until_stopped(stop);
    const auto is_there = [&] {
      return world.registry.state.lock()->received >= *allowed.lock() - 700 || stop.stop_requested();
    };
    while (!is_there()) std::this_thread::yield();
  };
  FakeStore store(world.registry, "team/second");
  auto request = world.request({blob});
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, store, request, {});
  REQUIRE(first.get());
  CHECK(report->outcomes.at(blob.digest) == BlobOutcome::Mounted);
  CHECK(world.registry.state.lock()->received == blob.size);
  CHECK(looks == 6);
}

TEST_CASE("a blob that waits for its turn keeps nobody else waiting for it", "[transfer]") {
  World world(1);
  const std::string one = bytes_of(50'000);
  const std::string other = bytes_of(60'000, 3);
  StuckSender rival(world, {one, other}, 2);
  const std::string& bytes = rival.reading() == Digest::of(one) ? other : one;  // The first has the only stream.
  while (world.registry.state.lock()->heads < 2) std::this_thread::yield();
  auto request = world.request({world.source.add(bytes)});
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
  const auto rivals = rival.end();
  CHECK(rivals->outcomes.at(Digest::of(bytes)) == BlobOutcome::Mounted);
  CHECK(world.registry.state.lock()->received == 110'000);
}

TEST_CASE("of those who send a blob in vain one after the other few are waited for", "[transfer]") {
  World world;
  const std::string bytes = bytes_of(50'000);
  const content::Descriptor blob = world.source.add(bytes);
  std::vector<std::unique_ptr<StuckSender>> rivals;
  for (int i = 0; i < 4; ++i) rivals.push_back(std::make_unique<StuckSender>(world, std::vector{bytes}));
  world.waits.lock()->clear();
  auto request = world.request({blob});
  request.may_mount_from = all_may;
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(world.waits.lock()->size() == 4);
  for (auto& rival : rivals) CHECK(rival->end());
}

TEST_CASE("a cut of the source is read on into the open upload", "[transfer]") {
  for (const std::int64_t size : {kWhole, std::int64_t{60'000}})
    for (const std::int64_t after : {std::int64_t{0}, std::int64_t{1}, size / 2, size - 1, size}) {
      World world;
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
      World world;
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

TEST_CASE("an upload that the destination forgot starts again, alone", "[transfer]") {
  World world;
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
  World world;
  const std::string bytes = bytes_of(3'000);
  const content::Descriptor blob = world.source.add(bytes);
  world.registry.state.lock()->cuts.push_back(cut_after(1'000));
  REQUIRE(world.run({blob}));
  CHECK(world.holds(bytes));
}

TEST_CASE("an answer that is lost after the registry did the work sends nothing again", "[transfer]") {
  for (const std::size_t size : {3'000U, 60'000U}) {
    World world;
    const std::string bytes = bytes_of(size);
    const content::Descriptor blob = world.source.add(bytes);
    world.registry.state.lock()->finish_works = true;
    world.registry.state.lock()->finish_errors.push_back({.cls = ErrorClass::Unavailable, .message = "lost"});
    REQUIRE(world.run({blob}));
    CHECK(world.registry.state.lock()->received == blob.size);
  }
}

TEST_CASE("both ends cut in turns still end well", "[transfer]") {
  World world;
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
  World world;
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
  World world;
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
  World world;
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
  World world;
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

TEST_CASE("what a library throws ends the transfer, not the process", "[transfer]") {
  World world;
  const std::vector<content::Descriptor> blobs{world.source.add(bytes_of(60'000)),
                                               world.source.add(bytes_of(70'000, 3))};
  auto request = world.request(blobs);
  SECTION("where a blob is read") {
    world.source.on_read = [](const Digest&) { throw std::runtime_error("broken library"); };
  }
  SECTION("where a blob is sent") {
    request.on_progress = [](const TransferProgress& progress) {
      if (progress.bytes_done > 0) throw std::runtime_error("broken library");
    };
  }
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Internal);
  CHECK(report.error().message.find("broken library") != std::string::npos);
  CHECK(world.registry.state.lock()->open == 0);
}

TEST_CASE("where no thread can be started the calling one sends what takes no other", "[transfer]") {
  World world;
  const tests::NoThreads none;
  const std::string one = bytes_of(1'000);
  const std::string other = bytes_of(900, 3);
  CHECK(world.run({world.source.add(one), world.source.add(other)}));
  CHECK(world.holds(one));
  CHECK(world.holds(other));
}

TEST_CASE("where the thread that reads a blob can't be started it is tried again, and the remedy says so",
          "[transfer]") {
  World world;
  const content::Descriptor blob = world.source.add(bytes_of(60'000));
  const tests::NoThreads none;
  const auto report = world.run({blob});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Unavailable);
  CHECK(report.error().remedy.find("limit of threads") != std::string::npos);
  CHECK_FALSE(world.holds(bytes_of(60'000)));
}

TEST_CASE("no more blobs are under way at once than the rules say", "[transfer]") {
  World world;
  constexpr int kWanted = 9;  // Of 6 that may.
  world.source.on_read = [&](const Digest&) {
    while (world.registry.state.lock()->heads < kWanted) std::this_thread::yield();
  };
  std::vector<content::Descriptor> blobs;
  for (unsigned i = 0; i < kWanted; ++i) blobs.push_back(world.source.add(bytes_of(60'000, i)));
  auto request = world.request(blobs);
  request.concurrency = kWanted;
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(world.registry.state.lock()->most_open == 6);
}

TEST_CASE("a source that lies is Integrity and the upload is given back", "[transfer]") {
  for (const std::size_t size : {3'000U, 60'000U}) {
    const std::string bytes = bytes_of(size);
    std::string other = bytes;
    other[size / 2] = static_cast<char>(other[size / 2] ^ 1);
    for (const std::string& lie : {other, bytes + "x", bytes.substr(1)}) {
      World world;
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
  World world;
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
    World world;
    const content::Descriptor blob = world.source.add(bytes);
    for (int i = 0; i < 9; ++i) world.source.cut(blob.digest, cut_after(0));
    const auto report = world.run({blob});
    REQUIRE_FALSE(report);
    CHECK(report.error().cls == ErrorClass::Unavailable);
    CHECK(world.source.offsets().size() == 4);
    CHECK(world.registry.state.lock()->cancelled == 1);
  }
  SECTION("one that goes a little further each time is not") {
    World world;
    const content::Descriptor blob = world.source.add(bytes);
    for (int i = 0; i < 50; ++i) world.source.cut(blob.digest, cut_after(1'000));
    CHECK(world.run({blob}));
  }
  SECTION("Retry-After is obeyed") {
    World world;
    const content::Descriptor blob = world.source.add(bytes);
    Cut cut = cut_after(0, ErrorClass::Throttled);
    cut.error.retry_after = std::chrono::seconds(17);
    world.registry.state.lock()->cuts.push_back(cut);
    REQUIRE(world.run({blob}));
    REQUIRE(world.waits.lock()->size() == 1);
    CHECK(world.waits.lock()->front() >= std::chrono::seconds(17));
  }
  SECTION("one beyond the bound ends the transfer with it") {
    World world;
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
      World world;
      const content::Descriptor blob = world.source.add(bytes);
      world.registry.state.lock()->cuts.push_back(cut_after(5'000, cls));
      const auto report = world.run({blob});
      REQUIRE_FALSE(report);
      CHECK(report.error().cls == cls);
      CHECK(world.registry.state.lock()->cancelled == 1);
    }
  }
}

TEST_CASE("progress adds up, never goes back, and ends full", "[transfer]") {
  World world;
  std::vector<content::Descriptor> blobs;
  for (unsigned i = 0; i < 6; ++i) blobs.push_back(world.source.add(bytes_of(20'000 + i, i)));
  Cut cut = cut_after(10'000);
  cut.forgets = true;
  world.registry.state.lock()->cuts.push_back(cut);
  REQUIRE(world.run(blobs));
  auto seen = world.seen.lock();
  CHECK(seen->front().bytes_done == 0);
  CHECK(seen->back().bytes_done == seen->back().bytes_total);
  CHECK(seen->back().blobs_done == 6);
  CHECK(std::all_of(seen->begin(), seen->end(), [](const auto& p) { return p.bytes_done <= p.bytes_total; }));
}

TEST_CASE("a stop ends everything with Cancelled and gives uploads back", "[transfer]") {
  World world;
  std::stop_source stop;
  const content::Descriptor blob = world.source.add(bytes_of(60'000));
  auto request = world.request({blob, world.source.add(bytes_of(50'000, 3))});
  request.on_progress = [&](const TransferProgress& progress) {
    if (progress.bytes_done > 1'000) stop.request_stop();
  };
  const auto report = world.engine.transfer(world.source, world.store, request, stop.get_token());
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Cancelled);
  auto state = world.registry.state.lock();
  CHECK(state->cancelled == state->uploads);
}

TEST_CASE("what a transfer that fails did is told all the same", "[transfer]") {
  World world;
  const content::Descriptor blob = world.source.add(bytes_of(60'000));
  const content::Descriptor small = world.source.add(bytes_of(100));
  world.registry.state.lock()->blobs["team/app"][small.digest] = bytes_of(100);
  world.registry.state.lock()->cuts.push_back(cut_after(7'000, ErrorClass::Forbidden));
  auto request = world.request({blob, small});
  request.concurrency = 1;
  std::vector<BlobTransferReport> reports;
  request.on_end = [&](const BlobTransferReport& report) { reports.push_back(report); };
  REQUIRE_FALSE(world.engine.transfer(world.source, world.store, request, {}));
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].bytes_sent >= 7'000);
  CHECK(reports[0].bytes_sent < 60'000);
  CHECK(reports[0].outcomes.empty());
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  REQUIRE(reports.size() == 2);
  CHECK(reports[1].bytes_sent == 60'000);
  CHECK(reports[1].outcomes.size() == 2);
}

TEST_CASE("of a transfer that fails every note is told, however many there are", "[transfer]") {
  World world;
  const content::Descriptor slow = world.source.add(bytes_of(100));
  const content::Descriptor failing = world.source.add(bytes_of(60'000, 3));
  world.source.cut(slow.digest, cut_after(0));
  for (int i = 0; i < 20; ++i) world.source.cut(failing.digest, cut_after(2'000));
  world.source.cut(failing.digest, cut_after(0, ErrorClass::Forbidden));
  std::binary_semaphore is_telling(0);
  std::binary_semaphore last_reading(0);
  int readings = 0;
  world.source.on_read = [&](const Digest& digest) {
    if (digest != failing.digest) return;
    if (++readings == 1) is_telling.acquire();
    if (readings == 21) last_reading.release();
  };
  auto request = world.request({slow, failing});
  request.concurrency = 2;
  std::vector<std::string> notes;
  request.on_progress = [&](const TransferProgress& progress) {
    if (progress.note.empty()) return;
    notes.push_back(progress.note);
    if (notes.size() > 1) return;
    is_telling.release();
    last_reading.acquire();
  };
  REQUIRE_FALSE(world.engine.transfer(world.source, world.store, request, {}));
  const std::string layer = "layer " + failing.digest.short_hex();
  CHECK(std::ranges::count_if(notes, [&](const auto& note) { return note.starts_with(layer); }) == 39);
}

TEST_CASE("the first blob that fails stops the others and its error is told", "[transfer]") {
  World world;
  const content::Descriptor good = world.source.add(bytes_of(60'000));
  const auto report = world.run({good, descriptor_of("missing at the source")});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::NotFound);
  CHECK(report.error().message.find(Digest::of("missing at the source").str()) != std::string::npos);
}

TEST_CASE("the rate limit holds all that goes to the registry", "[transfer]") {
  World world;
  auto request = world.request({world.source.add(bytes_of(100'000))});
  request.max_bytes_per_second = 10'000;
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  std::chrono::milliseconds sum{0};
  for (const auto held = world.waits.lock(); const auto wait : *held) sum += wait;
  CHECK(sum > std::chrono::milliseconds(9'500));
  CHECK(sum < std::chrono::milliseconds(10'300));
}

TEST_CASE("a low rate limit waits a second at a time and shows what was sent", "[transfer]") {
  World world;
  auto request = world.request({world.source.add(bytes_of(5'000))});
  request.max_bytes_per_second = 100;
  int shown = 0;
  request.on_progress = [&](const TransferProgress&) { ++shown; };
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(std::ranges::max(*world.waits.lock()) <= std::chrono::milliseconds{1'000});
  CHECK(shown >= 48);
}

TEST_CASE("of two limits for one host the slower counts while both are under way", "[transfer]") {
  World world;
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

TEST_CASE("deep: the uncompressed layer is held against its diff id, also where nothing was sent", "[transfer]") {
  const std::string layer = bytes_of(60'000);
  const bool present = GENERATE(false, true);
  const bool right = GENERATE(false, true);
  World world;
  if (present) world.registry.state.lock()->blobs["team/app"][Digest::of(layer)] = layer;
  auto request = world.request({world.source.add(layer)});
  request.deep = true;
  request.diff_ids[Digest::of(layer)] = Digest::of(right ? layer : "other").str();
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  CHECK(report.has_value() == right);
  if (!right) CHECK(report.error().cls == ErrorClass::Integrity);
}

TEST_CASE("deep: how far the reading of a layer that is there has come is told", "[transfer]") {
  const std::string layer = bytes_of(60'000);
  const auto digest = Digest::of(layer);
  World world;
  world.registry.state.lock()->blobs["team/app"][digest] = layer;
  auto request = world.request({world.source.add(layer)});
  request.deep = true;
  request.diff_ids[digest] = digest.str();
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  const auto seen = world.seen.lock();
  CHECK(std::ranges::any_of(*seen, [](const auto& told) { return told.bytes_done > 0 && told.bytes_done < 60'000; }));
  CHECK(std::ranges::is_sorted(*seen, {}, &TransferProgress::bytes_done));
  CHECK(seen->back().bytes_done == 60'000);
}

TEST_CASE("deep: a layer that was found right is read once, one that was not each time", "[transfer]") {
  const std::string layer = bytes_of(60'000);
  const auto digest = Digest::of(layer);
  const bool right = GENERATE(true, false);
  const bool sent = GENERATE(false, true);
  World world;
  if (!sent) world.registry.state.lock()->blobs["team/app"][digest] = layer;
  auto request = world.request({world.source.add(layer)});
  request.deep = true;
  request.diff_ids[digest] = Digest::of(right ? layer : "other").str();
  CHECK(world.engine.transfer(world.source, world.store, request, {}).has_value() == right);
  const int before = world.registry.state.lock()->reads;
  CHECK(before == (sent ? 0 : 1));

  SECTION("in another repository too") {
    FakeStore other{world.registry, "team/other"};
    world.registry.state.lock()->blobs["team/other"][digest] = layer;
    CHECK(world.engine.transfer(world.source, other, request, {}).has_value() == right);
    CHECK(world.registry.state.lock()->reads - before == (right ? 0 : 1));
  }
  SECTION("but for another diff id it is read again") {
    world.registry.state.lock()->blobs["team/app"][digest] = layer;
    request.diff_ids[digest] = Digest::of("else").str();
    CHECK_FALSE(world.engine.transfer(world.source, world.store, request, {}));
    CHECK(world.registry.state.lock()->reads - before == 1);
  }
}

TEST_CASE("deep: layers that take much memory are sent at once and read one at a time", "[transfer]") {
  World world;
  const bool right = GENERATE(true, false);
  const bool present = GENERATE(true, false);
  auto request = world.request({});
  request.deep = true;
  for (unsigned i = 0; i < 4; ++i) {
    const std::string plain = bytes_of(60'000, i + 1);
    const std::string layer = tests::zstd_with_window(27, plain);
    request.blobs.push_back(world.source.add(layer));
    request.diff_ids[Digest::of(layer)] = Digest::of(right ? plain : "other").str();
    if (present) world.registry.state.lock()->blobs["team/app"][Digest::of(layer)] = layer;
  }
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  CHECK(report.has_value() == right);
  if (!right) CHECK(report.error().cls == ErrorClass::Integrity);
  if (right) CHECK(world.registry.state.lock()->reads == (present ? 8 : 4));
  if (!present) CHECK(world.registry.state.lock()->most_reading == 1);
}

TEST_CASE("deep: of layers that were found right a bounded number is known", "[transfer]") {
  CheckedLayers checked(2);
  const auto a = Digest::of("a");
  const auto b = Digest::of("b");
  const auto c = Digest::of("c");
  checked.add(a, "1");
  checked.add(b, "2");
  checked.add(a, "1");
  CHECK(checked.holds(a, "1"));
  CHECK_FALSE(checked.holds(a, "2"));
  CHECK_FALSE(checked.holds(c, "3"));
  checked.add(c, "3");
  CHECK_FALSE(checked.holds(a, "1"));
  CHECK(checked.holds(b, "2"));
  CHECK(checked.holds(c, "3"));
}
