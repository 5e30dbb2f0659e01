#include "controller/transfer/other_senders.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>

#include "tests/catch.h"
#include "tests/support/transfer_world.h"

using namespace slipway;
using namespace slipway::testing;
using namespace slipway::transfer;
using namespace std::chrono_literals;

TEST_CASE("a blob wanted by many at once is sent once", "[transfer]") {
  const std::string bytes = bytes_of(50'000);
  const bool same_repository = GENERATE(true, false);
  TransferWorld world;
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
  TransferWorld world;
  const content::Descriptor blob = world.source.add(bytes_of(50'000));
  FakeSource broken;
  std::promise<void> reading;
  std::promise<void> go_on;
  broken.on_read = [&](const Digest&) {
    reading.set_value();
    go_on.get_future().wait();
  };
  world.while_waiting = [&](const std::stop_token& stop) {
    go_on.set_value();
    until_stopped(stop);
  };
  auto first = std::async(std::launch::async,
                          [&] { return world.engine.transfer(broken, world.store, world.request({blob}), {}); });
  reading.get_future().wait();
  const auto report = world.run({blob});
  CHECK(first.get().error().cls == ErrorClass::NotFound);
  REQUIRE(report);
  CHECK(report->outcomes.at(blob.digest) == BlobOutcome::Sent);
}

namespace {

/// Somebody who sends a blob to another repository, from a source that gives nothing until it is let go on.
class StuckSender {
 public:
  StuckSender(TransferWorld& world, const std::vector<std::string>& blobs, int concurrency = 1,
              const std::string& repository = "rival")
      : world_(world), store_(world.registry, repository) {
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
  TransferWorld& world_;
  FakeSource source_;
  FakeStore store_;
  bool is_read_ = false;
  std::promise<Digest> read_;
  std::optional<Digest> reading_;
  std::promise<void> go_on_;
  std::shared_future<void> gone_on_ = go_on_.get_future().share();
  std::future<Result<BlobTransferReport>> sending_;
};

}  // namespace

TEST_CASE("nobody waits long for a blob behind one who does not get on with it", "[transfer]") {
  TransferWorld world;
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
  TransferWorld world;
  const std::string bytes = bytes_of(50'000);
  world.registry.state.lock()->blobs["team/app"][Digest::of(bytes)] = bytes;
  StuckSender rival(world, {bytes});
  auto request = world.request({world.source.add(bytes)});
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  CHECK(report->outcomes.at(Digest::of(bytes)) == BlobOutcome::Present);
  CHECK(world.waits.lock()->empty());
  FakeStore second(world.registry, "team/second");
  request.may_mount_from = [](const std::string& repository) { return repository == "team/app"; };
  const auto mounted = world.engine.transfer(world.source, second, request, {});
  CHECK(mounted->outcomes.at(Digest::of(bytes)) == BlobOutcome::Mounted);
  CHECK(rival.end());
}

TEST_CASE("a sender who gets on is waited for, however often one looks", "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(7'500'000);
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
  TransferRules rules = small_rules();
  rules.most_streams = 1;
  TransferWorld world(rules);
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

TEST_CASE("who is about to send when another has begun waits for that one, and has sent nothing itself", "[transfer]") {
  TransferRules rules = small_rules();
  rules.most_streams = 1;
  TransferWorld world(rules);
  const std::string one = bytes_of(50'000);
  const std::string other = bytes_of(60'000, 3);
  FakeSource slow;
  std::atomic<int> readings = 0;
  std::promise<Digest> first_is_read;
  std::promise<void> first_goes_on;
  std::promise<void> second_is_read;
  std::promise<void> second_goes_on;
  slow.on_read = [&](const Digest& digest) {
    const bool is_first = ++readings == 1;
    is_first ? first_is_read.set_value(digest) : second_is_read.set_value();
    (is_first ? first_goes_on : second_goes_on).get_future().wait();
  };
  FakeStore rivals(world.registry, "rival");
  auto rivals_request = world.request({slow.add(one), slow.add(other)});
  rivals_request.concurrency = 2;
  auto rival = std::async(std::launch::async, [&] { return world.engine.transfer(slow, rivals, rivals_request, {}); });
  const std::string& bytes = first_is_read.get_future().get() == Digest::of(one) ? other : one;
  while (world.registry.state.lock()->heads < 2) std::this_thread::yield();
  // The rival's other blob waits for a stream now.

  const content::Descriptor blob = world.source.add(bytes);
  std::future<Result<BlobTransferReport>> third;  // It waits for the one to the same repository.
  std::promise<void> third_waits;
  std::atomic<int> waits = 0;
  world.while_waiting = [&](const std::stop_token& stop) {
    const int wait = ++waits;
    if (wait < 3) return;
    if (wait == 3) third_waits.set_value();
    if (wait == 4) third.wait(), second_goes_on.set_value();
    until_stopped(stop);
  };
  std::atomic<int> looks = 0;
  world.registry.on_look = [&] {
    if (++looks != 2) return;
    third = std::async(std::launch::async, [&] { return world.run({blob}); });
    third_waits.get_future().wait();
    first_goes_on.set_value();
    second_is_read.get_future().wait();
  };
  auto request = world.request({blob});
  request.may_mount_from = all_may;
  const auto report = world.engine.transfer(world.source, world.store, request, {});
  if (waits < 4) second_goes_on.set_value();
  CHECK(report->outcomes.at(blob.digest) == BlobOutcome::Mounted);
  CHECK(third.get()->outcomes.at(blob.digest) == BlobOutcome::Sent);
  CHECK(rival.get());
}

TEST_CASE("of those who send a blob in vain one after the other few are waited for", "[transfer]") {
  TransferWorld world;
  const std::string bytes = bytes_of(50'000);
  const content::Descriptor blob = world.source.add(bytes);
  std::vector<std::unique_ptr<StuckSender>> rivals;
  for (int i = 0; i < 4; ++i)
    rivals.push_back(std::make_unique<StuckSender>(world, std::vector{bytes}, 1, "rival" + std::to_string(i)));
  world.waits.lock()->clear();
  auto request = world.request({blob});
  request.may_mount_from = all_may;
  REQUIRE(world.engine.transfer(world.source, world.store, request, {}));
  CHECK(world.waits.lock()->size() == 4);
  for (auto& rival : rivals) CHECK(rival->end());
}

namespace {

/// Who wants a blob of 10 MiB, and time in which others do what a test says.
struct Wanting {
  using Ticket = BlobWhereabouts::Ticket;

  explicit Wanting(std::int64_t blob_size = 10 << 20) : size(blob_size) {}

  std::int64_t size;
  TransferRules rules{.most_streams = 4};
  std::chrono::nanoseconds now{};
  int looks = 0;
  std::function<void(int look)> meanwhile = [](int) {};
  /// How long of a look the sources of all senders gave nothing.
  std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)> starved_of = [](auto look) { return look; };
  std::vector<std::shared_ptr<Ticket>> senders;
  TransferHands hands{.wait =
                          [this](std::chrono::milliseconds delay, const std::stop_token& stop) {
                            now += delay;
                            for (const auto& sender : senders) sender->starved += starved_of(delay).count();
                            meanwhile(++looks);
                            return !stop.stop_requested();
                          },
                      .chance = [] { return 0.5; },
                      .elapsed = [this] { return now; }};
  RateLimit limit{hands};
  OtherSenders::OfRequest request;
  OtherSenders others{another_blob()};

  OtherSenders::Parts another_blob() {
    return {.rules = rules, .hands = hands, .limit = limit, .blob_size = size, .request = request};
  }
  std::shared_ptr<Ticket> ticket(bool streams, const std::string& repository = "") {
    const std::string own = "team/" + std::to_string(senders.size());
    senders.push_back(std::make_shared<Ticket>(repository.empty() ? own : repository));
    senders.back()->streams = streams;
    return senders.back();
  }
  /// Whether it ended in the first look, as it is told.
  bool ends(const std::shared_ptr<Ticket>& other, bool succeeds) {
    meanwhile = [=](int) {
      other->succeeded = succeeds;
      other->ended.request_stop();
    };
    return others.wait_for(other, {});
  }
  /// Whether a sender who gains so much in each of five looks is waited for that long.
  bool waits_for_pace(std::int64_t bytes) {
    const auto other = ticket(true);
    looks = 0;
    meanwhile = [=](int look) {
      other->position += bytes;
      if (look == 5) other->ended.request_stop();
    };
    return others.wait_for(other, {});
  }
};

}  // namespace

TEST_CASE("other senders: who gains the pace is waited for, who gains less is left after two looks", "[transfer]") {
  Wanting wanting(5 << 20);
  const std::int64_t fair = wanting.rules.look_after.count() * wanting.rules.fair_per_second;
  SECTION("the rules' pace") {
    CHECK(wanting.waits_for_pace(fair));
    CHECK(wanting.looks == 5);
    CHECK_FALSE(wanting.waits_for_pace(fair - 1));
    CHECK(wanting.looks == 2);
  }
  SECTION("half a share of our own limit, which is less") {
    const RateLimit::Hold held(wanting.limit, 8'000);  // 1,000 for each of eight.
    CHECK(wanting.waits_for_pace(5'000));
    CHECK_FALSE(wanting.waits_for_pace(4'999));
  }
  SECTION("of a limit that is next to nothing at least a byte") {
    const RateLimit::Hold held(wanting.limit, 1);
    CHECK(wanting.waits_for_pace(1));
    CHECK_FALSE(wanting.waits_for_pace(0));
  }
  SECTION("a limit that is more than the pace asks for no more") {
    const RateLimit::Hold held(wanting.limit, 80'000'000);
    CHECK(wanting.waits_for_pace(fair));
  }
}

TEST_CASE("other senders: one slow look between two that gain is forgiven", "[transfer]") {
  Wanting wanting;
  const auto other = wanting.ticket(true);
  wanting.meanwhile = [&](int look) {
    if (look % 2 == 0) other->position += 3 << 20;
    if (look == 5) other->ended.request_stop();
  };
  CHECK(wanting.others.wait_for(other, {}));
  CHECK(wanting.looks == 5);
}

TEST_CASE("other senders: who needs longer than 20 s for the rest at their pace is left after two looks",
          "[transfer]") {
  const std::int64_t gained = 8 << 20;  // In 5 s.
  const bool is_longer = GENERATE(false, true);
  Wanting wanting(6 * gained + (is_longer ? 1'000 : 0));
  CHECK(wanting.waits_for_pace(gained) != is_longer);
  CHECK(wanting.looks == (is_longer ? 2 : 5));
}

TEST_CASE("other senders: for one blob nobody is waited for longer than 30 s in all", "[transfer]") {
  Wanting wanting(100 << 20);
  const auto first = wanting.ticket(true);
  first->position = 80 << 20;
  wanting.meanwhile = [&](int look) {
    first->position += 4 << 20;
    if (look == 4) first->ended.request_stop();
  };
  CHECK(wanting.others.wait_for(first, {}));
  CHECK(wanting.looks == 4);
  const auto second = wanting.ticket(true);
  second->position = 80 << 20;
  CHECK(wanting.others.is_worth_waiting(*second));
  wanting.meanwhile = [&](int) { second->position += 4 << 20; };
  CHECK_FALSE(wanting.others.wait_for(second, {}));
  CHECK(wanting.looks == 6);
  CHECK_FALSE(wanting.others.is_worth_waiting(*wanting.ticket(true)));
  CHECK_FALSE(wanting.others.is_worth_waiting(*wanting.ticket(false)));
  CHECK_FALSE(wanting.others.is_worth_yielding(*wanting.ticket(true)));
}

TEST_CASE("other senders: who is quick is waited for however much it is", "[transfer]") {
  const bool is_quick = GENERATE(true, false);
  Wanting wanting(std::int64_t{20} << 30);
  const auto other = wanting.ticket(true);
  const std::int64_t gained = wanting.rules.look_after.count() * wanting.rules.quick_per_second;
  wanting.meanwhile = [&](int look) {
    other->position += is_quick ? gained : gained - 1;
    if (look == 20) other->ended.request_stop();
  };
  CHECK(wanting.others.wait_for(other, {}) == is_quick);
  CHECK(wanting.looks == (is_quick ? 20 : 2));
}

TEST_CASE("other senders: who waits for the registry rather than for the source is waited for, however long it takes") {
  const bool is_starved = GENERATE(false, true);
  Wanting wanting(std::int64_t{20} << 30);
  wanting.starved_of = [&](auto look) { return look / 2 - (is_starved ? 0ns : 1ns); };
  const auto other = wanting.ticket(true);
  wanting.meanwhile = [&](int look) {
    other->position += 64 << 10;
    if (look == 20) other->ended.request_stop();
  };
  CHECK(wanting.others.wait_for(other, {}) != is_starved);
  CHECK(wanting.looks == (is_starved ? 2 : 20));
  // Of whom nothing comes out at all is left, whoever is to blame.
  Wanting stuck;
  stuck.starved_of = [](auto) { return 0ns; };
  CHECK_FALSE(stuck.others.wait_for(stuck.ticket(true), {}));
  CHECK(stuck.looks == 2);
}

TEST_CASE("other senders: with all bytes sent it takes as long as the registry takes", "[transfer]") {
  Wanting wanting;
  const auto other = wanting.ticket(true);
  other->position = wanting.size;
  wanting.meanwhile = [&](int look) {
    if (look == 9) other->ended.request_stop();
  };
  CHECK(wanting.others.wait_for(other, {}));
  CHECK(wanting.looks == 9);
}

TEST_CASE("other senders: a blob without a byte is waited for once it is begun with", "[transfer]") {
  Wanting wanting(0);
  const bool streams = GENERATE(false, true);
  const auto other = wanting.ticket(streams);
  wanting.meanwhile = [&](int look) {
    if (look == 9) other->ended.request_stop();
  };
  CHECK(wanting.others.wait_for(other, {}) == streams);
  CHECK(wanting.looks == (streams ? 9 : 2));
}

TEST_CASE("other senders: who was left before they began is taken back once they have", "[transfer]") {
  Wanting wanting;
  const auto other = wanting.ticket(false);
  CHECK(wanting.others.is_worth_waiting(*other));
  CHECK_FALSE(wanting.others.wait_for(other, {}));
  CHECK(wanting.looks == 2);
  CHECK_FALSE(wanting.others.is_worth_waiting(*other));
  CHECK(wanting.others.is_worth_yielding(*other));
  CHECK(wanting.others.is_worth_waiting(*wanting.ticket(false)));
  other->streams = true;
  wanting.others.take_back(other);
  CHECK(wanting.others.is_worth_waiting(*other));
}

TEST_CASE("other senders: of those who are slow or fail while they send no third is waited for", "[transfer]") {
  Wanting wanting;
  const bool slow_first = GENERATE(true, false);
  const auto first = wanting.ticket(true);
  CHECK(wanting.others.is_worth_waiting(*first));
  if (slow_first) {
    CHECK_FALSE(wanting.others.wait_for(first, {}));
    CHECK_FALSE(wanting.others.is_worth_waiting(*first));
    CHECK_FALSE(wanting.others.is_worth_yielding(*first));
  } else {
    CHECK(wanting.ends(first, false));
  }
  const auto second = wanting.ticket(true);
  CHECK(wanting.others.is_worth_waiting(*second));
  CHECK(wanting.ends(second, false));
  CHECK_FALSE(wanting.others.is_worth_waiting(*wanting.ticket(true)));
  CHECK_FALSE(wanting.others.is_worth_yielding(*wanting.ticket(true)));
}

TEST_CASE("other senders: one that ends well is not held against the next", "[transfer]") {
  Wanting wanting;
  wanting.rules.look_after = std::chrono::seconds(1);
  for (int i = 0; i < 20; ++i) {
    const auto other = wanting.ticket(i % 2 == 0);
    REQUIRE(wanting.others.is_worth_waiting(*other));
    REQUIRE(wanting.ends(other, true));
  }
}

TEST_CASE("other senders: of those who have not begun several are waited for, then only who has", "[transfer]") {
  Wanting wanting;
  wanting.rules.look_after = std::chrono::seconds(1);
  const bool ends = GENERATE(true, false);
  for (int i = 0; i < 8; ++i) {
    const auto other = wanting.ticket(false);
    REQUIRE(wanting.others.is_worth_waiting(*other));
    if (ends)
      REQUIRE(wanting.ends(other, false));
    else
      REQUIRE_FALSE(wanting.others.wait_for(other, {}));
  }
  CHECK_FALSE(wanting.others.is_worth_waiting(*wanting.ticket(false)));
  CHECK(wanting.others.is_worth_waiting(*wanting.ticket(true)));
  CHECK(wanting.others.is_worth_yielding(*wanting.ticket(true)));
}

TEST_CASE("other senders: a stop ends the wait at once", "[transfer]") {
  Wanting wanting;
  std::stop_source stop;
  wanting.meanwhile = [&](int) { stop.request_stop(); };
  const auto other = wanting.ticket(true);
  CHECK(wanting.others.wait_for(other, stop.get_token()));
  CHECK(wanting.looks == 1);
}

TEST_CASE("other senders: who was slow with one blob of an image is not waited for with the next") {
  const auto [per_second, is_waited_for] = GENERATE(table<std::int64_t, bool>({{270 << 10, false}, {4 << 20, true}}));
  Wanting wanting(20 * per_second);
  const auto first = wanting.ticket(true, "rival");
  wanting.meanwhile = [&, per_second = per_second](int look) {
    first->position += 5 * per_second;
    if (look == 4) first->ended.request_stop();
  };
  CHECK(wanting.others.wait_for(first, {}));
  CHECK(wanting.looks == 4);
  const OtherSenders next(wanting.another_blob());
  CHECK(next.is_worth_waiting(*wanting.ticket(true, "rival")) == is_waited_for);
  CHECK(next.is_worth_waiting(*wanting.ticket(false, "rival")) == is_waited_for);
  CHECK(next.is_worth_yielding(*wanting.ticket(true, "rival")) == is_waited_for);
  CHECK(next.is_worth_waiting(*wanting.ticket(true, "team/other")));
  OtherSenders::OfRequest unknowing;
  const OtherSenders of_another({.rules = wanting.rules,
                                 .hands = wanting.hands,
                                 .limit = wanting.limit,
                                 .blob_size = wanting.size,
                                 .request = unknowing});
  CHECK(of_another.is_worth_waiting(*wanting.ticket(true, "rival")));
}

TEST_CASE("other senders: for the blobs of a request nobody slow is waited for longer than 30 s in all") {
  Wanting wanting(20 * (270 << 10));
  const auto wait_for_slow = [&] {
    OtherSenders others(wanting.another_blob());
    const auto other = wanting.ticket(true);
    if (!others.is_worth_waiting(*other)) return;
    wanting.looks = 0;
    wanting.meanwhile = [&](int look) {
      other->position += 5 * (270 << 10);
      if (look == 3) other->ended.request_stop();
    };
    CHECK(others.wait_for(other, {}));
  };
  for (int blobs = 0; blobs < 16; ++blobs) wait_for_slow();
  CHECK(wanting.now == wanting.rules.longest_for_others);
}

TEST_CASE("other senders: what several blobs of a request wait at once counts once") {
  using std::chrono::seconds;
  OtherSenders::OfRequest request;
  request.waited(seconds(0), seconds(5));
  request.waited(seconds(1), seconds(5));
  request.waited(seconds(2), seconds(6));
  request.waited(seconds(10), seconds(12));
  CHECK(request.waited() == seconds(8));
}
