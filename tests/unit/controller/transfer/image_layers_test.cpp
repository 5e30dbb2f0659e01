#include "controller/transfer/image_layers.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <utility>

#include "controller/transfer/checked_layers.h"
#include "tests/catch.h"
#include "tests/support/transfer_world.h"
#include "tests/support/zstd_frame.h"

using namespace slipway;
using namespace slipway::testing;
using namespace slipway::transfer;

namespace {

std::string read_there(const Digest& layer) {
  return "layer " + layer.short_hex() + " is there: it is read at the registry, to be checked";
}

}  // namespace

TEST_CASE("deep: the uncompressed layer is held against its diff id, also where nothing was sent", "[transfer]") {
  const std::string layer = bytes_of(60'000);
  const bool present = GENERATE(false, true);
  const bool right = GENERATE(false, true);
  TransferWorld world;
  if (present) world.registry.state.lock()->blobs["team/app"][Digest::of(layer)] = layer;
  auto request = world.request({world.source.add(layer)});
  request.deep = true;
  request.diff_ids[Digest::of(layer)] = Digest::of(right ? layer : "other").str();
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  CHECK(report.has_value() == right);
  if (!right) CHECK(report.error().cls == ErrorClass::Integrity);
}

TEST_CASE("deep: which layers are read at the registry is told, and no word of those that are sent or known",
          "[transfer]") {
  const std::string there = bytes_of(60'000);
  const std::string sent = bytes_of(50'000, 3);
  const std::string not_checked = bytes_of(200, 5);
  TransferWorld world;
  world.registry.state.lock()->blobs["team/app"] = {{Digest::of(there), there}, {Digest::of(not_checked), not_checked}};
  auto request = world.request({world.source.add(there), world.source.add(sent), world.source.add(not_checked)});
  request.deep = true;
  for (const auto& layer : {there, sent}) request.diff_ids[Digest::of(layer)] = Digest::of(layer).str();
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(world.notes() == std::vector<std::string>{read_there(Digest::of(there))});
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(world.notes().size() == 1);
}

TEST_CASE("deep: how far the reading of a layer that is there has come is told", "[transfer]") {
  const std::string layer = bytes_of(60'000);
  const auto digest = Digest::of(layer);
  TransferWorld world;
  world.registry.state.lock()->blobs["team/app"][digest] = layer;
  auto request = world.request({world.source.add(layer)});
  request.deep = true;
  request.diff_ids[digest] = digest.str();
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(world.notes() == std::vector<std::string>{read_there(digest)});
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
  TransferWorld world;
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
  TransferWorld world;
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

namespace {

/// Requests for a layer each that waits for its turn.
struct LargeWindows {
  BlobTransferRequest request_for(unsigned seed, const std::string& tenant = "team") {
    const std::string plain = bytes_of(60'000, seed);
    const std::string layer = tests::zstd_with_window(27, plain);
    auto request = world.request({world.source.add(layer)});
    request.tenant = tenant;
    request.deep = true;
    request.diff_ids[Digest::of(layer)] = Digest::of(plain).str();
    return request;
  }
  std::future<Result<BlobTransferReport>> start(const BlobTransferRequest& request) {
    return std::async(std::launch::async, [this, &request] { return run(request); });
  }
  Result<BlobTransferReport> run(const BlobTransferRequest& request) {
    return world.engine.transfer(world.source, world.store, request, {});
  }
  /// Calls `then` when the request has come into the row.
  static ProgressListener once_it_waits(std::function<void()> then) {
    return [then = std::move(then), once = false](const TransferProgress& told) mutable {
      const bool waits = told.note.find("when its turn comes") != std::string::npos;
      if (waits && !std::exchange(once, true)) then();
    };
  }
  void cut_reading(Cut cut) { world.registry.state.lock()->read_cuts.push_back(std::move(cut)); }
  int reads() { return world.registry.state.lock()->reads; }

  TransferWorld world;
};

}  // namespace

TEST_CASE("deep: who is long about a layer that takes much memory gives way to another request", "[transfer]") {
  LargeWindows windows;
  const bool is_long = GENERATE(true, false);
  std::promise<void> other_waits;
  auto other = windows.request_for(2);
  other.on_progress = LargeWindows::once_it_waits([&] { other_waits.set_value(); });
  const auto request = windows.request_for(1);
  std::future<Result<BlobTransferReport>> others;
  windows.cut_reading({.after = 20'000, .error = {.cls = ErrorClass::Unavailable, .message = "cut"}, .meanwhile = [&] {
                         others = windows.start(other);
                         other_waits.get_future().wait();
                         const auto& rules = windows.world.rules;
                         *windows.world.on_the_wire.lock() += rules.first_turn - std::chrono::seconds(is_long ? 0 : 10);
                       }});
  REQUIRE(windows.run(request));
  REQUIRE(others.get());
  CHECK(windows.reads() == 3);
  CHECK(windows.world.waits.lock()->size() == (is_long ? 0 : 1));
}

TEST_CASE("deep: a registry that gives no byte more holds up no other request's turn", "[transfer]") {
  LargeWindows windows;
  const auto other = windows.request_for(2, "victim");
  const auto request = windows.request_for(1, "rival");
  std::future<Result<BlobTransferReport>> others;
  windows.cut_reading({.after = 20'000, .hangs = true, .meanwhile = [&] {
                         others = windows.start(other);
                         *windows.world.on_the_wire.lock() += windows.world.rules.first_turn;
                       }});
  CHECK(windows.run(request));
  CHECK(others.get());
  CHECK(windows.reads() == 3);
}

TEST_CASE("deep: a wait before the next try holds up no other request's turn", "[transfer]") {
  LargeWindows windows;
  const auto other = windows.request_for(2, "victim");
  const auto request = windows.request_for(1, "rival");
  std::future<Result<BlobTransferReport>> others;
  windows.cut_reading({.after = 20'000, .error = {.cls = ErrorClass::Unavailable, .message = "cut"}});
  windows.world.while_waiting = [&](const std::stop_token& stop) {
    others = windows.start(other);
    *windows.world.on_the_wire.lock() += windows.world.rules.first_turn;
    until_stopped(stop);
  };
  CHECK(windows.run(request));
  CHECK(others.get());
  CHECK(windows.reads() == 3);
}

TEST_CASE("deep: another namespace's layer comes before the second of one with many", "[transfer]") {
  LargeWindows windows;
  const std::vector<std::string> tenants{"rival", "rival", "victim"};
  std::vector<BlobTransferRequest> requests;
  std::vector<std::promise<void>> waits(tenants.size());
  runtime::Guarded<std::vector<std::string>> turns;
  for (std::size_t i = 0; i < tenants.size(); ++i) {
    requests.push_back(windows.request_for(static_cast<unsigned>(i) + 2, tenants[i]));
    requests[i].on_progress = [&, i, calls = 0, waiting = LargeWindows::once_it_waits([&waits, i] {
                                                  waits[i].set_value();
                                                })](const TransferProgress& told) mutable {
      const bool was_waiting = calls > 0;
      waiting(told);
      if (was_waiting || told.waiting.find("when its turn comes") != std::string::npos) ++calls;
      if (calls == 2) turns.lock()->push_back(tenants[i]);
    };
  }
  std::vector<std::future<Result<BlobTransferReport>>> others;
  Cut cut = cut_after(20'000);
  cut.meanwhile = [&] {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      others.push_back(windows.start(requests[i]));
      waits[i].get_future().wait();
    }
  };
  windows.cut_reading(cut);
  CHECK(windows.run(windows.request_for(1, "rival")));
  for (auto& other : others) CHECK(other.get());
  CHECK(*turns.lock() == std::vector<std::string>{"victim", "rival", "rival"});
}

TEST_CASE("deep: a layer that is not read to its end in a few turns is left to the next attempt", "[transfer]") {
  LargeWindows windows;
  const auto most_turns = static_cast<std::size_t>(windows.world.rules.most_turns);
  std::vector<BlobTransferRequest> victims;
  std::vector<std::future<Result<BlobTransferReport>>> others;
  for (unsigned i = 0; i < most_turns; ++i) victims.push_back(windows.request_for(2 + i, "victim"));
  for (std::size_t i = 0; i < most_turns; ++i) {
    windows.cut_reading({.after = 20'000, .hangs = true, .meanwhile = [&, i] {
                           others.push_back(windows.start(victims[i]));
                           *windows.world.on_the_wire.lock() += windows.world.rules.longest_turn;
                         }});
    windows.cut_reading({.after = 60'000 + 9, .ends_well = true});
  }
  const auto report = windows.run(windows.request_for(1, "rival"));
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Unavailable);
  CHECK(report.error().message.find("could not be read to its end") != std::string::npos);
  CHECK(others.size() == most_turns);
  for (auto& each : others) CHECK(each.get());
}

TEST_CASE("deep: who is stopped while it has its turn is stopped, and not late", "[transfer]") {
  LargeWindows windows;
  std::stop_source stop;
  const auto request = windows.request_for(1);
  windows.cut_reading({.after = 20'000, .hangs = true, .meanwhile = [&] { stop.request_stop(); }});
  const auto report =
      windows.world.engine.transfer(windows.world.source, windows.world.store, request, stop.get_token());
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Cancelled);
  CHECK(windows.reads() == 1);
}

TEST_CASE("deep: of layers that were found right a bounded number is known", "[transfer]") {
  CheckedLayers checked(2);
  const auto a = Digest::of("a");
  const auto b = Digest::of("b");
  const auto c = Digest::of("c");
  checked.add(a, "1", 10);
  checked.add(b, "2", 20);
  checked.add(a, "1", 10);
  CHECK(checked.unpacked(a, "1") == 10);
  CHECK_FALSE(checked.unpacked(a, "2"));
  CHECK_FALSE(checked.unpacked(c, "3"));
  checked.add(c, "3", 30);
  CHECK_FALSE(checked.unpacked(a, "1"));
  CHECK(checked.unpacked(b, "2") == 20);
  CHECK(checked.unpacked(c, "3") == 30);
  checked.add(a, "1", 10);
  CHECK_FALSE(checked.unpacked(b, "2"));
  CHECK(checked.unpacked(c, "3") == 30);
}

namespace {

TransferRules rules_with(GrowthBounds image_growth) {
  TransferRules rules = small_rules();
  rules.image_growth = image_growth;
  return rules;
}

/// Layers that are each as large unpacked as they are, one after the other.
BlobTransferRequest request_for_layers(TransferWorld& world, const std::vector<std::string>& layers) {
  auto request = world.request({});
  request.deep = true;
  request.concurrency = 1;
  for (const std::string& layer : layers) {
    request.blobs.push_back(world.source.add(layer));
    request.diff_ids[Digest::of(layer)] = Digest::of(layer).str();
  }
  return request;
}

}  // namespace

TEST_CASE("deep: what the layers of an image unpack to together is bounded, however often it is tried", "[transfer]") {
  TransferWorld world(rules_with({.most_bytes = 150'000}));
  const std::vector<std::string> layers{bytes_of(60'000, 1), bytes_of(60'000, 2), bytes_of(60'000, 3)};
  const bool present = GENERATE(false, true);
  for (const std::string& layer : layers) {
    if (present) world.registry.state.lock()->blobs["team/app"][Digest::of(layer)] = layer;
  }
  auto request = request_for_layers(world, layers);
  request.blobs.insert(request.blobs.begin(), world.source.add("a config"));  // No layer, and not counted.
  for (int tried = 0; tried < 2; ++tried) {
    const auto report = world.engine.transfer(world.source, world.store, request, {});
    REQUIRE_FALSE(report);
    CHECK(report.error().cls == ErrorClass::Integrity);
    CHECK(report.error().message.find("with the image's other layers it grows without measure") != std::string::npos);
    CHECK(world.registry.state.lock()->reads == (present ? 3 + tried : 0));
  }
  CHECK(world.engine.transfer(world.source, world.store, request_for_layers(world, {layers[0], layers[2]}), {}));
}

TEST_CASE("deep: a layer that is read again counts once", "[transfer]") {
  TransferWorld world(rules_with({.most_bytes = 120'000}));
  SECTION("sent again from its start") {
    Cut cut = cut_after(30'000);
    cut.forgets = true;
    world.registry.state.lock()->cuts.push_back(cut);
    const auto request = request_for_layers(world, {bytes_of(60'000, 1), bytes_of(60'000, 2)});
    CHECK(world.engine.transfer(world.source, world.store, request, {}));
  }
  SECTION("found damaged by the registry when all of it was sent") {
    world.registry.state.lock()->finish_errors.push_back({.cls = ErrorClass::Integrity, .message = "differs"});
    const auto request = request_for_layers(world, {bytes_of(60'000, 1), bytes_of(60'000, 2)});
    CHECK(world.engine.transfer(world.source, world.store, request, {}));
  }
  SECTION("in turn") {
    auto request = request_for_layers(world, {});
    for (unsigned i = 0; i < 2; ++i) {
      const std::string plain = bytes_of(60'000, i + 1);
      const std::string layer =
          tests::zstd_with_window(23, bytes_of(10)) + tests::zstd_with_window(27, plain.substr(10));
      request.blobs.push_back(world.source.add(layer));
      request.diff_ids[Digest::of(layer)] = Digest::of(bytes_of(10) + plain.substr(10)).str();
    }
    CHECK(world.engine.transfer(world.source, world.store, request, {}));
    CHECK(world.registry.state.lock()->reads == 2);
  }
}

TEST_CASE("deep: a layer that the process knew before counts with what was read of it", "[transfer]") {
  TransferWorld world(rules_with({.always_allowed = 60'000, .most_growth = 1, .most_bytes = 1'000'000}));
  const std::vector<std::string> layers{bytes_of(60'000, 1), bytes_of(60'000, 2)};
  CHECK(world.engine.transfer(world.source, world.store, request_for_layers(world, {layers[0]}), {}));
  CHECK(world.engine.transfer(world.source, world.store, request_for_layers(world, layers), {}));
}

namespace {

/// A layer that is at the registry, and a request to look into it.
struct Present {
  explicit Present(std::string bytes = bytes_of(60'000)) : layer(std::move(bytes)) { put(layer); }
  void put(const std::string& bytes) { world.registry.state.lock()->blobs["team/app"][Digest::of(layer)] = bytes; }
  void cut_reading(std::int64_t after, ErrorClass cls = ErrorClass::Unavailable) {
    Cut cut = cut_after(after, cls);
    cut.meanwhile = [this] { *world.on_the_wire.lock() += time_of_a_reading; };
    world.registry.state.lock()->read_cuts.push_back(cut);
  }
  Result<BlobTransferReport> run() {
    return world.engine.transfer(world.source, world.store, request_for_layers(world, {layer}), {});
  }
  int reads() { return world.registry.state.lock()->reads; }

  TransferWorld world;
  std::string layer;
  std::chrono::seconds time_of_a_reading{0};
};

}  // namespace

TEST_CASE("deep: a reading that is cut goes on where it was", "[transfer]") {
  Present present;
  for (const std::int64_t after : {0, 1, 20'000}) present.cut_reading(after);
  CHECK(present.run());
  CHECK(present.reads() == 4);
  const std::string waiting = "layer " + Digest::of(present.layer).short_hex() + ": waiting 1 s: cut";
  CHECK(present.world.notes() == std::vector{read_there(Digest::of(present.layer)), waiting, waiting, waiting});
}

TEST_CASE("deep: a reading is cut a few times in a row, and once more as often as it gets on", "[transfer]") {
  Present present(bytes_of(1'000'000));
  const bool gets_on = GENERATE(true, false);
  present.time_of_a_reading = std::chrono::seconds(10);
  for (int i = 0; i < 10; ++i) present.cut_reading(10 * (8 << 10) + (gets_on ? 1 : 0));
  const auto report = present.run();
  CHECK(report.has_value() == gets_on);
  CHECK(present.reads() == (gets_on ? 11 : 4));
  if (gets_on) return;
  CHECK(report.error().cls == ErrorClass::Unavailable);
  CHECK(report.error().message.starts_with("reading " + Digest::of(present.layer).str()));
}

TEST_CASE("deep: what does not pass ends the reading at once", "[transfer]") {
  Present present;
  SECTION("the registry forbids it") {
    present.cut_reading(10, ErrorClass::Forbidden);
    CHECK(present.run().error().cls == ErrorClass::Forbidden);
  }
  SECTION("the registry gives less than it says") {
    present.world.registry.state.lock()->read_cuts.push_back({.after = 100, .ends_well = true});
    const auto report = present.run();
    REQUIRE_FALSE(report);
    CHECK(report.error().cls == ErrorClass::Integrity);
    CHECK(report.error().message.find("is shorter than its manifest says") != std::string::npos);
  }
  SECTION("the registry gives other bytes") {
    std::string other = present.layer;
    other.back() = static_cast<char>(other.back() ^ 1);
    present.put(other);
    CHECK(present.run().error().cls == ErrorClass::Integrity);
  }
  CHECK(present.reads() == 1);
  CHECK(present.world.waits.lock()->empty());
}

TEST_CASE("deep: a layer without a byte is held against its diff id too", "[transfer]") {
  const bool right = GENERATE(true, false);
  Present present("");
  auto request = request_for_layers(present.world, {""});
  if (!right) request.diff_ids[Digest::of("")] = Digest::of("other").str();
  const auto report = present.world.engine.transfer(present.world.source, present.world.store, request, {});
  CHECK(report.has_value() == right);
  if (!right) CHECK(report.error().cls == ErrorClass::Integrity);
}

TEST_CASE("deep: only what has a diff id is read, and only on request", "[transfer]") {
  Present present;
  auto request = request_for_layers(present.world, {present.layer});
  SECTION("not asked for") {
    request.deep = false;
    request.diff_ids[Digest::of(present.layer)] = Digest::of("other").str();
  }
  SECTION("no layer") {
    request.diff_ids.clear();
  }
  CHECK(present.world.engine.transfer(present.world.source, present.world.store, request, {}));
  CHECK(present.reads() == 0);
}

TEST_CASE("deep: a layer that wants more than one gets at most is Integrity", "[transfer]") {
  TransferRules rules = small_rules();
  rules.largest_window = 100u << 20;
  TransferWorld world(rules);
  const std::string plain = bytes_of(60'000);
  const std::string layer = tests::zstd_with_window(27, plain);
  auto request = request_for_layers(world, {layer});
  request.diff_ids[Digest::of(layer)] = Digest::of(plain).str();
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().cls == ErrorClass::Integrity);
  CHECK(report.error().message.find("wants more memory to be decompressed than it gets") != std::string::npos);
  CHECK(std::ranges::any_of(world.notes(), [](const auto& note) { return note.ends_with("when its turn comes"); }));
}
