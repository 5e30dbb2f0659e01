#include "controller/assembly/metered_ports.h"

#include "reconcilers/readiness.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/in_memory_registry.h"

namespace slipway::assembly {

namespace {

ImagePublicationStatus published(const std::string& hash, const std::vector<TagStatus>& tags) {
  ImagePublicationStatus status;
  status.published = PublishedStatus{
      .digest = "sha256:1", .publication_hash = hash, .verdicts = {{.gate = "scan", .passed = true}}, .tags = tags};
  return status;
}

bool has_line(const telemetry::Metrics& metrics, const std::string& line) {
  return ('\n' + metrics.text()).find('\n' + line + '\n') != std::string::npos;
}

const TagStatus kVersion{"version", "1.8.2", TagState::Set, "sha256:1", true};
const TagStatus kMoving{"environment", "staging", TagState::Set, "sha256:1", true};

/// Sends 42 bytes and fails.
class BrokenTransfer final : public BlobTransfer {
 public:
  Result<BlobTransferReport> transfer(ImageSource&, ImageStore&, const BlobTransferRequest& request,
                                      std::stop_token) override {
    if (request.on_end) request.on_end({.outcomes = {}, .bytes_sent = 42, .resumed = 1});
    return fail(ErrorClass::Unavailable, "cut", "try again");
  }
};

}  // namespace

TEST_CASE("the bytes of a transfer that fails are counted, and its caller hears of them too") {
  telemetry::Metrics metrics{"test"};
  BrokenTransfer broken;
  MeteredTransfer metered(broken, metrics);
  tests::InMemoryRegistry registry;
  const auto store = registry.store("r.io", "app");
  BlobTransferRequest request;
  std::int64_t heard = 0;
  request.on_end = [&](const BlobTransferReport& report) { heard += report.bytes_sent; };
  CHECK(metered.transfer(*store, *store, request, {}).error().cls == ErrorClass::Unavailable);
  CHECK(has_line(metrics, "slipway_transfer_bytes_total 42"));
  CHECK(heard == 42);
}

TEST_CASE("a written status is held against what is at hand, where there is something to count") {
  telemetry::Metrics metrics{"test"};
  tests::InMemoryObjects objects;
  auto publication = tests::make_publication();
  objects.apply(publication);
  int asked = 0;
  MeteredWriter writer(
      objects,
      [&](const ObjectKey& key) -> std::optional<ImagePublication> {
        ++asked;
        return objects.stored(key);
      },
      metrics);
  publication = objects.stored(key_of(publication));
  publication.status.display.digest = "sha256:1";
  CHECK(writer.write_status(publication));
  CHECK(asked == 0);
  publication.status = published("h1", {kVersion});
  CHECK(writer.write_status(publication));
  CHECK(writer.write_status(publication));
  CHECK(asked == 2);
  CHECK(has_line(metrics, R"(slipway_publications_total{outcome="published",reason="Succeeded"} 1)"));
}

TEST_CASE("a publication is counted once, with its tags and verdicts") {
  telemetry::Metrics metrics{"test"};
  const TagStatus found_right{"number", "812", TagState::Set, "sha256:1"};
  const auto after = published("h1", {kVersion, kMoving, found_right});
  count_changes({}, after, metrics);
  count_changes(after, after, metrics);
  CHECK(has_line(metrics, R"(slipway_publications_total{outcome="published",reason="Succeeded"} 1)"));
  CHECK(has_line(metrics, "slipway_tags_set_total 2"));
  CHECK(has_line(metrics, R"(slipway_gate_verdicts_total{gate="scan",result="passed"} 1)"));
}

TEST_CASE("a tag that a repair sets again counts, the publication does not") {
  telemetry::Metrics metrics{"test"};
  count_changes(published("h1", {kVersion}), published("h1", {kVersion, kMoving}), metrics);
  CHECK(has_line(metrics, "slipway_tags_set_total 1"));
  CHECK(has_line(metrics, R"(slipway_publications_total{outcome="published",reason="Succeeded"} 0)"));
}

TEST_CASE("a refusal counts when it is new") {
  telemetry::Metrics metrics{"test"};
  ImagePublicationStatus refused;
  refused.attempt = AttemptStatus{.error = AttemptError{.cls = "Conflict", .message = "m", .remedy = "r"}};
  apply_readiness(refused.conditions, {Readiness::Kind::Stalled, "TagConflict", "m"}, {});
  count_changes({}, refused, metrics);
  count_changes(refused, refused, metrics);
  CHECK(has_line(metrics, R"(slipway_publications_total{outcome="refused",reason="TagConflict"} 1)"));
}

TEST_CASE("what was not allowed, and so not attempted, counts once") {
  telemetry::Metrics metrics{"test"};
  ImagePublicationStatus refused;
  apply_readiness(refused.conditions, {Readiness::Kind::Stalled, "Forbidden", "m"}, {});
  CHECK(has_line(metrics, R"(slipway_publications_total{outcome="refused",reason="Forbidden"} 1)") == false);
  count_changes({}, refused, metrics);
  count_changes(refused, refused, metrics);
  CHECK(has_line(metrics, R"(slipway_publications_total{outcome="refused",reason="Forbidden"} 1)"));
}

TEST_CASE("a gate that refuses counts, one that waits for its report does not") {
  telemetry::Metrics metrics{"test"};
  ImagePublicationStatus refused;
  refused.attempt = AttemptStatus{.error = AttemptError{.cls = "Refused", .message = "m", .remedy = "r"}};
  set_condition(refused.conditions, make_condition("GatesPassed", false, "FindingsAboveLimit", "scan: 1 finding", {}));
  apply_readiness(refused.conditions, {Readiness::Kind::Reconciling, "AwaitingReport", "m"}, {});
  count_changes({}, refused, metrics);
  CHECK(has_line(metrics, R"(slipway_gate_verdicts_total{gate="scan",result="refused"} 0)"));
  apply_readiness(refused.conditions, {Readiness::Kind::Stalled, "FindingsAboveLimit", "m"}, {});
  count_changes({}, refused, metrics);
  CHECK(has_line(metrics, R"(slipway_gate_verdicts_total{gate="scan",result="refused"} 1)"));
}

TEST_CASE("a try that waits, one that is made again and a bug are told apart") {
  struct Row {
    std::string cls, reason, outcome;
  };
  for (const auto& [cls, reason, outcome] :
       {Row{"NotFound", "AwaitingReport", "waiting"}, Row{"NotFound", "PlatformNotCovered", "waiting"},
        Row{"Unavailable", "Unavailable", "retrying"}, Row{"Throttled", "Throttled", "retrying"},
        Row{"QuotaExceeded", "QuotaExceeded", "retrying"}, Row{"Internal", "Internal", "failed"}}) {
    telemetry::Metrics metrics{"test"};
    ImagePublicationStatus status;
    status.attempt = AttemptStatus{.error = AttemptError{.cls = cls, .message = "m", .remedy = "r"}};
    apply_readiness(status.conditions, {Readiness::Kind::Reconciling, reason, "m"}, {});
    count_changes({}, status, metrics);
    std::string labels = "outcome=\"" + outcome + "\",reason=\"" + reason + "\"";
    CHECK(has_line(metrics, "slipway_publications_total{" + labels + "} 1"));
    apply_readiness(status.conditions, {Readiness::Kind::Stalled, reason, "m"}, {});
    count_changes({}, status, metrics);
    labels = "outcome=\"refused\",reason=\"" + reason + "\"";
    CHECK(has_line(metrics, "slipway_publications_total{" + labels + "} 1"));
  }
}

}  // namespace slipway::assembly
