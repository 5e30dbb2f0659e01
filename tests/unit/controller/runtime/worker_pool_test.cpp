#include "controller/runtime/worker_pool.h"

#include <atomic>
#include <functional>
#include <set>
#include <stdexcept>

#include "controller/telemetry/log.h"
#include "tests/catch.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace std::chrono_literals;
using namespace slipway;
using namespace slipway::runtime;

namespace {

ObjectKey key(const std::string& name) {
  return {ResourceKind::ImagePublication, "shop", name};
}

/// Keeps the visits; the test waits for them.
class Visits final : public WorkWatcher {
 public:
  void ended(const Visit& visit) override {
    all_.lock()->push_back(visit);
    changed_.notify_all();
  }
  std::vector<Visit> wait_for(std::size_t count) {
    auto all = all_.lock();
    all.wait(changed_, {}, [&] { return all->size() >= count; });
    return *all;
  }

 private:
  Guarded<std::vector<Visit>> all_;
  std::condition_variable_any changed_;
};

/// Answers with what the test wants.
class Answering final : public Reconciler {
 public:
  explicit Answering(std::function<Outcome(const ObjectKey&, std::stop_token)> answer) : answer_(std::move(answer)) {}
  Outcome reconcile(const ObjectKey& object, std::stop_token stop) override { return answer_(object, stop); }

 private:
  std::function<Outcome(const ObjectKey&, std::stop_token)> answer_;
};

/// What the queue looks like once one key was visited with `answer`.
QueueStatistics after_one_visit(const std::function<Outcome(const ObjectKey&, std::stop_token)>& answer,
                                std::chrono::milliseconds moved, std::vector<Visit>& visits) {
  tests::ManualSteadyClock clock;
  Visits watcher;
  WorkQueue queue{clock, watcher, {.backoff = {.first = 1s, .longest = 1h, .jitter = 0}, .seed = 1}};
  Answering reconciler{answer};
  {
    WorkerPool pool{queue, {{ResourceKind::ImagePublication, reconciler}}, watcher, {.workers = 1, .after_a_bug = 10s}};
    queue.add(key("a"), Priority::Edit);
    visits = watcher.wait_for(1);
    queue.add(key("b"), Priority::Edit);
    watcher.wait_for(2);
  }
  clock.advance(moved);
  return queue.statistics()[ResourceKind::ImagePublication];
}

}  // namespace

TEST_CASE("the outcome decides the next visit") {
  struct Row {
    std::string name;
    Outcome outcome;
    std::size_t delayed;
  };
  const std::vector<Row> rows{
      {"done: none", {Outcome::Kind::Done, {}}, 0},
      {"done with a delay: none", {Outcome::Kind::Done, 1s}, 0},
      {"again", {Outcome::Kind::Again, 1s}, 1},
      {"again without a delay: none", {Outcome::Kind::Again, {}}, 0},
      {"put off", {Outcome::Kind::PutOff, 1s}, 1},
      {"stalled", {Outcome::Kind::Stalled, 1s}, 1},
      {"retry without a floor", {Outcome::Kind::Retry, {}}, 1},
      {"retry with a floor", {Outcome::Kind::Retry, 5s}, 1},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::vector<Visit> visits;
    const auto statistics = after_one_visit(
        [&](const ObjectKey& object, auto) { return object == key("a") ? row.outcome : Outcome{}; }, 0s, visits);
    CHECK(statistics.delayed == row.delayed);
    CHECK(statistics.running == 0);
    REQUIRE(visits.front().outcome == row.outcome);
  }
}

TEST_CASE("looks again are spread, what is retried comes no sooner than it may") {
  const auto kind = GENERATE(Outcome::Kind::Again, Outcome::Kind::Stalled, Outcome::Kind::Retry);
  tests::ManualSteadyClock clock;
  Visits watcher;
  WorkQueue queue{clock, watcher, {.backoff = {.first = 1s, .longest = 1h, .jitter = 0}, .seed = 1}};
  Answering reconciler{[kind](const ObjectKey&, auto) { return Outcome{kind, 1h}; }};
  {
    WorkerPool pool{queue, {{ResourceKind::ImagePublication, reconciler}}, watcher, {.workers = 1}};
    queue.add(key("a"), Priority::Edit);
    queue.add(key("b"), Priority::Edit);
    watcher.wait_for(2);
  }
  clock.advance(54min - 1ns);
  CHECK_FALSE(queue.oldest_work());
  clock.advance(6min);
  CHECK(queue.oldest_work().has_value() == (kind != Outcome::Kind::Retry));
}

TEST_CASE("what is put off neither counts as a failure nor ends those in a row") {
  tests::ManualSteadyClock clock;
  Visits watcher;
  WorkQueue queue{clock, watcher, {.backoff = {.first = 1s, .longest = 1h, .jitter = 0}, .seed = 1}};
  std::atomic<int> visits = 0;
  Answering reconciler{[&](const ObjectKey& object, auto) {
    if (object == key("b")) return Outcome{};
    const bool is_put_off = visits++ % 2 == 1;
    return is_put_off ? Outcome{Outcome::Kind::PutOff, 1h} : Outcome{Outcome::Kind::Retry, {}};
  }};
  {
    WorkerPool pool{queue, {{ResourceKind::ImagePublication, reconciler}}, watcher, {.workers = 1}};
    for (std::size_t i = 1; i <= 5; ++i) {
      queue.add(key("a"), Priority::Resync);
      watcher.wait_for(i);
    }
    queue.add(key("b"), Priority::Edit);
    watcher.wait_for(6);
  }
  // Three failures: 1, 2 and 4 seconds.
  clock.advance(3999ms);
  CHECK_FALSE(queue.oldest_work());
  clock.advance(1ms);
  CHECK(queue.oldest_work());
}

TEST_CASE("an exception is told and the key is visited late") {
  std::vector<Visit> visits;
  const auto statistics = after_one_visit(
      [&](const ObjectKey& object, auto) -> Outcome {
        if (object == key("a")) throw std::runtime_error{"a broken invariant"};
        return {};
      },
      0s, visits);
  CHECK(visits.front().outcome == std::nullopt);
  CHECK(visits.front().thrown == "a broken invariant");
  CHECK(statistics.delayed == 1);
}

TEST_CASE("each reconcile has an id of its own, on its thread and in the visit") {
  std::string id_inside;
  std::vector<Visit> visits;
  after_one_visit(
      [&](const ObjectKey& object, auto) {
        if (object == key("a")) id_inside = telemetry::current_reconcile_id();
        return Outcome{};
      },
      0s, visits);
  CHECK(visits.front().reconcile_id == id_inside);
  CHECK(id_inside.size() == 16);
  CHECK(telemetry::current_reconcile_id().empty());
}

TEST_CASE("one key is never with two workers, different keys run side by side") {
  SystemSteadyClock clock;
  Visits watcher;
  WorkQueue queue{clock, watcher, {}};
  Guarded<std::set<ObjectKey>> running;
  std::condition_variable_any changed;
  std::atomic<bool> is_shared{false};
  std::atomic<bool> were_two{false};
  Answering reconciler{[&](const ObjectKey& object, auto) {
    auto now = running.lock();
    is_shared = is_shared || !now->insert(object).second;
    changed.notify_all();
    now.wait_for(changed, {}, 5s, [&] { return were_two || now->size() > 1; });
    were_two = were_two || now->size() > 1;
    now->erase(object);
    changed.notify_all();
    return Outcome{};
  }};
  WorkerPool pool{queue, {{ResourceKind::ImagePublication, reconciler}}, watcher, {.workers = 4}};
  queue.add(key("a"), Priority::Edit);
  queue.add(key("b"), Priority::Edit);
  for (int i = 0; i < 20; ++i) queue.add(key("a"), Priority::Edit);
  watcher.wait_for(2);
  CHECK(were_two);
  CHECK_FALSE(is_shared);
}

TEST_CASE("a stop reaches what runs and ends the pool") {
  SystemSteadyClock clock;
  Visits watcher;
  WorkQueue queue{clock, watcher, {}};
  Guarded<bool> has_begun{false};
  std::condition_variable_any changed;
  std::atomic<bool> was_stopped{false};
  Answering reconciler{[&](const ObjectKey&, std::stop_token stop) {
    auto begun = has_begun.lock();
    *begun = true;
    changed.notify_all();
    begun.wait(changed, stop, [] { return false; });
    was_stopped = stop.stop_requested();
    return Outcome{};
  }};
  {
    WorkerPool pool{queue, {{ResourceKind::ImagePublication, reconciler}}, watcher, {.workers = 1}};
    queue.add(key("a"), Priority::Edit);
    {
      auto begun = has_begun.lock();
      begun.wait(changed, {}, [&] { return *begun; });
    }
    pool.stop();
  }
  CHECK(was_stopped);
  CHECK(queue.is_idle());
}

TEST_CASE("what is deleted is visited while every worker is at something that takes long") {
  SystemSteadyClock clock;
  Visits watcher;
  WorkQueue queue{clock, watcher, {.backoff = {}, .workers = 1, .is_deleted = [](const ObjectKey& asked) {
                                     return asked == key("gone");
                                   }}};
  Guarded<bool> has_begun{false};
  std::condition_variable_any changed;
  Answering reconciler{[&](const ObjectKey& object, std::stop_token stop) {
    if (object != key("large")) return Outcome{};
    auto begun = has_begun.lock();
    *begun = true;
    changed.notify_all();
    begun.wait(changed, stop, [] { return false; });
    return Outcome{};
  }};
  WorkerPool pool{queue, {{ResourceKind::ImagePublication, reconciler}}, watcher, {.workers = 1, .for_deletions = 1}};
  queue.add(key("large"), Priority::Edit);
  {
    auto begun = has_begun.lock();
    begun.wait(changed, {}, [&] { return *begun; });
  }
  queue.add(key("edited"), Priority::Edit);
  queue.add(key("gone"), Priority::Edit);
  CHECK(watcher.wait_for(1).front().key == key("gone"));
  CHECK(queue.statistics()[ResourceKind::ImagePublication].depth == 1);
}
