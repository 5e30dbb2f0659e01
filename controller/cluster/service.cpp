#include "controller/cluster/service.h"

#include <array>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "controller/assembly/health.h"
#include "controller/assembly/service_endpoints.h"
#include "controller/assembly/workforce.h"
#include "controller/cluster/api_server.h"
#include "controller/cluster/cluster_health.h"
#include "controller/cluster/installation.h"
#include "controller/cluster/object_watches.h"
#include "controller/http/transport_factory.h"
#include "controller/kube/outage_watch.h"
#include "controller/runtime/backoff.h"
#include "controller/runtime/end_of_outage.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "controller/runtime/waiting.h"

namespace slipway::cluster {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr runtime::BackoffLimits kAskAgain{.first = 500ms, .longest = 15s, .jitter = 0.2};
/// How often it is looked whether everything was listed.
constexpr milliseconds kLookForSync{50};
/// How long giving the lease back may take.
constexpr milliseconds kRelease{5000};

/// What the endpoints answer from, from before there is anything to ask until after it is gone. Thread-safe.
class Answers {
 public:
  struct Running {
    Installation& installation;
    runtime::WorkQueue& queue;
    const ObjectWatches& watches;
  };
  Answers(telemetry::Metrics& metrics, std::string lease_group, std::stop_token stop)
      : metrics_(metrics), lease_group_(std::move(lease_group)), stop_(std::move(stop)) {}

  void cannot_start(const Error& error) { state_.lock()->start_failure = error; }
  void runs(const Running& running) {
    const auto state = state_.lock();
    state->start_failure.reset();
    state->running.emplace(running);
  }
  void has_begun() { state_.lock()->has_begun = true; }
  /// What runs() was given is not asked any more.
  void is_over() { state_.lock()->running.reset(); }

  assembly::HealthFacts facts() const {
    const auto state = state_.lock();
    ClusterFacts cluster{.start_failure = state->start_failure};
    assembly::HealthFacts facts{.is_stopping = stop_.stop_requested()};
    if (state->running) {
      const Running& running = *state->running;
      assembly::Assembly& assembly = running.installation.assembly();
      cluster.is_connected = true;
      cluster.has_synced = state->has_begun;
      cluster.watch_failure = running.watches.failure();
      if (state->has_begun) cluster.lease_failure = running.installation.shards().failure();
      cluster.fetch_failure = running.installation.fetch_failure();
      cluster.write_failure = assembly.write_failure();
      cluster.audit_failure = assembly.audit_failure();
      // Before the workers begin, keys may wait for as long as the API server keeps them waiting.
      if (state->has_begun) facts.work_silent_for = assembly.signs().work_silent_for(running.queue.oldest_work());
    }
    facts.cannot_work = why_it_cannot_work(cluster);
    return facts;
  }

  std::string metrics_text() const {
    const auto state = state_.lock();
    if (state->running) {
      metrics_.set_queue(state->running->queue.statistics());
      metrics_.set_ready(state->running->installation.ready_counts());
      const Shards::Standing standing = state->running->installation.shards().standing();
      metrics_.set_lease(lease_group_, standing.holds_lease);
      metrics_.set_shard_members(standing.members);
    }
    return metrics_.text();
  }

 private:
  struct State {
    std::optional<Error> start_failure;
    std::optional<Running> running;
    bool has_begun = false;
  };
  telemetry::Metrics& metrics_;
  const std::string lease_group_;
  const std::stop_token stop_;
  runtime::Guarded<State> state_;
};

/// The publisher's id, however long the API server takes to tell it; absent when `stop` asks first.
std::optional<std::string> publisher_id(const ServiceOptions& options, kube::ApiClient& client, telemetry::Log& log,
                                        Answers& answers, const std::stop_token& stop) {
  if (!options.publisher_id.empty()) return options.publisher_id;
  std::optional<Error> told;
  for (unsigned failures = 1; !stop.stop_requested(); ++failures) {
    const auto id = cluster_id(client, stop);
    if (id) return *id;
    if (stop.stop_requested()) break;
    answers.cannot_start(id.error());
    if (told != id.error()) log.error(id.error());
    told = id.error();
    runtime::wait(runtime::backoff(kAskAgain, failures, runtime::chance()), stop);
  }
  return std::nullopt;
}

void tell_start(const std::string& server, const telemetry::Endpoints* endpoints, telemetry::Log& log) {
  std::vector<telemetry::LogField> about{{"server", server}};
  if (endpoints != nullptr) about.push_back({"port", endpoints->port()});
  log.info("starting", about);
}

/// Everything that runs over an API server that has answered, from its first lists to its end.
class Session {
 public:
  /// All outlive it.
  Session(const ServiceOptions& options, const InstallationOptions& of_installation, kube::ApiClient& client,
          runtime::EndOfOutage& end_of_outage, assembly::KeptAudit& audit, const assembly::Surroundings& surroundings)
      : grace_(options.grace),
        log_(surroundings.log),
        installation_(of_installation, client, audit, surroundings),
        workforce_(installation_.assembly(), surroundings,
                   {.workers = options.workers,
                    .is_deleted = [this](const ObjectKey& key) { return installation_.is_deleted(key); }}) {
    installation_.feed(workforce_.queue());
    watches_.emplace(ObjectWatches::Parts{
        .caches = installation_.caches(),
        .client = client,
        .wake = [this](const ObjectKey& key, auto priority) { installation_.wake(key, priority); },
        .forget =
            [this](const ObjectKey& key) {
              workforce_.queue().forget(key);
              installation_.gone(key);
            },
        .log = surroundings.log,
        .hands = {.wait = runtime::wait,
                  .chance = runtime::chance,
                  .elapsed = runtime::elapsed,
                  .outages = {{.ended = [&end_of_outage] { return end_of_outage.count(); },
                               .wait = [&end_of_outage](
                                           auto longest, auto seen,
                                           auto stop) { return end_of_outage.wait(longest, seen, std::move(stop)); }}}},
        .references = options.references});
    installation_.see_through(*watches_);
  }

  void run(Answers& answers, const std::stop_token& stop) {
    const Asked asked{answers, {installation_, workforce_.queue(), *watches_}};
    while (!watches_->has_synced() && runtime::wait(kLookForSync, stop)) {
    }
    if (watches_->has_synced()) begin(answers);
    runtime::wait_for_stop(stop);
    log_.info("stopping: what runs is finished or left so that the next start goes on");
    end();
  }

 private:
  /// The endpoints answer from what runs, and never from what is gone, however it ends.
  class Asked {
   public:
    Asked(Answers& answers, const Answers::Running& running) : answers_(answers) { answers_.runs(running); }
    ~Asked() { answers_.is_over(); }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;

   private:
    Answers& answers_;
  };

  void begin(Answers& answers) {
    workforce_.begin(installation_.reconcilers());
    answers.has_begun();
    // Only now: the other replicas leave it its share at once. The threads are made here, where one that the machine
    // refuses ends the process with the reason.
    lease_watch_.emplace([this](const std::stop_token& over) { installation_.shards().watch(over); });
    for (auto& each : memberships_)
      each.emplace([this](const std::stop_token& over) { installation_.shards().run(over); });
    log_.info("running", {{"resources", static_cast<std::int64_t>(installation_.caches().size())}});
  }

  /// Requests end when the time is almost over, so that nothing waits for an API server that is away.
  void end() {
    const std::jthread gives_up{[this](const std::stop_token& over) {
      if (runtime::wait(grace_ * 3 / 4, over)) installation_.give_up();
    }};
    workforce_.end(grace_ / 2);
    if (!lease_watch_) return;
    for (auto& each : memberships_) each->request_stop();
    for (auto& each : memberships_) each.reset();
    lease_watch_.reset();
    const auto released = installation_.shards().release(kRelease, {});
    if (!released) log_.warn("the lease could not be given back, it runs out: " + released.error().message);
  }

  const milliseconds grace_;
  telemetry::Log& log_;
  Installation installation_;
  assembly::Workforce workforce_;
  std::optional<ObjectWatches> watches_;
  std::optional<std::jthread> lease_watch_;
  std::array<std::optional<std::jthread>, 2> memberships_;  ///< One lists while the other renews.
};

Result<http::NetworkEnvironment> network_of(const std::map<std::string, std::string>& environment) {
  return http::network_environment([&environment](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

Result<void> serve(const ServiceOptions& options, const assembly::Surroundings& surroundings,
                   const std::stop_token& stop) {
  const auto network = network_of(options.environment);
  if (!network) return std::unexpected{network.error()};
  Answers answers{surroundings.metrics, options.lease_group, stop};
  const auto endpoints = assembly::listen(
      options.listen,
      {.facts = [&answers] { return answers.facts(); }, .metrics = [&answers] { return answers.metrics_text(); }},
      surroundings.metrics);
  if (!endpoints) return std::unexpected{endpoints.error()};
  const auto connection = connect(options.access, *network, surroundings);
  if (!connection) return std::unexpected{connection.error()};
  tell_start((*connection)->access().server, endpoints->get(), surroundings.log);
  runtime::EndOfOutage end_of_outage;
  const runtime::BootClock boot_clock;
  kube::OutageWatch watched{**connection, boot_clock, [&end_of_outage] { end_of_outage.tell(); }};
  kube::ApiClient client{watched};
  const auto publisher = publisher_id(options, client, surroundings.log, answers, stop);
  if (!publisher) return {};
  const auto audit = assembly::open_audit_log(options.audit_folder, *publisher,
                                              {surroundings.log, surroundings.metrics, surroundings.clock});
  if (!audit) return std::unexpected{audit.error()};
  Session session{options,
                  {.references = options.references,
                   .publisher_id = *publisher,
                   .identity = options.identity,
                   .lease_namespace = options.lease_namespace,
                   .lease_group = options.lease_group,
                   .flush_events_for = options.grace / 8,
                   .network = *network},
                  client,
                  end_of_outage,
                  **audit,
                  surroundings};
  session.run(answers, stop);
  return {};
}

}  // namespace slipway::cluster
