#include "controller/standalone/service.h"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "controller/manifests/folder_watcher.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/waiting.h"
#include "controller/telemetry/endpoints.h"

namespace slipway::standalone {

namespace {

/// Brings what the folder says into the queue and into the log.
class FolderNews {
 public:
  FolderNews(runtime::WorkQueue& queue, const InstallationHands& hands)
      : queue_(queue), log_(hands.log), metrics_(hands.metrics), clock_(hands.clock) {}

  void take(const Result<manifests::FolderChange>& change) {
    if (!change) {
      const auto before = std::exchange(*last_error_.lock(), change.error());
      if (before != change.error()) log_.error(change.error());
      return;
    }
    last_error_.lock()->reset();
    const auto is_wrong = [](const Problem& problem) { return !problem.warning; };
    metrics_.set_manifests(static_cast<std::size_t>(std::ranges::count_if(change->problems, is_wrong)), clock_.now());
    if (change->problems != problems_) report(change->problems);
    problems_ = change->problems;
    for (const auto& key : change->edited) queue_.add(key, runtime::Priority::Edit);
  }

  /// Why the folder could not be read; absent when it could.
  std::optional<Error> failure() const { return *last_error_.lock(); }

 private:
  void report(const std::vector<Problem>& problems) {
    for (const auto& problem : problems) {
      if (problem.warning)
        log_.warn(to_string(problem));
      else
        log_.error(to_string(problem));
    }
    if (problems.empty()) log_.info("every manifest is valid again");
  }

  runtime::WorkQueue& queue_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  const Clock& clock_;
  std::vector<Problem> problems_;
  runtime::Guarded<std::optional<Error>> last_error_;
};

/// Puts what an exception said into the log: the queue only learns that there was one.
class LoggedVisits final : public runtime::WorkWatcher {
 public:
  explicit LoggedVisits(const InstallationHands& hands) : log_(hands.log), next_(hands.metrics) {}

  void added(ResourceKind kind) override { next_.added(kind); }
  void retried(ResourceKind kind) override { next_.retried(kind); }
  void taken(ResourceKind kind, std::chrono::nanoseconds waited) override { next_.taken(kind, waited); }
  void began(const ObjectKey& key, const std::string& id) override { next_.began(key, id); }
  void ended(const runtime::Visit& visit) override {
    next_.ended(visit);
    if (!visit.outcome)
      log_.error("a bug of slipway: " + visit.thrown + "; please report it",
                 {{"object", to_string(visit.key)}, {"reconcile", visit.reconcile_id}});
  }

 private:
  telemetry::Log& log_;
  runtime::WorkWatcher& next_;
};

std::optional<std::string> why_not_ready(Installation& installation, const runtime::WorkerPool& pool,
                                         const FolderNews& news) {
  if (!pool.is_working()) return "it is stopping";
  if (!installation.objects().has_read()) return "the folder has not been read yet";
  if (const auto failure = news.failure()) return "the folder can't be read: " + failure->message;
  if (const auto failure = installation.write_failure()) return "the state can't be written: " + failure->message;
  return std::nullopt;
}

Result<std::unique_ptr<telemetry::Endpoints>> listen(const std::string& address, telemetry::EndpointAnswers answers) {
  if (address.empty()) return nullptr;
  return telemetry::Endpoints::listen(address, std::move(answers));
}

}  // namespace

Result<void> serve(Installation& installation, const ServiceOptions& options, const InstallationHands& hands,
                   std::stop_token stop) {
  const runtime::SystemSteadyClock clock;
  LoggedVisits visits{hands};
  runtime::WorkQueue queue{clock,
                           visits,
                           {.backoff = {},
                            .seed = std::random_device{}(),
                            .most_of_one_namespace = std::max<std::size_t>(1, options.workers / 2)}};
  FolderNews news{queue, hands};
  const auto first = installation.objects().refresh();
  if (!first) return std::unexpected{first.error()};
  news.take(first);
  for (const auto& key : installation.objects().keys()) queue.add(key, runtime::Priority::Resync);

  hands.metrics.set_max_concurrent_reconciles(options.workers);
  runtime::WorkerPool pool{queue, installation.reconcilers(), visits, {.workers = options.workers}};
  const auto endpoints = listen(options.listen, {.metrics =
                                                     [&] {
                                                       hands.metrics.set_queue(queue.statistics());
                                                       hands.metrics.set_ready(installation.ready_counts());
                                                       return hands.metrics.text();
                                                     },
                                                 .not_alive = [] { return std::nullopt; },
                                                 .not_ready = [&] { return why_not_ready(installation, pool, news); }});
  if (!endpoints) return std::unexpected{endpoints.error()};
  const manifests::FolderWatcher watcher{installation.objects(), options.look_at_folder_every,
                                         [&](const auto& change) { news.take(change); }};
  hands.log.info("running", {{"resources", std::to_string(installation.objects().keys().size())},
                             {"port", *endpoints ? std::to_string((*endpoints)->port()) : "none"}});
  runtime::wait_for_stop(stop);
  hands.log.info("stopping: what runs is finished or left so that the next start goes on");
  pool.stop();
  return {};
}

}  // namespace slipway::standalone
