#include "controller/standalone/one_shot.h"

#include <algorithm>
#include <condition_variable>
#include <random>
#include <thread>
#include <utility>

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "controller/runtime/worker_pool.h"
#include "crds/base/error_class.h"
#include "reconcilers/publish/status.h"
#include "reconcilers/readiness.h"

namespace slipway::standalone {

namespace {

constexpr std::chrono::seconds kLookForReport{2};
/// The same delay is told again after that, at the next try.
constexpr std::chrono::seconds kTellAgain{20};
/// Somebody waits for the end.
constexpr std::chrono::seconds kLongestBackoff{30};

/// Of what is tried again without an error on record.
Error never_finished() {
  return {.cls = ErrorClass::Unavailable,
          .message =
              "it was not finished in the time that is set for trying again: its status could not be written, "
              "the registry changed under it each time, or gave others no answer",
          .remedy = "look at the errors above; spec.retry.maxDuration says for how long it is tried"};
}

/// Of a deletion, whose visits keep nothing on record.
Error never_untagged() {
  return {.cls = ErrorClass::Unavailable,
          .message = "it is deleted, and its tags could not be removed in the time that is set for trying again",
          .remedy = "look at the warnings above; the next process tries again until ten minutes after the deletion"};
}

bool is_deleted(const ImagePublication& publication) {
  return publication.metadata.deletion_timestamp.has_value();
}

/// Why it is not done; what is on record of one that is deleted is of the time before.
std::optional<Error> failure_of(const ImagePublication& publication) {
  if (is_deleted(publication)) return std::nullopt;
  auto failure = publish::failure_of(publication.status);
  return failure ? failure : publish::put_off_by(publication.status);
}

/// Whether the visit is followed by another, within a bound.
bool is_tried_again(const ImagePublication& publication, const Outcome& outcome) {
  const bool is_open = outcome.kind == Outcome::Kind::Retry || outcome.kind == Outcome::Kind::PutOff;
  return is_open || (is_deleted(publication) && outcome.kind == Outcome::Kind::Again);
}

bool is_ready(const ImagePublication& publication) {
  const Condition* ready = find_condition(publication.status.conditions, kReady);
  return ready && ready->status == "True" && ready->observed_generation == publication.metadata.generation;
}

/// Collects how publications end while the pool works on them.
class Collector final : public runtime::WorkWatcher {
 public:
  Collector(Installation& installation, runtime::WorkWatcher& next, const std::vector<ObjectKey>& keys,
            const OneShotOptions& options)
      : installation_(installation), next_(next), options_(options), missing_(keys.size()) {}

  void added(ResourceKind kind) override { next_.added(kind); }
  void retried(const ObjectKey& key, std::chrono::milliseconds delay) override { next_.retried(key, delay); }
  void taken(ResourceKind kind, std::chrono::nanoseconds waited) override { next_.taken(kind, waited); }
  void began(const ObjectKey& key, const std::string& id) override { next_.began(key, id); }
  void ended(const runtime::Visit& visit) override {
    next_.ended(visit);
    if (!visit.outcome) return keep(visit.key, ending_of_bug(visit));
    const auto stored = installation_.objects().publication(visit.key);
    if (!stored) return keep(visit.key, {Ending::Kind::Failed, stored.error()});
    if (!*stored) return keep(visit.key, {Ending::Kind::Deleted, std::nullopt});
    const ImagePublication& publication = (*stored)->object;
    if (auto ending = ending_of(publication, *visit.outcome)) return keep(visit.key, std::move(*ending));
    if (auto ending = ending_of_time(publication, *visit.outcome, started_, clock_.now()))
      return keep(visit.key, std::move(*ending));
    if (is_awaited(publication, *visit.outcome)) queue_->add_after(visit.key, kLookForReport);
    if (const auto error = failure_of(publication)) tell_delay(visit.key, {*error, left(publication, *visit.outcome)});
  }
  /// Before the first key is added to it.
  void look_again_through(runtime::WorkQueue& queue) { queue_ = &queue; }

  /// Until every publication ended, `stop` asks, or the time is up.
  void wait(std::stop_token stop) {
    auto endings = endings_.lock();
    const auto all = [&] { return endings->size() == missing_; };
    if (options_.timeout)
      endings.wait_for(changed_, std::move(stop), *options_.timeout, all);
    else
      endings.wait(changed_, std::move(stop), all);
  }

  std::map<ObjectKey, Ending> endings() const { return *endings_.lock(); }

  /// The ending, knowing what was told before it.
  Ending after_told(const ObjectKey& key, Ending ending) const {
    const auto told = told_.lock();
    const auto last = told->find(key);
    ending.is_told = ending.failure && last != told->end() && last->second.message == ending.failure->message;
    return ending;
  }

 private:
  static Ending ending_of_bug(const runtime::Visit& visit) {
    return {Ending::Kind::Failed, Error{.cls = ErrorClass::Internal,
                                        .message = "a bug of slipway: " + visit.thrown,
                                        .remedy = "please report it with the reconcile id " + visit.reconcile_id}};
  }

  std::chrono::seconds left(const ImagePublication& publication, const Outcome& outcome) const {
    const Timestamp now = clock_.now();
    const auto own = time_left(publication, outcome, started_, now);
    if (!options_.timeout) return own;
    return std::min(own, std::chrono::ceil<std::chrono::seconds>(started_ + *options_.timeout - now));
  }

  void tell_delay(const ObjectKey& key, Delay delay) {
    {
      const Timestamp now = clock_.now();
      auto told = told_.lock();
      Told& last = (*told)[key];
      delay.is_told = last.message == delay.error.message;
      if (delay.is_told && now - last.at < kTellAgain) return;
      last = {delay.error.message, now};
    }
    if (options_.on_delay) options_.on_delay(key, delay);
  }

  void keep(const ObjectKey& key, Ending ending) {
    ending = after_told(key, std::move(ending));
    const bool is_first = endings_.lock()->emplace(key, ending).second;
    if (!is_first) return;
    if (options_.on_end) options_.on_end(key, ending);
    changed_.notify_all();
  }

  /// What was said last about a delay.
  struct Told {
    std::string message;
    Timestamp at;
  };

  const runtime::SystemClock clock_;
  const Timestamp started_ = clock_.now();
  Installation& installation_;
  runtime::WorkWatcher& next_;
  const OneShotOptions& options_;
  const std::size_t missing_;
  std::condition_variable_any changed_;
  runtime::Guarded<std::map<ObjectKey, Ending>> endings_;
  runtime::Guarded<std::map<ObjectKey, Told>> told_;
  runtime::WorkQueue* queue_ = nullptr;
};

Ending unfinished(Installation& installation, const ObjectKey& key) {
  const auto stored = installation.objects().publication(key);
  if (!stored || !*stored) return {};
  return {Ending::Kind::Unfinished, failure_of((*stored)->object)};
}

/// As long as the visits run.
std::map<ObjectKey, std::string> waits(const assembly::LongVisits& visits, const std::vector<ObjectKey>& keys) {
  std::map<ObjectKey, std::string> hosts;
  for (const auto& key : keys) hosts.emplace(key, visits.hosts_of(key));
  return hosts;
}

}  // namespace

std::optional<Ending> ending_of(const ImagePublication& publication, const Outcome& outcome) {
  if (is_deleted(publication)) {
    if (outcome.kind != Outcome::Kind::Stalled) return std::nullopt;
    return Ending{Ending::Kind::Failed, never_untagged()};
  }
  if (publication.spec.suspend) return Ending{Ending::Kind::Suspended, std::nullopt};
  // A visit that was cut short says Done and writes nothing, one that could not write says Retry, as one does that
  // found its tags changed meanwhile, one that was put off tried nothing: what is stored is of an earlier one.
  if (outcome.kind == Outcome::Kind::Done || is_tried_again(publication, outcome)) return std::nullopt;
  // What is begun and not ended is not what Ready is about.
  if (!publication.status.attempt && is_ready(publication)) return Ending{Ending::Kind::Published, std::nullopt};
  const auto error = failure_of(publication);
  if (!error || is_awaited(publication, outcome)) return std::nullopt;
  return Ending{Ending::Kind::Failed, error};
}

std::optional<Ending> ending_of_time(const ImagePublication& publication, const Outcome& outcome, Timestamp started,
                                     Timestamp now) {
  if (!is_tried_again(publication, outcome)) return std::nullopt;
  const auto left = time_left(publication, outcome, started, now);
  // What is put off is woken before.
  const bool is_put_off = outcome.kind == Outcome::Kind::PutOff;
  const auto delay = is_put_off ? std::chrono::milliseconds{0} : outcome.delay.value_or(std::chrono::milliseconds{0});
  if (left > std::chrono::seconds{0} && delay <= left) return std::nullopt;
  if (is_deleted(publication)) return Ending{Ending::Kind::Failed, never_untagged()};
  const auto error = failure_of(publication);
  return Ending{Ending::Kind::Failed, error ? error : never_finished()};
}

bool is_awaited(const ImagePublication& publication, const Outcome& outcome) {
  const auto error = failure_of(publication);
  return error && error->cls == ErrorClass::NotFound && outcome.kind == Outcome::Kind::Again;
}

std::chrono::seconds time_left(const ImagePublication& publication, const Outcome& outcome, Timestamp started,
                               Timestamp now) {
  using std::chrono::seconds;
  const auto& scan = publication.spec.gates.scan;
  const seconds bound = is_awaited(publication, outcome)
                            ? (scan ? scan->wait_for.value_or(seconds{0}) : seconds{0})
                            : publication.spec.retry.max_duration.value_or(publish::kOneShotRetries);
  const auto& attempt = publication.status.attempt;
  const Timestamp since = attempt && attempt->started_at ? std::max(*attempt->started_at, started) : started;
  return std::max(std::chrono::ceil<seconds>(since + bound - now), seconds{0});
}

std::map<ObjectKey, Ending> publish_once(Installation& installation, runtime::WorkWatcher& watcher,
                                         const std::vector<ObjectKey>& keys, const OneShotOptions& options,
                                         std::stop_token stop) {
  Collector collector{installation, watcher, keys, options};
  const runtime::SystemSteadyClock clock;
  const runtime::BackoffLimits patience{.longest = kLongestBackoff};
  runtime::WorkQueue queue{clock, collector, {.backoff = patience, .seed = std::random_device{}()}};
  collector.look_again_through(queue);
  installation.assembly().bring_back_through(queue);
  assembly::LongVisits& visits = installation.assembly().long_visits();
  std::map<ObjectKey, std::string> waited_for;
  {
    const std::jthread marks{[&visits](const std::stop_token& ended) { visits.watch(ended); }};
    runtime::WorkerPool pool{queue, installation.assembly().reconcilers(), collector, {.workers = options.workers}};
    for (const auto& key : keys) queue.add(key, runtime::Priority::Edit);
    collector.wait(std::move(stop));
    waited_for = waits(visits, keys);
  }
  auto endings = collector.endings();
  for (const auto& key : keys) {
    const auto [ending, is_open] = endings.try_emplace(key);
    if (!is_open) continue;
    ending->second = collector.after_told(key, unfinished(installation, key));
    ending->second.waited_for = waited_for[key];
  }
  return endings;
}

}  // namespace slipway::standalone
