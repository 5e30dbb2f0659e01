#include "controller/transfer/transfer_engine.h"

#include <algorithm>
#include <latch>
#include <semaphore>
#include <set>
#include <stdexcept>
#include <thread>

#include "controller/telemetry/log.h"
#include "reconcilers/reasons.h"
#include "tests/catch.h"
#include "tests/support/no_threads.h"
#include "tests/support/transfer_world.h"

using namespace slipway;
using namespace slipway::testing;
using namespace slipway::transfer;

TEST_CASE("every size arrives whole, around each bound", "[transfer]") {
  for (const std::size_t size : {0, 1, 699, 700, 4095, 4096, 4097, 4999, 5000, 5001, 100'000}) {
    TransferWorld world;
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
  TransferWorld world;
  const std::string bytes = bytes_of(100);
  world.registry.state.lock()->blobs["team/app"][Digest::of(bytes)] = bytes;
  const auto report = world.run({descriptor_of(bytes)});
  REQUIRE(report);
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Present);
  CHECK(world.source.offsets().empty());
}

TEST_CASE("what is likely missing is sent unasked, and mounted where it is known to be", "[transfer]") {
  TransferWorld world;
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
    TransferWorld world;
    world.registry.state.lock()->blobs["base"][Digest::of(bytes)] = bytes;
    auto request = world.request({descriptor_of(bytes)});
    request.mount_from = {"other", "base"};
    const auto report = world.engine.transfer(world.source, world.store, request, {});
    REQUIRE(report);
    CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Mounted);
  }
  SECTION("a remembered one costs one request") {
    TransferWorld world;
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
    TransferWorld world;
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
    TransferWorld world;
    world.registry.state.lock()->mounts = false;
    REQUIRE(world.run({world.source.add(bytes)}));
    FakeStore second(world.registry, "team/second");
    auto request = world.request({descriptor_of(bytes)});
    request.may_mount_from = all_may;
    REQUIRE(world.engine.transfer(world.source, second, request, {}));
    CHECK(world.holds(bytes, "team/second"));
  }
  SECTION("a blob that is gone where it was is sent again") {
    TransferWorld world;
    REQUIRE(world.run({world.source.add(bytes)}));
    world.registry.state.lock()->blobs.clear();
    const auto report = world.run({descriptor_of(bytes)});
    REQUIRE(report);
    CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
    CHECK(world.holds(bytes));
  }
}

TEST_CASE("mounting is tried from few of the given repositories, and what fails is sent", "[transfer]") {
  const std::string bytes = bytes_of(100);
  TransferWorld world;
  auto request = world.request({world.source.add(bytes)});
  request.mount_from = {"team/app", "a", "b", "c", "d"};
  world.registry.state.lock()->blobs["d"][Digest::of(bytes)] = bytes;
  SECTION("those that lack it") {}
  SECTION("errors are no mounts") {
    world.registry.state.lock()->mount_errors.assign(
        3, {.cls = ErrorClass::Forbidden, .message = "not from there", .remedy = "ask"});
  }
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE(report);
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Sent);
  CHECK(world.registry.state.lock()->mount_requests == 3);
}

TEST_CASE("a mount that is stopped, or a look that fails, ends the transfer", "[transfer]") {
  const std::string bytes = bytes_of(100);
  TransferWorld world;
  auto request = world.request({world.source.add(bytes)});
  request.mount_from = {"a", "b"};
  SECTION("the mount") {
    world.registry.state.lock()->mount_errors.assign(1, {.cls = ErrorClass::Cancelled, .message = "stopped"});
    CHECK(world.engine.transfer(world.source, world.store, request, {}).error().cls == ErrorClass::Cancelled);
    CHECK(world.registry.state.lock()->mount_requests == 1);
  }
  SECTION("the look") {
    world.registry.state.lock()->head_errors.assign(1, {.cls = ErrorClass::Unauthorized, .message = "who?"});
    CHECK(world.engine.transfer(world.source, world.store, request, {}).error().cls == ErrorClass::Unauthorized);
    CHECK(world.registry.state.lock()->mount_requests == 0);
  }
  CHECK(world.registry.state.lock()->uploads == 0);
}

TEST_CASE("of repositories that are remembered the next is tried where the last has lost the blob", "[transfer]") {
  const std::string bytes = bytes_of(100);
  TransferWorld world;
  const content::Descriptor blob = world.source.add(bytes);
  for (const char* repository : {"team/a", "team/b"}) {
    FakeStore store(world.registry, repository);
    REQUIRE(world.engine.transfer(world.source, store, world.request({blob}), {}));
  }
  world.registry.state.lock()->blobs["team/b"].clear();
  auto request = world.request({blob});
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE(report);
  CHECK(report->outcomes.at(blob.digest) == BlobOutcome::Mounted);
  CHECK(world.registry.state.lock()->mount_requests == 2);
}

TEST_CASE("a blob of another size than its manifest says is not taken, however it got there", "[transfer]") {
  const std::string bytes = bytes_of(100);
  content::Descriptor lying = descriptor_of(bytes);
  lying.size = GENERATE(99, 101);
  TransferWorld world;
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

TEST_CASE("what a library throws ends the transfer, not the process", "[transfer]") {
  TransferWorld world;
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

TEST_CASE("a listener that throws at the first word ends the transfer, which is told all the same", "[transfer]") {
  TransferWorld world;
  auto request = world.request({world.source.add(bytes_of(60'000))});
  request.on_progress = [](const TransferProgress&) { throw std::runtime_error("broken listener"); };
  int ended = 0;
  request.on_end = [&](const BlobTransferReport&) { ++ended; };
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Internal);
  CHECK(ended == 1);
  CHECK(world.registry.state.lock()->uploads == 0);
}

TEST_CASE("where no thread can be started the calling one sends what takes no other", "[transfer]") {
  TransferWorld world;
  const tests::NoThreads none;
  const std::string one = bytes_of(1'000);
  const std::string other = bytes_of(900, 3);
  CHECK(world.run({world.source.add(one), world.source.add(other)}));
  CHECK(world.holds(one));
  CHECK(world.holds(other));
}

TEST_CASE("no more blobs are under way at once than the rules say", "[transfer]") {
  TransferWorld world;
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

TEST_CASE("progress adds up, never goes back, and ends full", "[transfer]") {
  TransferWorld world;
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

TEST_CASE("large blobs go first, also where no worker is asked for", "[transfer]") {
  TransferWorld world;
  std::vector<content::Descriptor> blobs;
  for (const std::size_t size : {100U, 300U, 200U}) blobs.push_back(world.source.add(bytes_of(size)));
  std::vector<Digest> read;
  world.source.on_read = [&](const Digest& digest) { read.push_back(digest); };
  auto request = world.request(blobs);
  request.concurrency = GENERATE(1, 0, -1);
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(read == std::vector<Digest>{blobs[1].digest, blobs[2].digest, blobs[0].digest});
}

TEST_CASE("nothing is asked for a blob of less than no size, or after a stop", "[transfer]") {
  TransferWorld world;
  const content::Descriptor good = world.source.add(bytes_of(100));
  content::Descriptor bad = good;
  bad.size = -1;
  CHECK(world.run({good, bad}).error().cls == ErrorClass::Integrity);
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = world.engine.transfer(world.source, world.store, world.request({good}), stop.get_token());
  CHECK(stopped.error().cls == ErrorClass::Cancelled);
  CHECK(world.registry.state.lock()->heads == 0);
  CHECK(world.seen.lock()->empty());
}

TEST_CASE("a stop ends everything with Cancelled and gives uploads back", "[transfer]") {
  TransferWorld world;
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

TEST_CASE("all threads of a transfer are in the visit that asked for it", "[transfer]") {
  const std::size_t size = GENERATE(100, 60'000);  // Read by the thread that sends it; by one of its own.
  TransferWorld world;
  runtime::Guarded<std::set<std::string>> visits;
  const auto note_visit = [&] { visits.lock()->insert(telemetry::current_reconcile_id()); };
  std::latch both_begun(2);
  world.source.on_read = [&](const Digest&) {
    both_begun.arrive_and_wait();
    note_visit();
  };
  auto request = world.request({world.source.add(bytes_of(size)), world.source.add(bytes_of(size, 3))});
  request.on_progress = [&](const TransferProgress&) { note_visit(); };
  request.concurrency = 2;
  const telemetry::ReconcileScope visit{"visit"};
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(*visits.lock() == std::set<std::string>{"visit"});
}

TEST_CASE("what a transfer that fails did is told all the same", "[transfer]") {
  TransferWorld world;
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
  TransferWorld world;
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
  TransferWorld world;
  const content::Descriptor good = world.source.add(bytes_of(60'000));
  const auto report = world.run({good, descriptor_of("missing at the source")});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::NotFound);
  CHECK(report.error().message.find(Digest::of("missing at the source").str()) != std::string::npos);
}

TEST_CASE("what fails for a moment is repeated, what another visit is to ask is not", "[transfer]") {
  const std::string bytes = bytes_of(100);
  TransferWorld world;
  const content::Descriptor blob = world.source.add(bytes);
  Error away{.cls = ErrorClass::Unavailable, .message = "503"};
  SECTION("for a moment") {
    world.registry.state.lock()->head_errors.assign(3, away);
    REQUIRE(world.run({blob}));
    CHECK(world.holds(bytes));
    CHECK(world.waits.lock()->size() == 3);
  }
  SECTION("for long") {
    world.registry.state.lock()->head_errors.assign(20, away);
    CHECK(world.run({blob}).error().cls == ErrorClass::Unavailable);
    CHECK(world.registry.state.lock()->heads == 4);
  }
  SECTION("of a silent host") {
    away.reason = reason::kHostSilent;
    SECTION("a look") {
      world.registry.state.lock()->head_errors.assign(1, away);
    }
    SECTION("the opening of an upload") {
      world.registry.state.lock()->start_errors.assign(1, away);
    }
    SECTION("the begin of a blob") {
      Cut cut = cut_after(0);
      cut.error = away;
      world.source.cut(blob.digest, cut);
    }
    CHECK(world.run({blob}).error().reason == reason::kHostSilent);
    CHECK(world.waits.lock()->empty());
  }
}

TEST_CASE("a blob that can't be had for now lets the others end what they have begun, and nothing more begins",
          "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(2'000'000);
  const content::Descriptor good = world.source.add(bytes);
  const content::Descriptor failing = world.source.add(bytes_of(60'000, 3));
  const content::Descriptor later = world.source.add(bytes_of(100, 5));
  for (int i = 0; i < 20; ++i) world.source.cut(failing.digest, cut_after(0));
  std::binary_semaphore is_over(0);
  int readings = 0;
  world.source.on_read = [&](const Digest& digest) {
    if (digest == good.digest) is_over.acquire();
    if (digest == failing.digest && ++readings == 4) is_over.release();
  };
  auto request = world.request({good, failing, later});
  request.concurrency = 2;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Unavailable);
  CHECK(world.holds(bytes));
  CHECK_FALSE(world.holds(bytes_of(100, 5)));
}
