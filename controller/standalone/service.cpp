#include "controller/standalone/service.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "controller/assembly/health.h"
#include "controller/assembly/service_endpoints.h"
#include "controller/assembly/workforce.h"
#include "controller/manifests/folder_watcher.h"
#include "controller/runtime/waiting.h"
#include "controller/standalone/folder_health.h"
#include "controller/standalone/folder_news.h"
#include "controller/standalone/git_rounds.h"

namespace slipway::standalone {

namespace {

/// What the endpoints answer from. All outlive them.
struct Asked {
  Installation& installation;
  runtime::WorkQueue& queue;
  const FolderNews& news;
  const GitRounds* git;  ///< Null for a folder.
  telemetry::Metrics& metrics;
  std::stop_token stop;

  std::optional<Error> why_nothing_is_read() const {
    auto nothing = git == nullptr ? std::nullopt : git->why_nothing();
    return nothing ? nothing : news.failure();
  }
};

assembly::HealthFacts facts_of(const Asked& asked) {
  assembly::Assembly& assembly = asked.installation.assembly();
  const FolderFacts folder{.has_read = asked.installation.objects().has_read(),
                           .folder_failure = asked.why_nothing_is_read(),
                           .write_failure = assembly.write_failure(),
                           .audit_failure = assembly.audit_failure(),
                           .state_was_replaced = asked.installation.state_was_replaced(),
                           .folder_silent_for = assembly.signs().folder_silent_for()};
  return {.is_stopping = asked.stop.stop_requested(),
          .work_silent_for = assembly.signs().work_silent_for(asked.queue.oldest_work()),
          .is_lost = why_lost(folder),
          .cannot_work = why_it_cannot_work(folder)};
}

std::string metrics_text(const Asked& asked) {
  asked.metrics.set_queue(asked.queue.statistics());
  asked.metrics.set_ready(asked.installation.ready_counts());
  return asked.metrics.text();
}

assembly::ServiceAnswers answers_from(const Asked& asked) {
  return {.facts = [asked] { return facts_of(asked); },
          .metrics = [asked] { return metrics_text(asked); },
          .note = [asked] { return asked.git ? asked.git->note() : std::nullopt; }};
}

/// Manifests of Git, when they are: rounds and what they bring.
std::unique_ptr<GitRounds> rounds_of(Installation& installation, FolderNews& news, const assembly::Surroundings& hands,
                                     std::chrono::milliseconds interval) {
  if (installation.git() == nullptr) return nullptr;
  return std::make_unique<GitRounds>(
      GitRounds::Hands{.manifests = *installation.git(),
                       .log = hands.log,
                       .metrics = hands.metrics,
                       .clock = hands.clock,
                       .read = [&installation, &news] { news.take(installation.objects().refresh()); },
                       .alive = [&installation] { installation.assembly().signs().of_folder(); }},
      interval);
}

/// The first round. What only time mends does not keep it from starting, nor does anything as long as a commit is in
/// force.
Result<void> ask_git(GitRounds& git, const std::stop_token& stop) {
  const auto asked = git.round(stop);
  if (asked || asked.error().cls == ErrorClass::Unavailable || !git.why_nothing()) return {};
  return asked;
}

/// Of a folder, everything that is to be looked at when the program starts.
Result<void> read_folder(Installation& installation, FolderNews& news) {
  const auto first = installation.objects().refresh();
  if (!first) return std::unexpected{first.error()};
  news.take(first);
  return {};
}

}  // namespace

Result<void> serve(Installation& installation, const ServiceOptions& options, const assembly::Surroundings& hands,
                   std::stop_token stop) {
  assembly::Workforce workforce{installation.assembly(), hands, {.workers = options.workers}};
  runtime::WorkQueue& queue = workforce.queue();
  FolderNews news{queue, hands, installation.assembly().signs()};
  const auto git = rounds_of(installation, news, hands, options.ask_git_every);
  const auto endpoints = assembly::listen(
      options.listen, answers_from({installation, queue, news, git.get(), hands.metrics, stop}), hands.metrics);
  if (!endpoints) return std::unexpected{endpoints.error()};
  const auto first = git != nullptr ? ask_git(*git, stop) : read_folder(installation, news);
  if (!first) return first;

  workforce.begin(installation.assembly().reconcilers());
  std::optional<manifests::FolderWatcher> watcher;
  runtime::Nudge nobody;
  std::optional<std::jthread> rounds;
  runtime::Nudge& now = options.ask_git_now == nullptr ? nobody : *options.ask_git_now;
  if (git == nullptr)
    watcher.emplace(installation.objects(), options.look_at_folder_every,
                    [&](const auto& change) { news.take(change); });
  else
    rounds.emplace([&](const std::stop_token& ended) { git->run(now, ended); });
  std::vector<telemetry::LogField> about{
      {"resources", static_cast<std::int64_t>(installation.objects().keys().size())}};
  if (*endpoints) about.push_back({"port", (*endpoints)->port()});
  hands.log.info("running", about);
  runtime::wait_for_stop(stop);
  hands.log.info("stopping: what runs is finished or left so that the next start goes on");
  workforce.end();
  return {};
}

}  // namespace slipway::standalone
