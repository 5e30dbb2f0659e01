#include "controller/standalone/service.h"

#include <random>
#include <utility>
#include <vector>

#include "controller/manifests/folder_watcher.h"
#include "controller/runtime/waiting.h"
#include "controller/telemetry/endpoints.h"

namespace slipway::standalone {

namespace {

/// Brings what the folder says into the queue and into the log.
class FolderNews {
 public:
  FolderNews(runtime::WorkQueue& queue, telemetry::Log& log) : queue_(queue), log_(log) {}

  void take(const Result<manifests::FolderChange>& change) {
    if (!change) {
      if (last_error_ != change.error()) log_.error(change.error());
      last_error_ = change.error();
      return;
    }
    last_error_.reset();
    if (change->problems != problems_) report(change->problems);
    problems_ = change->problems;
    for (const auto& key : change->edited) queue_.add(key, runtime::Priority::Edit);
  }

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
  std::vector<Problem> problems_;
  std::optional<Error> last_error_;
};

std::optional<std::string> why_not_ready(Installation& installation, const runtime::WorkerPool& pool) {
  if (!pool.is_working()) return "it is stopping";
  if (!installation.objects().has_read()) return "the folder has not been read yet";
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
  runtime::WorkQueue queue{clock, hands.metrics, {.backoff = {}, .seed = std::random_device{}()}};
  FolderNews news{queue, hands.log};
  const auto first = installation.objects().refresh();
  if (!first) return std::unexpected{first.error()};
  news.take(first);
  for (const auto& key : installation.objects().keys()) queue.add(key, runtime::Priority::Resync);

  hands.metrics.set_max_concurrent_reconciles(options.workers);
  runtime::WorkerPool pool{queue, installation.reconcilers(), hands.metrics, {.workers = options.workers}};
  const auto endpoints = listen(options.listen, {.metrics =
                                                     [&] {
                                                       hands.metrics.set_queue(queue.statistics());
                                                       hands.metrics.set_ready(installation.ready_counts());
                                                       return hands.metrics.text();
                                                     },
                                                 .not_alive = [] { return std::nullopt; },
                                                 .not_ready = [&] { return why_not_ready(installation, pool); }});
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
