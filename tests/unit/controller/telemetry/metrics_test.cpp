#include "controller/telemetry/metrics.h"

#include "tests/catch.h"

using namespace std::chrono_literals;
using namespace slipway;
using namespace slipway::telemetry;

namespace {

const ObjectKey kKey{ResourceKind::ImagePublication, "shop", "a"};

bool shows(const Metrics& metrics, const std::string& line) {
  return metrics.text().find('\n' + line + '\n') != std::string::npos;
}

}  // namespace

TEST_CASE("every metric is there from the start at zero") {
  const Metrics metrics{"0.1.0"};
  for (const char* line :
       {"workqueue_depth{controller=\"imagepublication\",name=\"imagepublication\"} 0",
        "workqueue_adds_total{controller=\"containerregistry\",name=\"containerregistry\"} 0",
        "workqueue_queue_duration_seconds_count{controller=\"imagepublication\",name=\"imagepublication\"} 0",
        "workqueue_work_duration_seconds_count{controller=\"imagepublication\",name=\"imagepublication\"} 0",
        "workqueue_retries_total{controller=\"retentionpolicy\",name=\"retentionpolicy\"} 0",
        "workqueue_unfinished_work_seconds{controller=\"imagepublication\",name=\"imagepublication\"} 0",
        "workqueue_longest_running_processor_seconds{controller=\"imagepublication\",name=\"imagepublication\"} 0",
        "controller_runtime_reconcile_total{controller=\"imagepublication\",result=\"success\"} 0",
        "controller_runtime_reconcile_errors_total{controller=\"imagepublication\"} 0",
        "controller_runtime_terminal_reconcile_errors_total{controller=\"imagepublication\"} 0",
        "controller_runtime_reconcile_time_seconds_count{controller=\"imagepublication\"} 0",
        "controller_runtime_max_concurrent_reconciles{controller=\"imagepublication\"} 0",
        "controller_runtime_active_workers{controller=\"imagepublication\"} 0",
        "slipway_transfer_bytes_total 0",
        "slipway_transfer_blobs_total{outcome=\"mounted\"} 0",
        "slipway_transfer_resumes_total 0",
        "slipway_tags_set_total 0",
        "slipway_audit_records_total 0",
        "slipway_audit_failures_total 0",
        "slipway_resources{kind=\"imagepublication\",ready=\"True\"} 0",
        "slipway_build_info{version=\"0.1.0\"} 1"}) {
    CAPTURE(line);
    CHECK(shows(metrics, line));
  }
}

TEST_CASE("reconciles count by result") {
  struct Row {
    std::string name;
    std::optional<Outcome> outcome;
    std::string result;
    int errors, panics, terminal = 0;
  };
  const std::vector<Row> rows{{"done", Outcome{}, "success", 0, 0},
                              {"again", Outcome{Outcome::Kind::Again, 1s}, "requeue_after", 0, 0},
                              {"stalled", Outcome{Outcome::Kind::Stalled, 1h}, "requeue_after", 0, 0, 1},
                              {"retry", Outcome{Outcome::Kind::Retry, {}}, "error", 1, 0},
                              {"a bug", std::nullopt, "error", 1, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    Metrics metrics{"0"};
    metrics.began(kKey, "id");
    CHECK(shows(metrics, "controller_runtime_active_workers{controller=\"imagepublication\"} 1"));
    metrics.ended({.key = kKey, .reconcile_id = "id", .took = 2s, .outcome = row.outcome, .thrown = {}});
    const std::string of_kind = "{controller=\"imagepublication\"";
    CHECK(shows(metrics, "controller_runtime_active_workers" + of_kind + "} 0"));
    CHECK(shows(metrics, "controller_runtime_reconcile_total" + of_kind + ",result=\"" + row.result + "\"} 1"));
    CHECK(shows(metrics, "controller_runtime_reconcile_errors_total" + of_kind + "} " + std::to_string(row.errors)));
    CHECK(shows(metrics, "controller_runtime_reconcile_panics_total" + of_kind + "} " + std::to_string(row.panics)));
    CHECK(shows(metrics,
                "controller_runtime_terminal_reconcile_errors_total" + of_kind + "} " + std::to_string(row.terminal)));
    CHECK(shows(metrics, "controller_runtime_reconcile_time_seconds_sum" + of_kind + "} 2"));
  }
}

TEST_CASE("the queue's gauges follow, and fall back to zero") {
  Metrics metrics{"0"};
  metrics.set_queue({{ResourceKind::ImagePublication,
                      {.depth = 3, .delayed = 1, .running = 2, .unfinished = 8s, .longest_running = 5s}}});
  CHECK(shows(metrics, "workqueue_depth{controller=\"imagepublication\",name=\"imagepublication\"} 3"));
  CHECK(
      shows(metrics, "workqueue_unfinished_work_seconds{controller=\"imagepublication\",name=\"imagepublication\"} 8"));
  CHECK(shows(
      metrics,
      "workqueue_longest_running_processor_seconds{controller=\"imagepublication\",name=\"imagepublication\"} 5"));
  metrics.set_queue({});
  CHECK(shows(metrics, "workqueue_depth{controller=\"imagepublication\",name=\"imagepublication\"} 0"));
}

TEST_CASE("labels from outside are bounded") {
  Metrics metrics{"0"};
  for (int i = 0; i < 60; ++i) {
    metrics.registry_request({.method = "GET", .status = 200, .host = "h" + std::to_string(i), .took = 1ms});
  }
  metrics.registry_request(
      {.method = "GET", .status = 200, .host = "declared.io", .took = 1ms, .is_of_registry = true});
  metrics.registry_request({.method = "STEAL", .status = 0, .host = "h0", .took = 1ms});
  metrics.registry_request({.method = "PUT", .status = 429, .host = "h0", .took = 1ms});
  const auto line = [](const std::string& code, const std::string& host, const std::string& method, int count) {
    const std::string declared = host == "declared.io" ? "True" : "False";
    return "slipway_registry_requests_total{code=\"" + code + "\",declared=\"" + declared + "\",host=\"" + host +
           "\",method=\"" + method + "\"} " + std::to_string(count);
  };
  // However many hosts sources name.
  CHECK(shows(metrics, line("200", "declared.io", "GET", 1)));
  CHECK(shows(metrics, line("200", "h49", "GET", 1)));
  CHECK(shows(metrics, line("200", "other", "GET", 10)));
  CHECK(shows(metrics, line("none", "h0", "other", 1)));
  CHECK(shows(metrics, "slipway_registry_throttled_total{declared=\"False\",host=\"h0\"} 1"));
}

TEST_CASE("a host that answers with another status each time is not another series each time") {
  Metrics metrics{"0"};
  for (int status = 100; status < 600; ++status)
    metrics.registry_request({.method = "GET", .status = status, .host = "h0", .took = 1ms});
  const std::string text = metrics.text();
  std::size_t series = 0;
  for (auto at = text.find("requests_total{code="); at != std::string::npos;
       at = text.find("requests_total{code=", at + 1))
    ++series;
  CHECK(series < 40);
  CHECK_THAT(text, Catch::Contains("{code=\"404\",declared=\"False\",host=\"h0\",method=\"GET\"} 1"));
  CHECK_THAT(text, Catch::Contains("{code=\"5xx\",declared=\"False\",host=\"h0\",method=\"GET\"} 96"));
}

TEST_CASE("how long a host took to answer, and when a branch was fetched") {
  Metrics metrics{"0"};
  metrics.registry_request({.method = "GET", .status = 200, .host = "a.io", .took = 2500ms, .is_of_registry = true});
  CHECK(shows(metrics, "slipway_registry_request_duration_seconds_sum{host=\"a.io\",method=\"GET\"} 2.5"));
  metrics.git_fetched(Timestamp{std::chrono::seconds{1'000}}, true);
  CHECK(shows(metrics, "slipway_git_last_fetch_timestamp_seconds 1000"));
}

TEST_CASE("resources count by kind and Ready, those that are gone fall to zero") {
  Metrics metrics{"0"};
  metrics.set_ready({{ResourceKind::ImagePublication, "True", 2},
                     {ResourceKind::ImagePublication, "Suspended", 3},
                     {ResourceKind::ImagePublication, "", 1},
                     {ResourceKind::ImagePublication, "Unknown", 1}});
  CHECK(shows(metrics, "slipway_resources{kind=\"imagepublication\",ready=\"True\"} 2"));
  CHECK(shows(metrics, "slipway_resources{kind=\"imagepublication\",ready=\"Unknown\"} 2"));
  CHECK(shows(metrics, "slipway_resources{kind=\"imagepublication\",ready=\"Suspended\"} 3"));
  metrics.set_ready({});
  CHECK(shows(metrics, "slipway_resources{kind=\"imagepublication\",ready=\"True\"} 0"));
}

TEST_CASE("what is not ready is told by namespace, for as long as there is any, and of so many namespaces") {
  Metrics metrics{"0"};
  const auto line = [](const std::string& of, const std::string& stalled, int count) {
    return "slipway_unready_resources{kind=\"imagepublication\",resource_namespace=\"" + of + "\",stalled=\"" +
           stalled + "\"} " + std::to_string(count);
  };
  const auto count = [](const std::string& status, std::size_t number, const std::string& of, bool is_stalled = false) {
    return ReadyCount{ResourceKind::ImagePublication, status, number, of, is_stalled};
  };
  metrics.set_ready({count("False", 2, "team", true), count("Unknown", 1, "team"), count("False", 3, "team"),
                     count("True", 9, "calm"), count("Suspended", 4, "calm")});
  CHECK(shows(metrics, line("team", "True", 2)));
  CHECK(shows(metrics, line("team", "False", 4)));
  CHECK_FALSE(metrics.text().contains("calm"));
  CHECK(shows(metrics, "slipway_resources{kind=\"imagepublication\",ready=\"False\"} 5"));
  metrics.set_ready({count("True", 6, "team")});
  CHECK_FALSE(metrics.text().contains("resource_namespace"));

  std::vector<ReadyCount> many;
  for (int i = 0; i < 502; ++i) many.push_back(count("False", 1, "n" + std::to_string(1000 + i)));
  metrics.set_ready(many);
  CHECK(shows(metrics, line("n1499", "False", 1)));
  CHECK(shows(metrics, line("other", "False", 2)));
}

TEST_CASE("since when the first is not ready is told by namespace, for as long as there is any") {
  Metrics metrics{"0"};
  const auto line = [](const std::string& of, const std::string& since) {
    return "slipway_unready_since_timestamp_seconds{kind=\"imagepublication\",resource_namespace=\"" + of +
           "\",stalled=\"False\"} " + since;
  };
  const auto count = [](const std::string& status, std::optional<int> since) {
    ReadyCount all{ResourceKind::ImagePublication, status, 1, "team", false};
    if (since) all.unready_since = Timestamp{std::chrono::seconds{*since}};
    return all;
  };
  metrics.set_ready({count("False", 2000), count("Unknown", 1000), count("Unknown", std::nullopt)});
  CHECK(shows(metrics, line("team", "1000")));
  metrics.set_ready({count("Unknown", std::nullopt)});
  CHECK_FALSE(metrics.text().contains("slipway_unready_since_timestamp_seconds{"));
  CHECK(metrics.text().contains("slipway_unready_resources{"));
  metrics.set_ready({count("False", 3000)});
  CHECK(shows(metrics, line("team", "3000")));
}

TEST_CASE("whether it can work is told") {
  Metrics metrics{"0"};
  CHECK(shows(metrics, "slipway_ready 0"));
  metrics.set_able(true);
  CHECK(shows(metrics, "slipway_ready 1"));
}

TEST_CASE("a broken folder can be seen, and one that is read no more") {
  Metrics metrics{"0"};
  CHECK(shows(metrics, "slipway_manifest_problems 0"));
  CHECK(shows(metrics, "slipway_manifest_last_read_timestamp_seconds 0"));
  metrics.set_manifests(3, Timestamp{std::chrono::seconds{7}});
  CHECK(shows(metrics, "slipway_manifest_problems 3"));
  CHECK(shows(metrics, "slipway_manifest_last_read_timestamp_seconds 7"));
}

TEST_CASE("publications, gates, transfers and tags count") {
  Metrics metrics{"0"};
  metrics.publication("refused", "FindingsAboveLimit");
  metrics.gate_verdict("scan", false);
  metrics.tags_set(3);
  metrics.audited(2);
  metrics.audit_failed();
  metrics.transferred({.outcomes = {{Digest::of("a"), BlobOutcome::Sent}, {Digest::of("b"), BlobOutcome::Present}},
                       .bytes_sent = 42,
                       .resumed = 1});
  CHECK(shows(metrics, "slipway_publications_total{outcome=\"refused\",reason=\"FindingsAboveLimit\"} 1"));
  CHECK(shows(metrics, "slipway_gate_verdicts_total{gate=\"scan\",result=\"refused\"} 1"));
  CHECK(shows(metrics, "slipway_tags_set_total 3"));
  CHECK(shows(metrics, "slipway_audit_records_total 2"));
  CHECK(shows(metrics, "slipway_audit_failures_total 1"));
  CHECK(shows(metrics, "slipway_transfer_bytes_total 42"));
  CHECK(shows(metrics, "slipway_transfer_blobs_total{outcome=\"sent\"} 1"));
  CHECK(shows(metrics, "slipway_transfer_resumes_total 1"));
}

TEST_CASE("a replica's share is there from its first lease") {
  Metrics metrics{"0"};
  CHECK(metrics.text().find("slipway_shard_members ") == std::string::npos);
  metrics.set_shard_members(3);
  CHECK(shows(metrics, "slipway_shard_members 3"));
  metrics.set_shard_members(0);
  CHECK(shows(metrics, "slipway_shard_members 0"));
}

TEST_CASE("the process is measured as Prometheus' own clients do") {
  const Metrics metrics{"0"};
  const auto value = [&](const std::string& name) {
    const std::string text = metrics.text();
    const auto at = text.find('\n' + name + ' ');
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
  };
  const double cpu = value("process_cpu_seconds_total");
  CHECK(cpu > 0);
  CHECK(value("process_cpu_seconds_total") >= cpu);
  CHECK(value("process_resident_memory_bytes") > 1e6);
  CHECK(value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"));
  CHECK(value("process_open_fds") >= 3);
  CHECK(value("process_max_fds") > value("process_open_fds"));
  CHECK(value("process_start_time_seconds") > 1.7e9);
}
