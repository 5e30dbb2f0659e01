#include "reconcilers/publish/record.h"

#include <functional>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::publish;

namespace {

PublicationRecord full() {
  PublicationRecord out;
  out.publisher = {.id = "cluster-1", .namespace_name = "shop", .name = "storefront"};
  out.subject = Digest::of("image");
  out.registry = "contoso.azurecr.io";
  out.repository = "shop/storefront";
  out.environment = "staging";
  out.build = {.commit = "4f2a",
               .version = "1.8.2",
               .number = 812,
               .branch = "main",
               .run_url = "https://example.com/1",
               .actor = "octocat \"x\" \n",
               .built_at = *parse_timestamp("2026-11-24T09:00:00Z"),
               .labels = {{"b", "2"}, {"a", "1"}}};
  out.source = {.location = "ghcr.io/contoso/storefront", .digest = Digest::of("source").str()};
  out.tags = {{.tag = "1.8.2", .mutability = Mutability::Immutable},
              {.tag = "staging", .mutability = Mutability::Moving}};
  VerdictStatus verdict;
  verdict.gate = "scan";
  verdict.passed = true;
  verdict.critical = 1;
  verdict.high = 2;
  verdict.medium = 3;
  verdict.low = 4;
  verdict.unknown = 5;
  verdict.ignored = 6;
  verdict.excepted = 7;
  out.verdicts = {verdict};
  out.gates_hash = "sha256:9a";
  out.deployment_targets = {{.kind = "WebApp", .name = "a", .namespace_name = "b", .cluster = "c"}};
  out.started_at = *parse_timestamp("2026-11-24T10:00:00Z");
  out.published_at = *parse_timestamp("2026-11-24T10:00:07.250Z");
  out.slipway_version = "0.1.0";
  return out;
}

content::Descriptor subject() {
  content::Descriptor out;
  out.media_type = content::kOciIndex;
  out.digest = Digest::of("image");
  out.size = 42;
  return out;
}

using Change = std::function<void(PublicationRecord&)>;
struct Row {
  std::string name;
  Change change;
};

}  // namespace

TEST_CASE("a record comes back as it was written", "[record]") {
  PublicationRecord bare;
  bare.published_at = *parse_timestamp("2026-11-24T10:00:00Z");
  auto left = full();
  left.tags[1].left = true;
  auto rolled_back = left;
  rolled_back.rollback = {.digest = Digest::of("earlier").str(), .reason = "checkout is broken"};
  for (const auto& record : {full(), bare, left, rolled_back}) {
    const auto back = parse_record(build_record(record, subject()));
    REQUIRE(back.has_value());
    CHECK((*back == record));
  }
}

TEST_CASE("a record is an OCI 1.1 referrer", "[record]") {
  const auto record = build_record(full(), subject());
  const auto manifest = content::parse_manifest(record);
  REQUIRE(manifest.has_value());
  const auto& image = std::get<content::ImageManifest>(*manifest);
  CHECK(image.artifact_type == kRecordType);
  CHECK(image.subject->digest == subject().digest);
  CHECK(image.subject->size == 42);
  CHECK(image.subject->media_type == content::kOciIndex);
  CHECK(image.config == content::empty_blob());
  CHECK(image.layers == std::vector{content::empty_blob()});
  CHECK(image.annotations.at(std::string(kRecordIdentity)) == record_identity(full()));
}

TEST_CASE("a list of referrers names a record without repeating it", "[record]") {
  const auto listed = build_record(full(), subject()).descriptor;
  CHECK(listed.artifact_type == kRecordType);
  CHECK(listed.annotations.at(std::string(kRecordIdentity)) == record_identity(full()));
  CHECK(listed.annotations.at("org.opencontainers.image.created") == "2026-11-24T10:00:07.250Z");
  CHECK(listed.annotations.size() == 2);
}

TEST_CASE("a record's bytes are the same in every version", "[record]") {
  const auto manifest = content::parse_manifest(build_record(full(), subject()));
  REQUIRE(manifest.has_value());
  CHECK(
      std::get<content::ImageManifest>(*manifest).annotations.at(std::string(kRecordPayload)) ==
      R"({"schemaVersion":1,"publisher":{"id":"cluster-1","namespace":"shop","name":"storefront"},"subject":")" +
          Digest::of("image").str() +
          R"(","registry":"contoso.azurecr.io","repository":"shop/storefront","environment":"staging","build":{)"
          R"("commit":"4f2a","version":"1.8.2","number":812,"branch":"main","runURL":"https://example.com/1",)"
          R"("actor":"octocat \"x\" \n","builtAt":"2026-11-24T09:00:00Z","labels":{"a":"1","b":"2"}},"source":{)"
          R"("location":"ghcr.io/contoso/storefront","digest":")" +
          Digest::of("source").str() +
          R"("},"tags":[{"tag":"1.8.2","mutability":"Immutable"},{"tag":"staging","mutability":"Moving"}],)"
          R"("verdicts":[{"gate":"scan","passed":true,"critical":1,"high":2,"medium":3,"low":4,"unknown":5,)"
          R"("ignored":6,"excepted":7}],"gatesHash":"sha256:9a","deploymentTargets":[{"kind":"WebApp","name":"a",)"
          R"("namespace":"b","cluster":"c"}],"startedAt":"2026-11-24T10:00:00Z","publishedAt":"2026-11-24T10:00:07.250Z",)"
          R"("slipwayVersion":"0.1.0"})");
}

TEST_CASE("a record says which tags were left to another build", "[record]") {
  auto record = full();
  record.tags[1].left = true;
  const auto manifest = content::parse_manifest(build_record(record, subject()));
  REQUIRE(manifest.has_value());
  CHECK_THAT(std::get<content::ImageManifest>(*manifest).annotations.at(std::string(kRecordPayload)),
             Catch::Contains(R"("tags":[{"tag":"1.8.2","mutability":"Immutable"},)"
                             R"({"tag":"staging","mutability":"Moving","set":false}])"));
}

TEST_CASE("a record says what moving tags went back to", "[record]") {
  auto record = full();
  record.rollback = {.digest = Digest::of("earlier").str(), .reason = "checkout is broken"};
  const auto manifest = content::parse_manifest(build_record(record, subject()));
  REQUIRE(manifest.has_value());
  CHECK_THAT(std::get<content::ImageManifest>(*manifest).annotations.at(std::string(kRecordPayload)),
             Catch::Contains(R"("rollback":{"digest":")" + Digest::of("earlier").str() +
                             R"(","reason":"checkout is broken"})"));
}

TEST_CASE("why it was rolled back makes no other record", "[record]") {
  auto record = full();
  record.rollback = {.digest = Digest::of("earlier").str(), .reason = "checkout is broken"};
  auto other = record;
  other.rollback->reason = "really broken";
  CHECK(record_identity(other) == record_identity(record));
}

TEST_CASE("what makes another record", "[record]") {
  const Row rows[] = {
      {"publisher's installation", [](auto& r) { r.publisher.id = "x"; }},
      {"publisher's namespace", [](auto& r) { r.publisher.namespace_name = "x"; }},
      {"publisher's name", [](auto& r) { r.publisher.name = "x"; }},
      {"subject", [](auto& r) { r.subject = Digest::of("x"); }},
      {"environment", [](auto& r) { r.environment = "x"; }},
      {"commit", [](auto& r) { r.build.commit = "x"; }},
      {"version", [](auto& r) { r.build.version = "x"; }},
      {"number", [](auto& r) { r.build.number = 813; }},
      {"no number", [](auto& r) { r.build.number.reset(); }},
      {"source", [](auto& r) { r.source.location = "x"; }},
      {"source digest", [](auto& r) { r.source.digest = "x"; }},
      {"a tag", [](auto& r) { r.tags.pop_back(); }},
      {"a rollback", [](auto& r) { r.rollback = {.digest = Digest::of("earlier").str(), .reason = "x"}; }},
      {"a tag's mutability", [](auto& r) { r.tags[0].mutability = Mutability::Moving; }},
      {"a verdict", [](auto& r) { r.verdicts[0].excepted = 8; }},
      {"a gate", [](auto& r) { r.verdicts.clear(); }},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    PublicationRecord other = full();
    row.change(other);
    CHECK(record_identity(other) != record_identity(full()));
  }
}

TEST_CASE("what adds no second record", "[record]") {
  const Row rows[] = {
      {"times", [](auto& r) { r.published_at += std::chrono::hours(1); }},
      {"start", [](auto& r) { r.started_at.reset(); }},
      {"build time", [](auto& r) { r.build.built_at.reset(); }},
      {"actor", [](auto& r) { r.build.actor = "x"; }},
      {"run", [](auto& r) { r.build.run_url = "x"; }},
      {"branch", [](auto& r) { r.build.branch = "x"; }},
      {"labels", [](auto& r) { r.build.labels.clear(); }},
      {"Slipway's version", [](auto& r) { r.slipway_version = "x"; }},
      {"deployment targets", [](auto& r) { r.deployment_targets.clear(); }},
      {"how its gates were written", [](auto& r) { r.gates_hash.clear(); }},
      {"a tag that was left", [](auto& r) { r.tags[1].left = true; }},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    PublicationRecord other = full();
    row.change(other);
    CHECK(record_identity(other) == record_identity(full()));
  }
}

TEST_CASE("what is no record", "[record]") {
  const std::string subject_text = Digest::of("image").str();
  const std::string many = [] {
    std::string out = "{}";
    for (int i = 0; i < 1000; ++i) out += ",{}";
    return out;
  }();
  std::string very_many = many;
  for (int i = 0; i < 20; ++i) very_many += "," + many;
  const auto with = [&](const std::string& more) {
    return R"({"schemaVersion":1,"subject":")" + subject_text + R"(","publishedAt":"2026-11-24T10:00:00Z")" + more +
           "}";
  };
  REQUIRE(parse_record_payload(with("")).has_value());
  CHECK(parse_record_payload(with(R"(,"tags":"x","build":[],"verdicts":null,"publisher":7,"later":{}})").substr(0))
            .has_value() == false);
  CHECK(parse_record_payload(with(R"(,"tags":"x","build":[],"verdicts":null,"publisher":7,"later":{})"))->tags.empty());
  // Counts that a version did not write are none.
  const auto without_counts = parse_record_payload(with(R"(,"verdicts":[{"gate":"scan"}])"));
  CHECK((without_counts.value().verdicts == std::vector{VerdictStatus{.gate = "scan"}}));
  const std::string bad[] = {"",
                             "{",
                             "[]",
                             "null",
                             R"({"schemaVersion":2})",
                             R"({"schemaVersion":1})",
                             R"({"schemaVersion":1,"subject":"sha256:x","publishedAt":"2026-11-24T10:00:00Z"})",
                             R"({"schemaVersion":1,"subject":")" + subject_text + R"("})",
                             with(R"(,"tags":[)" + many + "]"),
                             with(R"(,"verdicts":[)" + many + "]"),
                             with(R"(,"deploymentTargets":[)" + many + "]"),
                             with(R"(,"later":[)" + very_many + "]"),
                             std::string((4u << 20) + 1, ' ')};
  for (const auto& text : bad) {
    INFO(text.substr(0, 100));
    const auto parsed = parse_record_payload(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().cls == ErrorClass::Integrity);
  }
}

TEST_CASE("what is no record's manifest", "[record]") {
  const auto record = build_record(full(), subject());
  const auto without = [&](std::string_view part, std::string_view other) {
    content::ManifestBytes out = record;
    const auto at = out.bytes.find(part);
    REQUIRE(at != std::string::npos);
    out.bytes.replace(at, part.size(), other);
    out.descriptor.size = static_cast<std::int64_t>(out.bytes.size());
    out.descriptor.digest = Digest::of(out.bytes);
    return parse_record(out);
  };
  CHECK(without("octocat", "octodog").has_value());
  CHECK_FALSE(without(kRecordType, "a/b").has_value());
  CHECK_FALSE(without(kRecordPayload, "dev.slipway.other").has_value());
  CHECK_FALSE(without(content::kOciManifest, content::kOciIndex).has_value());
}
