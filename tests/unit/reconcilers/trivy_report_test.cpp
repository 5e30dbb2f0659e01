#include "reconcilers/gates/trivy_report.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::gates;

namespace {

std::string report(const std::string& more) {
  return R"({"SchemaVersion":2,"ArtifactType":"container_image")" + (more.empty() ? "" : "," + more) + "}";
}

std::string results(const std::string& lists) {
  return report(R"("Results":[{"Target":"t","Class":"os-pkgs","Type":"debian",)" + lists + "}]");
}

ScanReport parsed(const std::string& text) {
  const auto out = parse_trivy_report(text);
  INFO((out ? "" : out.error().message));
  REQUIRE(out.has_value());
  return *out;
}

const std::string kSeen = "ghcr.io/a/b@" + Digest::of("manifest").str();

std::string repo_digests(std::size_t count) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) list += std::string(i == 0 ? "" : ",") + "\"A\"";
  return report(R"("Metadata":{"RepoDigests":[)" + list + "]}");
}

std::string platform_word(const std::string& key, std::size_t bytes) {
  return report(R"("Metadata":{"ImageConfig":{"os":"linux",")" + key + R"(":")" + std::string(bytes, 'l') + "\"}}");
}

std::string vulnerability(const std::string& more) {
  return R"({"VulnerabilityID":"CVE-1","PkgName":"openssl","InstalledVersion":"1")" + (more.empty() ? "" : "," + more) +
         "}";
}

}  // namespace

TEST_CASE("a report of a registry scan is read", "[trivy]") {
  const ScanReport out = parsed(R"({
    "SchemaVersion": 2, "CreatedAt": "2026-11-24T10:00:00.123456789+01:00",
    "ArtifactName": "ghcr.io/a/b:1", "ArtifactType": "container_image",
    "Metadata": {"OS": {"Family": "debian", "Name": "12.7"}, "ImageID": "sha256:aa", "DiffIDs": ["sha256:1", "sha256:2"],
      "RepoTags": ["ghcr.io/a/b:1"], "RepoDigests": [")" +
                                kSeen + R"(", "ghcr.io/a/b:1", 1, "A", ")" + kSeen + R"("],
      "ImageConfig": {"architecture": "arm64", "os": "linux", "variant": "v8"}},
    "Results": [{"Target": "debian", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [
      {"VulnerabilityID": "CVE-1", "PkgName": "openssl", "InstalledVersion": "3.0", "FixedVersion": "3.1",
       "Status": "fixed", "Severity": "HIGH"}]}]})");
  CHECK(out.artifact_name == "ghcr.io/a/b:1");
  CHECK(to_string(*out.created_at) == "2026-11-24T09:00:00.123Z");
  CHECK(out.image_id == "sha256:aa");
  CHECK(out.diff_ids == std::vector<std::string>{"sha256:1", "sha256:2"});
  REQUIRE(out.repo_digests.size() == 1);
  CHECK(to_string(out.repo_digests.front()) == kSeen);
  CHECK(to_string(*out.platform) == "linux/arm64/v8");
  CHECK(out.covers_packages);
  CHECK_FALSE(out.end_of_life);
  CHECK(out.distribution == "debian 12.7");
  REQUIRE(out.findings.size() == 1);
  CHECK(out.findings[0] == Finding{.kind = Finding::Kind::Vulnerability,
                                   .id = "CVE-1",
                                   .package = "openssl",
                                   .installed_version = "3.0",
                                   .path = "",
                                   .severity = Severity::High,
                                   .fixed_version = "3.1",
                                   .fixable = true});
}

TEST_CASE("what is no whole report of a container image", "[trivy]") {
  struct Row {
    std::string name, text, says;
  };
  const Row rows[] = {
      {"nothing", "", "it is empty"},
      {"blanks", " \n", "it is empty"},
      {"half a document", R"({"SchemaVersion":2,"ArtifactType":"container_image","Results":[{)", "no whole JSON"},
      {"the form before 2021", R"([{"Target":"x"}])", "before 2021"},
      {"another schema", R"({"SchemaVersion":1,"ArtifactType":"container_image"})", "no report of Trivy"},
      {"a schema as text", R"({"SchemaVersion":"2","ArtifactType":"container_image"})", "no report of Trivy"},
      {"no artifact type", R"({"SchemaVersion":2})", "no report of Trivy"},
      {"Grype", R"({"matches":[],"source":{}})", "no report of Trivy"},
      {"a predicate around it", R"({"scanner":{"result":{"SchemaVersion":2}}})", "no report of Trivy"},
      {"a file system", R"({"SchemaVersion":2,"ArtifactType":"filesystem"})", "\"filesystem\""},
      {"an SBOM", R"({"SchemaVersion":2,"ArtifactType":"cyclonedx"})", "\"cyclonedx\""},
      {"a time that is none", report(R"("CreatedAt":"yesterday")"), "CreatedAt"},
      {"a time below zero", report(R"("CreatedAt":-1)"), "CreatedAt"},
      {"a time beyond the calendar", report(R"("CreatedAt":253402300800)"), "CreatedAt"},
      {"a time that is true", report(R"("CreatedAt":true)"), "CreatedAt"},
      {"results that are a map", report(R"("Results":{})"), "Results are no list"},
      {"a result that is text", report(R"("Results":["x"])"), "entry of its Results"},
      {"vulnerabilities that are a map", results(R"("Vulnerabilities":{})"), "Vulnerabilities are no list"},
      {"a severity in small letters", results(R"("Vulnerabilities":[{"Severity":"critical"}])"), "\"critical\""},
      {"a severity with a blank", results(R"("Vulnerabilities":[{"Severity":"HIGH "}])"), "\"HIGH \""},
      {"another scanner's severity", results(R"("Vulnerabilities":[{"Severity":"NEGLIGIBLE"}])"), "\"NEGLIGIBLE\""},
      {"an empty severity", results(R"("Secrets":[{"Severity":""}])"), "severity \"\""},
      {"a severity that is a number", results(R"("Licenses":[{"Severity":4}])"), "severity \"4\""},
      {"a severity that is a list", results(R"("Misconfigurations":[{"Severity":["HIGH"]}])"), "severity"},
      {"a severity under a key of its own", results(R"("Vulnerabilities":[{"severity":"CRITICAL"}])"), "\"severity\""},
      {"findings under a key of their own", results(R"("vulnerabilities":[{"Severity":"CRITICAL"}])"),
       "\"vulnerabilities\""},
      {"results under a key of their own", report("\"Re\u017Fults\":[]"), "key"},
      {"more RepoDigests than anybody pushes", repo_digests(1'001), "more than 1,000 RepoDigests"},
      {"a variant longer than that of any platform", platform_word("variant", 256),
       "a word of 256 bytes, more than 255"},
      {"such an architecture", platform_word("architecture", 256), "a word of 256 bytes, more than 255"},
      {"what was taken out, of no type", results(R"("ExperimentalModifiedFindings":[{"Finding":{}}])"), "of a type"},
      {"nothing that was taken out", results(R"("ExperimentalModifiedFindings":[{"Type":"secret"}])"), "of a type"},
      {"what was taken out, in small letters", results(R"("experimentalModifiedFindings":[])"), "key"},
      {"a vulnerability that is text", results(R"("Vulnerabilities":["CVE-1"])"), "entry of its Vulnerabilities"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto out = parse_trivy_report(row.text);
    REQUIRE_FALSE(out.has_value());
    CHECK(out.error().cls == ErrorClass::Refused);
    CHECK(out.error().reason == "ReportInvalid");
    CHECK_THAT(out.error().message, Catch::Contains(row.says));
    CHECK_FALSE(out.error().remedy.empty());
  }
}

TEST_CASE("RepoDigests that name no digest are left out", "[trivy]") {
  CHECK(parsed(repo_digests(1'000)).repo_digests.empty());
}

TEST_CASE("what counts as having looked at packages", "[trivy]") {
  struct Row {
    std::string name, results;
    bool covers;
  };
  const Row rows[] = {
      {"no results", "", false},
      {"null results", R"("Results":null)", false},
      {"empty results", R"("Results":[])", false},
      {"a distribution without findings", R"("Results":[{"Target":"t","Class":"os-pkgs","Type":"debian"}])", true},
      {"a language only", R"("Results":[{"Target":"t","Class":"lang-pkgs","Type":"gobinary"}])", true},
      {"secrets only", R"("Results":[{"Target":"t","Class":"secret"}])", false},
      {"configuration only", R"("Results":[{"Target":"t","Class":"config"}])", false},
      {"secrets, then packages", R"("Results":[{"Class":"secret"},{"Class":"os-pkgs"}])", true},
      {"packages, then secrets", R"("Results":[{"Class":"os-pkgs"},{"Class":"secret"}])", true},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK(parsed(report(row.results)).covers_packages == row.covers);
  }
}

TEST_CASE("severity, status and fix of a vulnerability", "[trivy]") {
  struct Row {
    std::string name, fields;
    Severity severity;
    bool fixable;
  };
  const Row rows[] = {
      {"critical with a fix", R"("Severity":"CRITICAL","FixedVersion":"2","Status":"fixed")", Severity::Critical, true},
      {"medium, affected", R"("Severity":"MEDIUM","Status":"affected")", Severity::Medium, false},
      {"low, will not fix", R"("Severity":"LOW","Status":"will_not_fix")", Severity::Low, false},
      {"no severity, no status", "", Severity::Unknown, false},
      {"a severity that is null", R"("Severity":null,"FixedVersion":"2")", Severity::Unknown, true},
      {"a severity that the scanner does not know", R"("Severity":"UNKNOWN","FixedVersion":"2")", Severity::Unknown,
       true},
      {"a status nobody knows", R"("Severity":"HIGH","Status":"maybe")", Severity::High, false},
      {"fixed without a version", R"("Severity":"HIGH","Status":"fixed")", Severity::High, true},
      {"not fixed, but a version", R"("Severity":"HIGH","Status":"affected","FixedVersion":"2")", Severity::High, true},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const auto findings = parsed(results(R"("Vulnerabilities":[)" + vulnerability(row.fields) + "]")).findings;
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].severity == row.severity);
    CHECK(findings[0].fixable == row.fixable);
  }
}

TEST_CASE("one vulnerability of one package counts once, the worse of two", "[trivy]") {
  const std::string high = vulnerability(R"("Severity":"HIGH")");
  const std::string low = vulnerability(R"("Severity":"LOW")");
  const std::string elsewhere = vulnerability(R"("Severity":"LOW","PkgPath":"app/x.jar")");
  const auto findings =
      parsed(results(R"("Vulnerabilities":[)" + low + "," + high + "," + low + "," + elsewhere + "]")).findings;
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].path == "app/x.jar");
  CHECK(findings[1].severity == Severity::High);
}

TEST_CASE("of one vulnerability said twice the worst severity and any fix count", "[trivy]") {
  const std::string critical = R"("Severity":"CRITICAL","Status":"affected")";
  const std::string fixed = R"("Severity":"HIGH","Status":"fixed","FixedVersion":"2")";
  struct Row {
    std::string name;
    std::vector<std::string> said;
    Severity severity;
    bool fixable;
    std::string fixed_version;
  };
  const Row rows[] = {
      {"the worse without a fix", {critical, fixed}, Severity::Critical, true, "2"},
      {"the other way round", {fixed, critical}, Severity::Critical, true, "2"},
      {"a fix without its version", {critical, R"("Severity":"LOW","Status":"fixed")"}, Severity::Critical, true, ""},
      {"a fix said last of three", {critical, R"("Severity":"MEDIUM")", fixed}, Severity::Critical, true, "2"},
      {"no fix at all", {critical, R"("Severity":"HIGH")"}, Severity::Critical, false, ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    std::string list;
    for (const auto& said : row.said) list += (list.empty() ? "" : ",") + vulnerability(said);
    const auto findings = parsed(results(R"("Vulnerabilities":[)" + list + "]")).findings;
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].severity == row.severity);
    CHECK(findings[0].fixable == row.fixable);
    CHECK(findings[0].fixed_version == row.fixed_version);
  }
}

TEST_CASE("a fix of what is said twice is one of that package, version and path only", "[trivy]") {
  const std::string critical = R"("Severity":"CRITICAL")";
  const std::string other = vulnerability(R"("Severity":"HIGH","FixedVersion":"2","PkgPath":"app/x.jar")");
  const auto findings =
      parsed(results(R"("Vulnerabilities":[)" + vulnerability(critical) + "," + other + "]")).findings;
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].fixable);
  CHECK_FALSE(findings[1].fixable);
}

TEST_CASE("other findings count too, what passed does not", "[trivy]") {
  const auto findings = parsed(results(R"("Misconfigurations":[{"ID":"DS001","Severity":"HIGH","Status":"FAIL"},
               {"ID":"DS002","Severity":"HIGH","Status":"PASS"},{"ID":"DS003","Severity":"LOW","Status":"EXCEPTION"},
               {"AVDID":"AVD-4","Severity":"LOW"}],
             "Secrets":[{"RuleID":"aws","Severity":"CRITICAL","StartLine":7,"Match":"key=****"}],
             "Licenses":[{"Name":"GPL-3.0","PkgName":"bash","Severity":"HIGH"},{"Name":"X","FilePath":"a/b"}])"))
                            .findings;
  REQUIRE(findings.size() == 5);
  std::vector<std::string> ids;
  for (const auto& one : findings) {
    ids.push_back(one.id);
    CHECK(one.fixable);
    CHECK(one.path.find("key") == std::string::npos);
  }
  CHECK(ids == std::vector<std::string>{"X", "GPL-3.0", "aws", "DS001", "AVD-4"});
  CHECK(findings[1].package == "bash");
  CHECK(findings[2].package == "t");
}

TEST_CASE("what an ignore file or VEX took out counts as what was found", "[trivy]") {
  const auto findings = parsed(results(R"("Vulnerabilities":[],"ExperimentalModifiedFindings":[
               {"Type":"vulnerability","Status":"ignored","Source":".trivyignore","Statement":"",
                "Finding":{"VulnerabilityID":"CVE-1","PkgName":"openssl","Severity":"CRITICAL","Status":"fixed"}},
               {"Type":"secret","Status":"ignored","Finding":{"RuleID":"aws","Severity":"HIGH"}},
               {"Type":"misconfiguration","Finding":{"ID":"DS002","Severity":"HIGH","Status":"PASS"}}])"))
                            .findings;
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].id == "aws");
  CHECK(findings[1].id == "CVE-1");
  CHECK(findings[1].severity == Severity::Critical);
  CHECK(findings[1].fixable);
}

TEST_CASE("time, end of life and platform", "[trivy]") {
  CHECK_FALSE(parsed(report("")).created_at);
  CHECK(to_string(*parsed(report(R"("CreatedAt":0)")).created_at) == "1970-01-01T00:00:00Z");
  CHECK(to_string(*parsed(report(R"("CreatedAt":253402300799)")).created_at) == "9999-12-31T23:59:59Z");
  CHECK(parsed(report(R"("Metadata":{"OS":{"Family":"alpine","Name":"3.10","EOSL":true}})")).end_of_life);
  CHECK_FALSE(parsed(report(R"("Metadata":{"OS":{"EOSL":false}})")).end_of_life);
  CHECK_FALSE(parsed(report(R"("Metadata":{"ImageConfig":{}})")).platform);
  CHECK_FALSE(parsed(report(R"("Metadata":null)")).platform);
  CHECK(parsed(platform_word("variant", 255)).platform->variant == std::string(255, 'l'));
  CHECK(parsed(report(R"("Unknown":{"x":[1,2,{}]})")).findings.empty());
}

TEST_CASE("formats of a later version are not skipped", "[trivy]") {
  for (const auto format : {ReportFormat::Grype, ReportFormat::Sarif}) {
    const auto out = parse_report(format, "{}");
    REQUIRE_FALSE(out.has_value());
    CHECK(out.error().cls == ErrorClass::Invalid);
    CHECK(out.error().reason == "NotSupported");
  }
  CHECK(parse_report(ReportFormat::Trivy, report("")).has_value());
}
