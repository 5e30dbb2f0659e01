#include "reconcilers/gates/scan_gate.h"

#include "reconcilers/brief_digest.h"
#include "tests/catch.h"

using namespace slipway;
using namespace slipway::gates;
using namespace std::chrono_literals;

namespace {

const Timestamp kNow = *parse_timestamp("2026-11-24T12:00:00Z");

PlatformImage image(const std::string& architecture) {
  return {.platform = {.os = "linux", .architecture = architecture, .variant = {}, .os_version = {}},
          .digest = Digest::of("manifest of " + architecture),
          .config_digest = Digest::of("config of " + architecture),
          .diff_ids = {"sha256:base", "sha256:" + architecture}};
}

const PlatformImage kAmd = image("amd64");
const PlatformImage kArm = image("arm64");
const Digest kIndex = Digest::of("index");

ScanReport report_about(const PlatformImage& about) {
  ScanReport out;
  out.artifact_name = "ghcr.io/a/b:1";
  out.created_at = kNow - 1h;
  out.image_id = about.config_digest.str();
  out.diff_ids = about.diff_ids;
  out.platform = about.platform;
  out.covers_packages = true;
  out.distribution = "debian 12";
  return out;
}

/// A report about amd64 that differs from a good one as `change` does.
template <class Change>
ScanReport changed(Change change) {
  ScanReport out = report_about(kAmd);
  change(out);
  return out;
}

Finding finding(std::string id, Severity severity, bool fixable = true, std::string package = "openssl") {
  return {.kind = Finding::Kind::Vulnerability,
          .id = std::move(id),
          .package = std::move(package),
          .installed_version = "3.0",
          .path = "",
          .severity = severity,
          .fixed_version = fixable ? "3.1" : "",
          .fixable = fixable};
}

ScanReport found(std::vector<Finding> findings) {
  ScanReport out = report_about(kAmd);
  out.findings = std::move(findings);
  return out;
}

NamedReport named(Result<ScanReport> report, std::string name = "r") {
  return {.name = std::move(name), .report = std::move(report)};
}

NamedReport unread(ErrorClass cls, std::string reason = "") {
  return named(std::unexpected(Error{.cls = cls,
                                     .message = "no such ConfigMap",
                                     .remedy = "make it",
                                     .reason = std::move(reason),
                                     .retry_after = {}}),
               "missing");
}

ScanSubject subject(std::vector<PlatformImage> images) {
  return {.images = std::move(images), .indexes = {kIndex}, .source_host = "ghcr.io"};
}

ScanQuestion question() {
  ScanQuestion out;
  out.gate = "scan";
  return out;
}

template <class Change>
ScanQuestion asking(Change change) {
  ScanQuestion out = question();
  change(out.rules);
  return out;
}

GateVerdict judged(const ScanReport& report, const ScanQuestion& asked = question()) {
  return judge_scan(asked, subject({kAmd}), {named(report)}, kNow);
}

}  // namespace

TEST_CASE("faults of one report about one image", "[scan_gate]") {
  struct Row {
    std::string name;
    NamedReport report;
    GateState state;
    std::string reason, says;
  };
  constexpr auto kPassed = GateState::Passed;
  constexpr auto kAwaiting = GateState::Awaiting;
  constexpr auto kRefused = GateState::Refused;
  const auto with = [](auto change) { return named(changed(change)); };
  const Row rows[] = {
      {"a good one", named(report_about(kAmd)), kPassed, "GatesPassed", "scan passed"},
      {"it is not there", unread(ErrorClass::NotFound), kAwaiting, "AwaitingReport", "\"missing\": no such ConfigMap"},
      {"its place does not answer", unread(ErrorClass::Unavailable), kAwaiting, "AwaitingReport", "\"missing\""},
      {"its place is busy", unread(ErrorClass::Throttled), kAwaiting, "AwaitingReport", "\"missing\""},
      {"it may not be read", unread(ErrorClass::Refused), kRefused, "Refused", "\"missing\""},
      {"half of it", unread(ErrorClass::Refused, "ReportInvalid"), kRefused, "ReportInvalid", "\"missing\""},
      {"about another image", named(report_about(kArm)), kAwaiting, "AwaitingReport", "none is about linux/amd64"},
      {"of the same name but without content to bind", with([](auto& r) {
         r.image_id.clear();
         r.diff_ids.clear();
         r.repo_digests = repo_digests_of({"ghcr.io/a/b@" + kAmd.digest.str()});
       }),
       kAwaiting, "AwaitingReport", "none is about"},
      {"bound by diff ids alone", with([](auto& r) { r.image_id.clear(); }), kPassed, "GatesPassed", ""},
      {"bound by diff ids, of another platform", with([](auto& r) {
         r.image_id.clear();
         r.platform = kArm.platform;
       }),
       kAwaiting, "AwaitingReport", "none is about"},
      {"diff ids in another order", with([](auto& r) {
         r.image_id.clear();
         std::swap(r.diff_ids[0], r.diff_ids[1]);
       }),
       kAwaiting, "AwaitingReport", "none is about"},
      {"fewer diff ids", with([](auto& r) {
         r.image_id.clear();
         r.diff_ids.pop_back();
       }),
       kAwaiting, "AwaitingReport", "none is about"},
      {"image id without platform", with([](auto& r) { r.platform.reset(); }), kPassed, "GatesPassed", ""},
      {"image id without diff ids", with([](auto& r) { r.diff_ids.clear(); }), kPassed, "GatesPassed", ""},
      {"image id, platform of another", with([](auto& r) { r.platform = kArm.platform; }), kRefused, "ReportConflict",
       "ImageConfig says \"linux/arm64\""},
      {"image id, other operating system", with([](auto& r) { r.platform->os = "windows"; }), kRefused,
       "ReportConflict", "ImageConfig says"},
      {"image id, layers of another", with([](auto& r) { r.diff_ids = kArm.diff_ids; }), kRefused, "ReportConflict",
       "DiffIDs are another's"},
      {"layers, image id of another", with([](auto& r) { r.image_id = Digest::of("else").str(); }), kRefused,
       "ReportConflict", "is another's"},
      {"the digest of the image",
       with([](auto& r) { r.repo_digests = repo_digests_of({"ghcr.io/a/b@" + kAmd.digest.str()}); }), kPassed,
       "GatesPassed", ""},
      {"the digest of its index",
       with([](auto& r) { r.repo_digests = repo_digests_of({"ghcr.io/a/b@" + kIndex.str()}); }), kPassed, "GatesPassed",
       ""},
      {"another digest of the same registry",
       with([](auto& r) { r.repo_digests = repo_digests_of({"ghcr.io/a/b@" + Digest::of("x").str()}); }), kRefused,
       "ReportConflict", "RepoDigests"},
      {"another digest of another registry",
       with([](auto& r) { r.repo_digests = repo_digests_of({"quay.io/a/b@" + Digest::of("x").str()}); }), kPassed,
       "GatesPassed", ""},
      {"another digest, then the right one", with([](auto& r) {
         r.repo_digests = repo_digests_of({"ghcr.io/a/b@" + Digest::of("x").str(), "ghcr.io/c/d@" + kAmd.digest.str()});
       }),
       kPassed, "GatesPassed", ""},
      {"digests that are none, then another", with([](auto& r) {
         r.repo_digests = repo_digests_of({"@", "ghcr.io/a/b:1", "ghcr.io/a/b@" + Digest::of("x").str()});
       }),
       kRefused, "ReportConflict", "RepoDigests"},
      {"digests that are none",
       with([](auto& r) { r.repo_digests = repo_digests_of({"ghcr.io/a/b@sha256:x", "", "@"}); }), kPassed,
       "GatesPassed", ""},
      {"it covered nothing", with([](auto& r) { r.covers_packages = false; }), kRefused, "ReportEmpty",
       "covered nothing"},
      {"its distribution is dead", with([](auto& r) { r.end_of_life = true; }), kRefused, "EndOfLife", "\"debian 12\""},
      {"5 minutes ahead", with([](auto& r) { r.created_at = kNow + 5min; }), kPassed, "GatesPassed", ""},
      {"more than 5 minutes ahead", with([](auto& r) { r.created_at = kNow + 5min + 1ms; }), kRefused,
       "ReportFromFuture", "2026-11-24T12:05:00"},
      {"no time and no maxAge", with([](auto& r) { r.created_at.reset(); }), kPassed, "GatesPassed", ""},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const GateVerdict verdict = judge_scan(question(), subject({kAmd}), {row.report}, kNow);
    INFO(verdict.message);
    CHECK(verdict.state == row.state);
    CHECK(verdict.reason == row.reason);
    CHECK_THAT(verdict.message, Catch::Contains(row.says));
    CHECK(verdict.status.passed == (row.state == GateState::Passed));
    CHECK(verdict.status.gate == "scan");
    CHECK(verdict.remedy.empty() == (row.state == GateState::Passed));
  }
}

TEST_CASE("age of a report", "[scan_gate]") {
  struct Row {
    std::string name;
    std::optional<Timestamp> created;
    std::optional<std::chrono::seconds> max_age;
    bool judge_age;
    std::string reason;
  };
  const Row rows[] = {
      {"as old as allowed", kNow - 24h, 24h, true, "GatesPassed"},
      {"older", kNow - 24h - 1ms, 24h, true, "ReportTooOld"},
      {"older, not judged again", kNow - 48h, 24h, false, "GatesPassed"},
      {"older, no limit", kNow - 9999h, std::nullopt, true, "GatesPassed"},
      {"no time", std::nullopt, 24h, true, "ReportWithoutTime"},
      {"no time, not judged again", std::nullopt, 24h, false, "GatesPassed"},
      {"from the future, not judged again", kNow + 1h, 24h, false, "ReportFromFuture"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ScanQuestion asked = asking([&](auto& rules) { rules.max_age = row.max_age; });
    asked.judge_age = row.judge_age;
    CHECK(judged(changed([&](auto& r) { r.created_at = row.created; }), asked).reason == row.reason);
  }
}

TEST_CASE("which findings pass", "[scan_gate]") {
  struct Row {
    std::string name;
    std::vector<Finding> findings;
    ScanGate rules;
    bool passed;
    VerdictStatus counts;
  };
  const auto rules = [](Severity up_to, Unfixed unfixed = Unfixed::Block, std::vector<ScanException> exceptions = {}) {
    ScanGate out;
    out.allow_up_to = up_to;
    out.unfixed = unfixed;
    out.exceptions = std::move(exceptions);
    return out;
  };
  const auto except = [](std::string id, std::string package, std::string until) {
    return ScanException{.id = std::move(id), .package = std::move(package), .reason = "r", .until = std::move(until)};
  };
  const auto high = finding("CVE-1", Severity::High);
  const auto unfixed = finding("CVE-2", Severity::Critical, false);
  const Row rows[] = {
      {"none", {}, rules(Severity::None), true, {}},
      {"at the limit", {high}, rules(Severity::High), true, {.high = 1}},
      {"above the limit", {high}, rules(Severity::Medium), false, {.high = 1}},
      {"unknown is below low", {finding("C", Severity::Unknown)}, rules(Severity::Unknown), true, {.unknown = 1}},
      {"None lets not even unknown through",
       {finding("C", Severity::Unknown)},
       rules(Severity::None),
       false,
       {.unknown = 1}},
      {"each severity is counted",
       {finding("a", Severity::Critical), finding("b", Severity::High), finding("c", Severity::Medium),
        finding("d", Severity::Low), finding("e", Severity::Unknown), finding("f", Severity::Low)},
       rules(Severity::Critical),
       true,
       {.critical = 1, .high = 1, .medium = 1, .low = 2, .unknown = 1}},
      {"unfixed blocks", {unfixed}, rules(Severity::Medium), false, {.critical = 1}},
      {"unfixed is ignored", {unfixed}, rules(Severity::Medium, Unfixed::Ignore), true, {.ignored = 1}},
      {"what can be fixed is not ignored", {high}, rules(Severity::Medium, Unfixed::Ignore), false, {.high = 1}},
      {"an exception",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "openssl", "2026-12-31")}),
       true,
       {.excepted = 1}},
      {"for every package",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "", "2026-12-31")}),
       true,
       {.excepted = 1}},
      {"for another package",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "zlib", "2026-12-31")}),
       false,
       {.high = 1}},
      {"for another id",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-11", "", "2026-12-31")}),
       false,
       {.high = 1}},
      {"on its last day",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "", "2026-11-24")}),
       true,
       {.excepted = 1}},
      {"ended the day before",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "", "2026-11-23")}),
       false,
       {.high = 1}},
      {"ends at this instant",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "", "2026-11-24T12:00:00Z")}),
       false,
       {.high = 1}},
      {"ends a second later",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "", "2026-11-24T12:00:01Z")}),
       true,
       {.excepted = 1}},
      {"without an end",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "", "")}),
       false,
       {.high = 1}},
      {"one that ended and one that holds",
       {high},
       rules(Severity::Medium, Unfixed::Block, {except("CVE-1", "", "2026-01-01"), except("CVE-1", "", "2027-01-01")}),
       true,
       {.excepted = 1}},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ScanQuestion asked = question();
    asked.rules = row.rules;
    const GateVerdict verdict = judged(found(row.findings), asked);
    VerdictStatus counts = row.counts;
    counts.gate = "scan";
    counts.passed = row.passed;
    CHECK(verdict.status == counts);
    CHECK(verdict.reason == (row.passed ? "GatesPassed" : "FindingsAboveLimit"));
  }
}

TEST_CASE("the worst findings are named, the rest is counted", "[scan_gate]") {
  const GateVerdict verdict = judged(
      found({finding("CVE-1", Severity::High, false), finding("CVE-2", Severity::Critical),
             finding("CVE-3", Severity::High), finding("CVE-4", Severity::High), finding("CVE-5", Severity::Low)}));
  CHECK(
      verdict.message ==
      "scan: 4 findings above Medium in report \"r\": \"CVE-2\" (Critical) in \"openssl\" \"3.0\", fixed in \"3.1\"; "
      "\"CVE-1\" (High) in \"openssl\" \"3.0\"; \"CVE-3\" (High) in \"openssl\" \"3.0\", fixed in \"3.1\"; and 1 more");
}

TEST_CASE("the remedy helps against all findings at once", "[scan_gate]") {
  const auto except = [](const std::string& id, const std::string& package) {
    return "- {id: \"" + id + "\", package: \"" + package + "\", until: 2026-12-24, reason: …}";
  };
  SECTION("each package is named once, and what has no fix beside it") {
    const GateVerdict verdict =
        judged(found({finding("CVE-1", Severity::High), finding("CVE-2", Severity::Critical),
                      finding("CVE-3", Severity::High, false), finding("CVE-4", Severity::High, true, "zlib"),
                      finding("CVE-5", Severity::High, false, "zlib")}));
    CHECK(verdict.remedy ==
          "update \"openssl\" to \"3.1\", update \"zlib\" to \"3.1\", and of \"CVE-3\", \"CVE-5\" no fix is known: set "
          "spec.gates.scan.unfixed to Ignore, which passes all such, or add to spec.gates.scan.exceptions: " +
              except("CVE-2", "openssl") + ", " + except("CVE-1", "openssl") + ", " + except("CVE-3", "openssl") +
              ", " + except("CVE-4", "zlib") + ", " + except("CVE-5", "zlib"));
  }
  SECTION("one exception serves for all places of a finding") {
    auto elsewhere = finding("CVE-1", Severity::High);
    elsewhere.installed_version = "2.9";
    CHECK(judged(found({finding("CVE-1", Severity::High), elsewhere})).remedy ==
          "update \"openssl\" to \"3.1\", or add to spec.gates.scan.exceptions: " + except("CVE-1", "openssl"));
  }
  SECTION("of many some are shown, and where the others are") {
    std::vector<Finding> many;
    for (int i = 10; i < 22; ++i) many.push_back(finding("CVE-" + std::to_string(i), Severity::High));
    const auto remedy = judged(found(many)).remedy;
    CHECK_THAT(remedy,
               Catch::EndsWith(except("CVE-19", "openssl") + " and 2 more (slipway plan -o json lists the findings)"));
    CHECK_THAT(remedy, Catch::Contains(except("CVE-10", "openssl") + ", " + except("CVE-11", "openssl")));
  }
  SECTION("what is fixed in no version that the report names") {
    auto unnamed = finding("CVE-1", Severity::High);
    unnamed.fixed_version = "";
    CHECK_THAT(judged(found({unnamed})).remedy, Catch::StartsWith("fix \"CVE-1\", or add to "));
  }
}

TEST_CASE("of the findings that refuse as many are listed as are asked for, the worst first", "[scan_gate]") {
  const auto report = found({finding("CVE-1", Severity::High), finding("CVE-2", Severity::Critical),
                             finding("CVE-3", Severity::High), finding("CVE-4", Severity::Low)});
  ScanQuestion asked = question();
  CHECK(judged(report, asked).above.empty());
  CHECK(judged(report, asked).above_in_all == 3);
  asked.list_up_to = 2;
  const GateVerdict verdict = judged(report, asked);
  REQUIRE(verdict.above.size() == 2);
  CHECK(verdict.above[0] ==
        RefusedFinding{.gate = "scan", .report = "r", .place = "", .finding = finding("CVE-2", Severity::Critical)});
  CHECK(verdict.above[1].finding.id == "CVE-1");
  CHECK(verdict.above_in_all == 3);
  CHECK_THAT(verdict.message, Catch::Contains("3 findings above"));
}

TEST_CASE("a floor's remedy is its owner's, an ended exception is told", "[scan_gate]") {
  ScanQuestion asked = asking(
      [](auto& rules) { rules.exceptions = {{.id = "CVE-1", .package = "", .reason = "r", .until = "2026-01-01"}}; });
  asked.floor = true;
  const GateVerdict verdict = judged(found({finding("CVE-1", Severity::High, false)}), asked);
  CHECK(verdict.message ==
        "scan: 1 finding above Medium in report \"r\": \"CVE-1\" (High) in \"openssl\" \"3.0\", whose exception ended "
        "(\"2026-01-01\")");
  CHECK(verdict.remedy ==
        "of \"CVE-1\" no fix is known: ask who keeps the ContainerRegistry to set gates.scan.unfixed of its access "
        "entry to Ignore, "
        "which passes all such, or to add to gates.scan.exceptions of its access entry: - {id: \"CVE-1\", package: "
        "\"openssl\", until: 2026-12-24, reason: …}");
}

TEST_CASE("of a finding without a fix both ways out are said", "[scan_gate]") {
  const GateVerdict verdict = judged(found({finding("CVE-1", Severity::High, false)}));
  CHECK(verdict.remedy ==
        "of \"CVE-1\" no fix is known: set spec.gates.scan.unfixed to Ignore, which passes all such, or add to "
        "spec.gates.scan.exceptions: - {id: \"CVE-1\", package: \"openssl\", until: 2026-12-24, reason: …}");
}

TEST_CASE("the reports that the findings are in are named, a few of many", "[scan_gate]") {
  const ScanReport one = found({finding("CVE-1", Severity::High)});
  const ScanReport other = found({finding("CVE-2", Severity::High)});
  const auto said = [](const std::vector<NamedReport>& reports) {
    return judge_scan(question(), subject({kAmd}), reports, kNow).message;
  };
  CHECK_THAT(said({named(one, "a"), named(one, "b")}),
             Catch::StartsWith("scan: 1 finding above Medium in report \"a\": "));
  CHECK_THAT(said({named(one, "a"), named(other, "b")}),
             Catch::StartsWith("scan: 2 findings above Medium in reports \"a\", \"b\": "));
  std::vector<NamedReport> many;
  for (int i = 1; i <= 5; ++i)
    many.push_back(named(found({finding("CVE-" + std::to_string(i), Severity::High)}), "r" + std::to_string(i)));
  CHECK_THAT(said(many),
             Catch::StartsWith("scan: 5 findings above Medium in reports \"r1\", \"r2\", \"r3\" and 2 more: "));
}

TEST_CASE("an exception that no finding matches is said", "[scan_gate]") {
  struct Row {
    std::string name;
    std::vector<ScanException> exceptions;
    std::vector<Finding> findings;
    std::string note;
  };
  const auto of = [](std::string id, std::string package = "") {
    return ScanException{.id = std::move(id), .package = std::move(package), .reason = "r", .until = "2027-01-01"};
  };
  const std::string advice = ": correct id and package, or remove it";
  const std::vector<Row> rows = {
      {"one that matches", {of("CVE-1")}, {finding("CVE-1", Severity::High)}, ""},
      {"another id", {of("CVE-9")}, {}, "no finding is matched by exception \"CVE-9\"" + advice},
      {"another package",
       {of("CVE-1", "zlib")},
       {finding("CVE-1", Severity::Low)},
       "no finding is matched by exception \"CVE-1\" for package \"zlib\"" + advice},
      {"of a finding that would pass without", {of("CVE-1")}, {finding("CVE-1", Severity::Low)}, ""},
      {"several",
       {of("A"), of("B"), of("C"), of("D"), of("E")},
       {},
       "no finding is matched by exception \"A\", exception \"B\", exception \"C\" and 2 more" + advice},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    ScanQuestion question{.gate = "scan"};
    question.rules.exceptions = row.exceptions;
    const auto verdict = judge_scan(question, {.images = {kAmd}}, {named(found(row.findings))}, kNow);
    CHECK(verdict.state == GateState::Passed);
    CHECK(verdict.note == row.note);
    question.floor = true;
    CHECK(judge_scan(question, {.images = {kAmd}}, {named(found(row.findings))}, kNow).note.empty());
  }
  ScanQuestion question{.gate = "scan"};
  question.rules.exceptions = {of("CVE-9")};
  const auto refused =
      judge_scan(question, {.images = {kAmd}}, {named(found({finding("CVE-1", Severity::Critical)}))}, kNow);
  CHECK_THAT(refused.message, Catch::Contains("; no finding is matched by exception \"CVE-9\"" + advice));
  const auto awaiting = judge_scan(question, {.images = {kAmd, kArm}}, {named(found({}))}, kNow);
  CHECK(awaiting.message.find("CVE-9") == std::string::npos);
}

TEST_CASE("texts of a report are shown with care", "[scan_gate]") {
  const GateVerdict verdict = judged(found({finding("CVE-1\n\x1b[2J", Severity::High, true, std::string(500, 'x'))}));
  CHECK(verdict.message.find('\n') == std::string::npos);
  CHECK(verdict.message.find('\x1b') == std::string::npos);
  CHECK(verdict.message.size() < 400);
}

TEST_CASE("several reports and several platforms", "[scan_gate]") {
  struct Row {
    std::string name;
    std::vector<PlatformImage> images;
    std::vector<NamedReport> reports;
    GateState state;
    std::string reason, says;
  };
  const auto bad = named(found({finding("CVE-1", Severity::Critical)}), "bad");
  const auto amd = named(report_about(kAmd), "amd");
  const auto arm = named(report_about(kArm), "arm");
  const auto other = named(report_about(image("s390x")), "other");
  const auto empty = named(changed([](auto& r) { r.covers_packages = false; }), "empty");
  const auto old_time = named(changed([](auto& r) { r.created_at = kNow + 1h; }), "ahead");
  PlatformImage twin = kArm;
  twin.diff_ids = kAmd.diff_ids;
  PlatformImage by_sha512 = kAmd;
  by_sha512.digest = *Digest::parse("sha512:" + std::string(128, 'a'));
  const Row rows[] = {
      {"a digest is named with its own algorithm",
       {by_sha512},
       {other},
       GateState::Awaiting,
       "AwaitingReport",
       "none is about linux/amd64 (sha512:aaaaaaaaaaaa)"},
      {"each platform has its own", {kAmd, kArm}, {amd, arm}, GateState::Passed, "GatesPassed", ""},
      {"one platform has none",
       {kAmd, kArm},
       {amd},
       GateState::Awaiting,
       "PlatformNotCovered",
       "no report is about linux/arm64"},
      {"neither has one",
       {kAmd, kArm},
       {other},
       GateState::Awaiting,
       "AwaitingReport",
       "none is about linux/amd64 (sha256:"},
      {"one has none, a report is of another image",
       {kAmd, kArm},
       {amd, other, other},
       GateState::Awaiting,
       "AwaitingReport",
       "(and 1 more are of other images)"},
      {"a report too many", {kAmd}, {amd, other, arm}, GateState::Passed, "GatesPassed", ""},
      {"a report too many that is not there",
       {kAmd},
       {amd, unread(ErrorClass::NotFound)},
       GateState::Awaiting,
       "AwaitingReport",
       "\"missing\""},
      {"two about one image, one bad", {kAmd}, {amd, bad}, GateState::Refused, "FindingsAboveLimit", "CVE-1"},
      {"a finding outranks a missing report", {kAmd, kArm}, {bad}, GateState::Refused, "FindingsAboveLimit", "CVE-1"},
      {"a faulty report outranks a missing one",
       {kAmd, kArm},
       {unread(ErrorClass::NotFound), empty},
       GateState::Refused,
       "ReportEmpty",
       "\"missing\""},
      {"a finding outranks a faulty report",
       {kAmd},
       {empty, bad},
       GateState::Refused,
       "FindingsAboveLimit",
       "covered nothing"},
      {"the other faults are counted",
       {kAmd, kArm},
       {empty, old_time, unread(ErrorClass::NotFound)},
       GateState::Refused,
       "ReportEmpty",
       "; and 1 more faults"},
      {"two images of the same layers, a report by id",
       {kAmd, twin},
       {amd},
       GateState::Awaiting,
       "PlatformNotCovered",
       "linux/arm64"},
      {"two images of the same layers and platform, a report by id",
       {kAmd,
        [] {
          PlatformImage other_config = kAmd;
          other_config.digest = Digest::of("other manifest");
          other_config.config_digest = Digest::of("other config");
          return other_config;
        }()},
       {amd},
       GateState::Awaiting,
       "PlatformNotCovered",
       "no report is about linux/amd64"},
      {"the same image under two digests",
       {kAmd,
        [] {
          PlatformImage copy = kAmd;
          copy.digest = Digest::of("recompressed");
          return copy;
        }()},
       {amd},
       GateState::Passed,
       "GatesPassed",
       ""},
      {"no report named", {kAmd}, {}, GateState::Refused, "ReportNotNamed", "names none"},
      {"no image to judge", {}, {amd}, GateState::Refused, "PlatformNotCovered", "no image"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const GateVerdict verdict = judge_scan(question(), subject(row.images), row.reports, kNow);
    INFO(verdict.message);
    CHECK(verdict.state == row.state);
    CHECK(verdict.reason == row.reason);
    CHECK_THAT(verdict.message, Catch::Contains(row.says));
    CHECK(verdict.remedy.empty() == (row.state == GateState::Passed));
  }
}

TEST_CASE("one finding in two platforms counts once", "[scan_gate]") {
  ScanReport arm = report_about(kArm);
  arm.findings = {finding("CVE-1", Severity::Low)};
  const GateVerdict verdict = judge_scan(question(), subject({kAmd, kArm}),
                                         {named(found({finding("CVE-1", Severity::Low)})), named(arm)}, kNow);
  CHECK(verdict.status.low == 1);
}

TEST_CASE("the gates of a publication and its floors, each by itself", "[scan_gate]") {
  Gates own;
  CHECK(scan_questions(own, {{.entry = "bare", .gates = {}}}).empty());
  own.scan = ScanGate{};
  own.scan->exceptions = {{.id = "CVE-1", .package = "", .reason = "r", .until = "2027-01-01"}};
  GateFloor floor{.entry = "shop", .gates = {}};
  floor.gates.scan = ScanGate{};
  floor.gates.scan->allow_up_to = Severity::Low;
  const auto questions = scan_questions(own, {floor});
  REQUIRE(questions.size() == 2);
  CHECK(questions[0].gate == "scan");
  CHECK_FALSE(questions[0].floor);
  CHECK(questions[1].gate == "scan of access entry shop");
  CHECK(questions[1].floor);
  CHECK(questions[1].rules == *floor.gates.scan);
  const ScanReport report = found({finding("CVE-1", Severity::High)});
  CHECK(judged(report, questions[0]).state == GateState::Passed);
  CHECK(judged(report, questions[1]).state == GateState::Refused);
  const GateVerdict unnamed = judge_scan(questions[1], subject({kAmd}), {}, kNow);
  CHECK(unnamed.reason == "ReportNotNamed");
  CHECK_THAT(unnamed.message, Catch::Contains("scan of access entry shop (a floor of the ContainerRegistry)"));
}

TEST_CASE("layers are checked unless each image has a report that names its manifest", "[scan_gate]") {
  const auto about = [](const PlatformImage& image, const Digest& named_digest) {
    ScanReport out = report_about(image);
    out.repo_digests = repo_digests_of({"ghcr.io/a/b@" + named_digest.str()});
    return named(std::move(out));
  };
  // Another manifest over the same config, which says the same layers.
  PlatformImage twin = kAmd;
  twin.digest = Digest::of("twin");
  struct Row {
    std::string name;
    std::vector<PlatformImage> images;
    std::vector<NamedReport> reports;
    bool is_whole, checked;
  };
  const Row rows[] = {
      {"it names the image", {kAmd}, {about(kAmd, kAmd.digest)}, true, false},
      {"it names the image, of which the index is published in part", {kAmd}, {about(kAmd, kAmd.digest)}, false, false},
      {"it names nothing", {kAmd}, {named(report_about(kAmd))}, true, true},
      {"it names the index", {kAmd}, {about(kAmd, kIndex)}, true, false},
      {"each names the index", {kAmd, kArm}, {about(kAmd, kIndex), about(kArm, kIndex)}, true, false},
      {"each names the index, which is published in part",
       {kAmd, kArm},
       {about(kAmd, kIndex), about(kArm, kIndex)},
       false,
       true},
      {"it names an index with two images that it fits", {kAmd, twin}, {about(kAmd, kIndex)}, true, true},
      {"it names one of two images that it fits", {kAmd, twin}, {about(kAmd, kAmd.digest)}, true, true},
      {"two of them name both", {kAmd, twin}, {about(kAmd, kAmd.digest), about(kAmd, twin.digest)}, true, false},
      {"one image has no report", {kAmd, kArm}, {about(kAmd, kAmd.digest)}, true, true},
      {"one report can't be read", {kAmd}, {unread(ErrorClass::NotFound), about(kAmd, kAmd.digest)}, true, false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    ScanSubject published = subject(row.images);
    published.is_whole = row.is_whole;
    CHECK(needs_layers_checked(published, row.reports) == row.checked);
  }
}

/// That this ends at once is what it is for: as images squared times reports times layers it takes minutes.
TEST_CASE("as many images, layers and reports as a tenant can name are gone through once", "[scan_gate]") {
  ScanSubject published = subject({});
  ScanReport last = report_about(kAmd);
  last.diff_ids.assign(100, Digest::of("layer").str());
  for (int i = 0; i < 400; ++i) {
    PlatformImage one = kAmd;
    one.digest = Digest::of("image " + std::to_string(i));
    one.diff_ids = last.diff_ids;
    published.images.push_back(one);
  }
  ScanReport by_layers = last;
  by_layers.image_id.clear();
  std::vector<std::string> all;
  for (const auto& one : published.images) all.push_back("r.example/x@" + one.digest.str());
  std::vector<NamedReport> reports(63, named(by_layers));
  CHECK(needs_layers_checked(published, reports));
  last.repo_digests = repo_digests_of(all);
  reports.push_back(named(last));
  CHECK_FALSE(needs_layers_checked(published, reports));
  CHECK(judge_scan(question(), published, reports, kNow).state == GateState::Passed);
}

TEST_CASE("the findings of a report about many images count once each", "[scan_gate]") {
  ScanSubject published = subject({});
  for (int i = 0; i < 10; ++i) {
    PlatformImage one = kAmd;
    one.digest = Digest::of("image " + std::to_string(i));
    published.images.push_back(one);
  }
  const std::vector findings{finding("CVE-1", Severity::Low), finding("CVE-2", Severity::Low)};
  CHECK(judge_scan(question(), published, {named(found(findings))}, kNow).status.low == 2);
}

TEST_CASE("however many faults there are, and whatever images are called, a verdict is short", "[scan_gate]") {
  ScanSubject published = subject({});
  for (int i = 0; i < 999; ++i) {
    PlatformImage one = kAmd;
    one.digest = Digest::of("image " + std::to_string(i));
    one.platform.os.assign(3900, 'l');
    published.images.push_back(one);
  }
  ScanReport empty = report_about(published.images.front());
  empty.covers_packages = false;
  empty.end_of_life = true;
  SECTION("faults of each report about each image") {
    const auto verdict = judge_scan(question(), published, std::vector(64, named(empty)), kNow);
    CHECK(verdict.reason == "ReportEmpty");
    REQUIRE(verdict.message.size() < 1000);
    CHECK_THAT(verdict.message, Catch::Contains("; and 127869 more faults"));
  }
  SECTION("images without a report") {
    const auto verdict = judge_scan(question(), published, {named(report_about(kArm))}, kNow);
    CHECK(verdict.reason == "AwaitingReport");
    REQUIRE(verdict.message.size() < 2000);
    REQUIRE(verdict.remedy.size() < 2000);
    CHECK_THAT(verdict.message,
               Catch::Contains(brief(published.images.front().digest)) && Catch::EndsWith(" and 989 more"));
    CHECK_THAT(verdict.remedy, Catch::Contains(" and 989 more and name the report under spec.gates.scan.reports"));
  }
}

TEST_CASE("a verdict as an error", "[scan_gate]") {
  const auto error = [](const NamedReport& report) {
    return to_error(judge_scan(question(), subject({kAmd}), {report}, kNow));
  };
  CHECK(error(unread(ErrorClass::NotFound)).cls == ErrorClass::NotFound);
  CHECK(error(unread(ErrorClass::NotFound)).reason == "AwaitingReport");
  CHECK(error(named(found({finding("CVE-1", Severity::High)}))).cls == ErrorClass::Refused);
  CHECK(error(unread(ErrorClass::Invalid, "NotSupported")).cls == ErrorClass::Invalid);
}
