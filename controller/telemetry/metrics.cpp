#include "controller/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <string_view>

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "controller/telemetry/process_figures.h"

namespace slipway::telemetry {

namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

constexpr std::array kKinds{ResourceKind::ContainerRegistry, ResourceKind::ImagePublication,
                            ResourceKind::RetentionPolicy};
constexpr std::array<std::string_view, 4> kResults{"success", "error", "requeue_after", "requeue"};
constexpr std::array<std::string_view, 4> kReady{"True", "False", "Unknown", "Suspended"};
constexpr std::array<std::string_view, 3> kBlobOutcomes{"present", "mounted", "sent"};
constexpr std::array<std::string_view, 5> kPublicationOutcomes{"published", "refused", "waiting", "retrying", "failed"};
constexpr std::array<std::string_view, 4> kGates{"scan", "signature", "sbom", "provenance"};
constexpr std::array<std::string_view, 6> kMethods{"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"};
constexpr std::size_t kMostHosts = 50;
constexpr std::size_t kMostReasons = 100;
constexpr std::size_t kMostNamespaces = 500;

/// controller-runtime's: 10 ns to 1,000 s by powers of ten.
const Histogram::BucketBoundaries kQueueBuckets{1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10, 100, 1000};
const Histogram::BucketBoundaries kReconcileBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,   2.5,
                                                    5,     10,   30,    60,   120, 300,  600, 1800};
const Histogram::BucketBoundaries kRequestBuckets{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};

std::string label(ResourceKind kind) {
  std::string text{to_string(kind)};
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

/// controller-runtime names its queues after their controllers.
Labels queue_of(const std::string& kind) {
  return {{"name", kind}, {"controller", kind}};
}

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>{duration}.count();
}

template <std::size_t Size>
std::string one_of(const std::array<std::string_view, Size>& known, const std::string& value) {
  return std::ranges::find(known, value) != known.end() ? value : "other";
}

std::string code_label(int status) {
  return status >= 100 && status <= 599 ? std::to_string(status) : "none";
}

/// Hosts that sources name may answer as they like, with another status each time.
std::string registry_code_label(int status) {
  constexpr std::array kUsual{200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401,
                              403, 404, 405, 409, 413, 416, 422, 429, 500, 502, 503, 504};
  const bool is_usual = status < 100 || status > 599 || std::ranges::find(kUsual, status) != kUsual.end();
  return is_usual ? code_label(status) : std::to_string(status / 100) + "xx";
}

std::string_view result_of(const runtime::Visit& visit) {
  if (!visit.outcome) return "error";
  if (visit.outcome->kind == Outcome::Kind::Retry) return "error";
  const bool comes_again = visit.outcome->kind != Outcome::Kind::Done && visit.outcome->delay;
  return comes_again ? "requeue_after" : "success";
}

struct Unready {
  std::size_t count = 0;
  std::optional<Timestamp> since;

  void add(const ReadyCount& more) {
    count += more.count;
    if (more.unready_since) since = std::min(since.value_or(*more.unready_since), *more.unready_since);
  }
};

/// What slipway_unready_… show: the first namespaces by their names.
std::map<Labels, Unready> unready_of(const std::vector<ReadyCount>& counts) {
  std::set<std::string> unready;
  for (const ReadyCount& count : counts)
    if (count.status == "False" || count.status == "Unknown") unready.insert(count.namespace_name);
  if (unready.size() > kMostNamespaces) unready.erase(std::next(unready.begin(), kMostNamespaces), unready.end());
  std::map<Labels, Unready> sums;
  for (const ReadyCount& count : counts) {
    if (count.status != "False" && count.status != "Unknown") continue;
    const std::string& name = count.namespace_name;
    sums[{{"kind", label(count.kind)},
          {"resource_namespace", unready.contains(name) ? name : "other"},
          {"stalled", count.is_stalled ? "True" : "False"}}]
        .add(count);
  }
  return sums;
}

/// Gauges that are there only while they have a value: there would be a line for each namespace that ever was.
class PassingGauges {
 public:
  explicit PassingGauges(Family<Gauge>& family) : family_(family) {}

  void set(const std::map<Labels, double>& values) {
    const auto now = now_.lock();
    std::erase_if(*now, [&](const auto& each) {
      const bool is_over = !values.contains(each.first);
      if (is_over) family_.Remove(each.second);
      return is_over;
    });
    for (const auto& [labels, value] : values) {
      Gauge& gauge = family_.Add(labels);
      gauge.Set(value);
      now->insert_or_assign(labels, &gauge);
    }
  }

 private:
  Family<Gauge>& family_;
  runtime::Guarded<std::map<Labels, Gauge*>> now_;  ///< Owned by the family.
};

/// Values from outside, the first few by name.
class BoundedLabel {
 public:
  explicit BoundedLabel(std::size_t most) : most_(most) {}
  std::string of(const std::string& value) {
    auto seen = seen_.lock();
    if (!seen->contains(value) && seen->size() >= most_) return "other";
    seen->insert(value);
    return value;
  }

 private:
  const std::size_t most_;
  runtime::Guarded<std::set<std::string>> seen_;
};

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  BoundedLabel hosts{kMostHosts};
  BoundedLabel undeclared_hosts{kMostHosts};  // Tenants name them, and take no declared one's place.
  BoundedLabel reasons{kMostReasons};

  Family<Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  Family<Gauge>& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  Family<Histogram>& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  Family<Gauge>& depth = gauge("workqueue_depth", "Keys that are due and wait for a worker.");
  Family<Counter>& adds = counter("workqueue_adds_total", "Keys that became due.");
  Family<Histogram>& waited =
      histogram("workqueue_queue_duration_seconds", "How long a key was due before a worker took it.");
  Family<Histogram>& worked = histogram("workqueue_work_duration_seconds", "How long working on a key took.");
  Family<Counter>& retries = counter("workqueue_retries_total", "Visits that were put off after a failure.");
  Family<Gauge>& unfinished = gauge("workqueue_unfinished_work_seconds", "Summed age of the work that is going on.");
  Family<Gauge>& longest =
      gauge("workqueue_longest_running_processor_seconds", "Age of the oldest work that is going on.");
  Family<Counter>& reconciles = counter("controller_runtime_reconcile_total", "Reconciles by result.");
  Family<Counter>& errors = counter("controller_runtime_reconcile_errors_total", "Reconciles that failed.");
  Family<Counter>& terminal = counter("controller_runtime_terminal_reconcile_errors_total",
                                      "Reconciles after which only a change of something else helps: Stalled.");
  Family<Counter>& panics =
      counter("controller_runtime_reconcile_panics_total", "Reconciles that ended in an exception, a bug.");
  Family<Histogram>& took = histogram("controller_runtime_reconcile_time_seconds", "How long a reconcile took.");
  Family<Gauge>& most_workers =
      gauge("controller_runtime_max_concurrent_reconciles", "Reconciles that may run at once.");
  Family<Gauge>& active = gauge("controller_runtime_active_workers", "Reconciles that run now.");
  Family<Counter>& publications = counter("slipway_publications_total", "Publications by outcome and reason.");
  Family<Counter>& verdicts = counter("slipway_gate_verdicts_total", "Judgements of gates.");
  Counter& bytes = counter("slipway_transfer_bytes_total", "Bytes of blobs sent to registries.").Add({});
  Family<Counter>& blobs = counter("slipway_transfer_blobs_total", "Blobs by how they came to the registry.");
  Counter& resumed =
      counter("slipway_transfer_resumes_total", "Transfers that went on after a cut where they had stopped.").Add({});
  Family<Counter>& requests = counter("slipway_registry_requests_total", "Requests to registries.");
  Family<Histogram>& request_took =
      histogram("slipway_registry_request_duration_seconds", "How long registries took to answer.");
  Family<Counter>& throttled = counter("slipway_registry_throttled_total", "Requests answered with 429.");
  Counter& tags = counter("slipway_tags_set_total", "Tags that were set.").Add({});
  Counter& audit_records = counter("slipway_audit_records_total", "Records written to the audit log.").Add({});
  Counter& audit_failures =
      counter("slipway_audit_failures_total", "Times that the audit log could not be written.").Add({});
  Family<Gauge>& resources = gauge("slipway_resources", "Resources by kind and status of their Ready condition.");
  PassingGauges unready{gauge("slipway_unready_resources",
                              "Resources whose Ready condition is not True, nor suspended, by their namespace; "
                              "stalled: until somebody changes something.")};
  PassingGauges unready_since{gauge("slipway_unready_since_timestamp_seconds",
                                    "Since when the first of those is not ready, where its conditions tell.")};
  Gauge& able = gauge("slipway_ready", "1 while it can work, as /readyz says.").Add({});
  Gauge& manifest_problems =
      gauge("slipway_manifest_problems", "Problems of the manifest folder as it was read last, warnings aside.")
          .Add({});
  Gauge& manifests_read =
      gauge("slipway_manifest_last_read_timestamp_seconds", "When the manifest folder was last read; 0 before.")
          .Add({});
  Gauge& git_fetched =
      gauge("slipway_git_last_fetch_timestamp_seconds", "When the Git repository last answered; 0 before.").Add({});
  Counter& git_failures =
      counter("slipway_git_failures_total", "Times that the Git repository could not be asked.").Add({});
  Gauge& git_refused =
      gauge("slipway_git_commit_refused", "1 while the newest commit is not in force because it is not valid.").Add({});
  Family<Counter>& api_requests = counter("rest_client_requests_total", "Requests to the API server.");
  Family<Gauge>& leases = gauge("leader_election_master_status", "1 while this process holds the lease.");
  Family<Gauge>& members =
      gauge("slipway_shard_members", "Replicas among whom this one shares the work; 0 while it has no share.");
  Counter& cpu = counter("process_cpu_seconds_total", "User and system CPU time spent in seconds.").Add({});
  Family<Gauge>& resident = gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  Family<Gauge>& virtual_memory = gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");
  Family<Gauge>& open_files = gauge("process_open_fds", "Number of open file descriptors.");
  Family<Gauge>& most_files = gauge("process_max_fds", "Maximum number of open file descriptors.");
  Gauge& started =
      gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.").Add({});
  runtime::Guarded<double> cpu_counted{0};
  Family<Gauge>& build_info = gauge("slipway_build_info", "Always 1; the version is in the label.");

  void create_of(const std::string& kind) {
    depth.Add(queue_of(kind));
    adds.Add(queue_of(kind));
    waited.Add(queue_of(kind), kQueueBuckets);
    worked.Add(queue_of(kind), kQueueBuckets);
    retries.Add(queue_of(kind));
    unfinished.Add(queue_of(kind));
    longest.Add(queue_of(kind));
    for (const auto result : kResults) reconciles.Add({{"controller", kind}, {"result", std::string{result}}});
    errors.Add({{"controller", kind}});
    terminal.Add({{"controller", kind}});
    panics.Add({{"controller", kind}});
    took.Add({{"controller", kind}}, kReconcileBuckets);
    most_workers.Add({{"controller", kind}});
    active.Add({{"controller", kind}});
    for (const auto ready : kReady) resources.Add({{"kind", kind}, {"ready", std::string{ready}}});
  }

  void set_unready(const std::map<Labels, Unready>& all) {
    std::map<Labels, double> counts;
    std::map<Labels, double> times;
    for (const auto& [labels, unready_of_it] : all) {
      counts[labels] = static_cast<double>(unready_of_it.count);
      if (unready_of_it.since) times[labels] = seconds(unready_of_it.since->time_since_epoch());
    }
    unready.set(counts);
    unready_since.set(times);
  }

  void set_process() {
    const ProcessFigures now = process_figures();
    {
      const auto counted = cpu_counted.lock();
      cpu.Increment(std::max(now.cpu_seconds - *counted, 0.0));
      *counted = std::max(now.cpu_seconds, *counted);
    }
    const auto set = [](Family<Gauge>& family, const std::optional<double>& value) {
      if (value) family.Add({}).Set(*value);
    };
    set(resident, now.resident_bytes);
    set(virtual_memory, now.virtual_bytes);
    set(open_files, now.open_files);
    set(most_files, now.most_files);
  }

  void create_own() {
    started.Set(seconds(runtime::SystemClock{}.now().time_since_epoch()));
    publications.Add({{"outcome", "published"}, {"reason", "Succeeded"}});
    // What an alert asks the increase of: the first one is seen only where a zero was before it.
    publications.Add({{"outcome", "failed"}, {"reason", "Internal"}});
    for (const auto gate : kGates) {
      verdicts.Add({{"gate", std::string{gate}}, {"result", "passed"}});
      verdicts.Add({{"gate", std::string{gate}}, {"result", "refused"}});
    }
    for (const auto outcome : kBlobOutcomes) blobs.Add({{"outcome", std::string{outcome}}});
  }
};

Metrics::Metrics(const std::string& version) : families_(std::make_unique<Families>()) {
  for (const ResourceKind kind : kKinds) families_->create_of(label(kind));
  families_->create_own();
  families_->build_info.Add({{"version", version}}).Set(1);
}

Metrics::~Metrics() = default;

void Metrics::added(ResourceKind kind) {
  families_->adds.Add(queue_of(label(kind))).Increment();
}

void Metrics::retried(const ObjectKey& key, std::chrono::milliseconds /*delay*/) {
  families_->retries.Add(queue_of(label(key.kind))).Increment();
}

void Metrics::taken(ResourceKind kind, std::chrono::nanoseconds waited) {
  families_->waited.Add(queue_of(label(kind)), kQueueBuckets).Observe(seconds(waited));
}

void Metrics::began(const ObjectKey& key, const std::string& /*reconcile_id*/) {
  families_->active.Add({{"controller", label(key.kind)}}).Increment();
}

void Metrics::ended(const runtime::Visit& visit) {
  const std::string kind = label(visit.key.kind);
  const std::string result{result_of(visit)};
  families_->active.Add({{"controller", kind}}).Decrement();
  families_->worked.Add(queue_of(kind), kQueueBuckets).Observe(seconds(visit.took));
  families_->took.Add({{"controller", kind}}, kReconcileBuckets).Observe(seconds(visit.took));
  families_->reconciles.Add({{"controller", kind}, {"result", result}}).Increment();
  if (visit.outcome && visit.outcome->kind == Outcome::Kind::Stalled)
    families_->terminal.Add({{"controller", kind}}).Increment();
  if (result == "error") families_->errors.Add({{"controller", kind}}).Increment();
  if (!visit.outcome) families_->panics.Add({{"controller", kind}}).Increment();
}

void Metrics::set_queue(const std::map<ResourceKind, runtime::QueueStatistics>& statistics) {
  for (const ResourceKind kind : kKinds) {
    const auto found = statistics.find(kind);
    const runtime::QueueStatistics now = found == statistics.end() ? runtime::QueueStatistics{} : found->second;
    const Labels labels = queue_of(label(kind));
    families_->depth.Add(labels).Set(static_cast<double>(now.depth));
    families_->unfinished.Add(labels).Set(seconds(now.unfinished));
    families_->longest.Add(labels).Set(seconds(now.longest_running));
  }
}

void Metrics::set_max_concurrent_reconciles(std::size_t workers) {
  for (const ResourceKind kind : kKinds) {
    families_->most_workers.Add({{"controller", label(kind)}}).Set(static_cast<double>(workers));
  }
}

void Metrics::set_manifests(std::size_t problems, Timestamp at) {
  families_->manifest_problems.Set(static_cast<double>(problems));
  families_->manifests_read.Set(seconds(at.time_since_epoch()));
}

void Metrics::git_fetched(Timestamp at, bool is_refused) {
  families_->git_fetched.Set(seconds(at.time_since_epoch()));
  families_->git_refused.Set(is_refused ? 1 : 0);
}

void Metrics::git_failed() {
  families_->git_failures.Increment();
}

void Metrics::set_ready(const std::vector<ReadyCount>& counts) {
  std::map<Labels, std::size_t> sums;
  for (const ResourceKind kind : kKinds) {
    for (const auto ready : kReady) sums[{{"kind", label(kind)}, {"ready", std::string{ready}}}] = 0;
  }
  for (const ReadyCount& count : counts) {
    const std::string status = std::ranges::find(kReady, count.status) != kReady.end() ? count.status : "Unknown";
    sums[{{"kind", label(count.kind)}, {"ready", status}}] += count.count;
  }
  for (const auto& [labels, sum] : sums) families_->resources.Add(labels).Set(static_cast<double>(sum));
  families_->set_unready(unready_of(counts));
}

void Metrics::set_able(bool is_able) {
  families_->able.Set(is_able ? 1 : 0);
}

void Metrics::publication(const std::string& outcome, const std::string& reason) {
  const Labels labels{{"outcome", one_of(kPublicationOutcomes, outcome)}, {"reason", families_->reasons.of(reason)}};
  families_->publications.Add(labels).Increment();
}

void Metrics::gate_verdict(const std::string& gate, bool passed) {
  families_->verdicts.Add({{"gate", one_of(kGates, gate)}, {"result", passed ? "passed" : "refused"}}).Increment();
}

void Metrics::transferred(const BlobTransferReport& report) {
  families_->bytes.Increment(static_cast<double>(std::max<std::int64_t>(report.bytes_sent, 0)));
  families_->resumed.Increment(std::max(report.resumed, 0));
  for (const auto& [digest, outcome] : report.outcomes) {
    const std::string_view name = kBlobOutcomes.at(static_cast<std::size_t>(outcome));
    families_->blobs.Add({{"outcome", std::string{name}}}).Increment();
  }
}

void Metrics::tags_set(std::size_t count) {
  families_->tags.Increment(static_cast<double>(count));
}

void Metrics::audited(std::size_t records) {
  families_->audit_records.Increment(static_cast<double>(records));
}

void Metrics::audit_failed() {
  families_->audit_failures.Increment();
}

void Metrics::registry_request(const AnsweredRequest& request) {
  const bool is_declared = request.is_of_registry;
  const std::string host = (is_declared ? families_->hosts : families_->undeclared_hosts).of(request.host);
  const std::string declared = is_declared ? "True" : "False";
  const std::string method = one_of(kMethods, request.method);
  families_->requests
      .Add({{"method", method}, {"code", registry_code_label(request.status)}, {"host", host}, {"declared", declared}})
      .Increment();
  families_->request_took.Add({{"method", method}, {"host", host}}, kRequestBuckets).Observe(seconds(request.took));
  if (request.status == 429) families_->throttled.Add({{"host", host}, {"declared", declared}}).Increment();
}

void Metrics::api_request(const AnsweredRequest& request) {
  // As client-go says it.
  const std::string code = request.status == 0 ? "<error>" : code_label(request.status);
  families_->api_requests
      .Add({{"method", one_of(kMethods, request.method)}, {"code", code}, {"host", families_->hosts.of(request.host)}})
      .Increment();
}

void Metrics::set_lease(const std::string& name, bool is_held) {
  families_->leases.Add({{"name", name}}).Set(is_held ? 1 : 0);
}

void Metrics::set_shard_members(std::size_t count) {
  families_->members.Add({}).Set(static_cast<double>(count));
}

std::string Metrics::text() const {
  families_->set_process();
  std::ostringstream out;
  prometheus::TextSerializer{}.Serialize(out, families_->registry.Collect());
  return out.str();
}

}  // namespace slipway::telemetry
