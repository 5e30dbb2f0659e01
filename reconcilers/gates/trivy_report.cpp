#include "reconcilers/gates/trivy_report.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <span>
#include <tuple>
#include <utility>

#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/content/kept.h"
#include "reconcilers/json.h"
#include "reconcilers/reasons.h"

namespace slipway::gates {

namespace {

using Kind = Finding::Kind;

constexpr std::string_view kRemedyForEmpty =
    "look whether the scanner ended well, and scan again with trivy image --format json --output FILE";
constexpr std::size_t kMostValues = 500'000;  ///< Of a whole report; each takes some 150 bytes while it is read.
constexpr std::size_t kMostFindings = 50'000;
constexpr std::size_t kMostRepoDigests = 1'000;  ///< Each is held against each image.
constexpr std::string_view kRemedy = "scan again with trivy image --format json and replace the report";

std::unexpected<Error> refused(std::string what, std::string_view remedy = kRemedy) {
  return fail_because(std::string(reason::kReportInvalid), {.cls = ErrorClass::Refused,
                                                            .message = std::move(what),
                                                            .remedy = std::string(remedy),
                                                            .reason = {},
                                                            .retry_after = {}});
}

/// Trivy writes capitals and leaves out what it does not know. Whatever else stands there was not written by Trivy, and
/// taken for Unknown it would pass below Low.
Result<Severity> severity_of(const Node& finding) {
  const Node& node = json::at(finding, "Severity");
  if (node.kind == Node::Kind::Null) return Severity::Unknown;
  const std::string text = json::text_at(finding, "Severity");
  if (text == "CRITICAL") return Severity::Critical;
  if (text == "HIGH") return Severity::High;
  if (text == "MEDIUM") return Severity::Medium;
  if (text == "LOW") return Severity::Low;
  if (text == "UNKNOWN") return Severity::Unknown;
  return refused("the severity " + quoted(node.text) +
                 " in it is none of UNKNOWN, LOW, MEDIUM, HIGH and CRITICAL, as Trivy writes them");
}

/// RFC 3339, or seconds since 1970 as one documentation sample of Trivy has it.
Result<std::optional<Timestamp>> parse_created_at(const Node& root) {
  const Node& node = json::at(root, "CreatedAt");
  if (node.kind == Node::Kind::Null) return std::optional<Timestamp>();
  if (node.kind == Node::Kind::String) {
    const auto time = parse_timestamp(node.text);
    if (!time) return refused("its CreatedAt " + quoted(node.text) + " is no time");
    return std::optional(*time);
  }
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (node.kind != Node::Kind::Integer || node.integer < 0 || node.integer > kYear9999)
    return refused("its CreatedAt " + quoted(node.text) + " is no time");
  return std::optional(Timestamp(std::chrono::seconds(node.integer)));
}

Finding read_vulnerability(const Node& node, const std::string&) {
  Finding out{.kind = Kind::Vulnerability,
              .id = json::text_at(node, "VulnerabilityID"),
              .package = json::text_at(node, "PkgName"),
              .installed_version = json::text_at(node, "InstalledVersion"),
              .path = json::text_at(node, "PkgPath"),
              .fixed_version = json::text_at(node, "FixedVersion")};
  out.fixable = !out.fixed_version.empty() || json::text_at(node, "Status") == "fixed";
  return out;
}

Finding read_misconfiguration(const Node& node, const std::string& target) {
  const std::string id = json::text_at(node, "ID");
  return {.kind = Kind::Misconfiguration,
          .id = id.empty() ? json::text_at(node, "AVDID") : id,
          .package = target,
          .installed_version = {},
          .path = {},
          .fixed_version = {}};
}

/// Without `Match`, which may show a part of the secret.
Finding read_secret(const Node& node, const std::string& target) {
  return {.kind = Kind::Secret,
          .id = json::text_at(node, "RuleID"),
          .package = target,
          .installed_version = {},
          .path = json::at(node, "StartLine").text,
          .fixed_version = {}};
}

Finding read_license(const Node& node, const std::string& target) {
  const std::string package = json::text_at(node, "PkgName");
  return {.kind = Kind::License,
          .id = json::text_at(node, "Name"),
          .package = package.empty() ? target : package,
          .installed_version = {},
          .path = json::text_at(node, "FilePath"),
          .fixed_version = {}};
}

bool has_failed(const Node& misconfiguration) {
  const std::string status = json::text_at(misconfiguration, "Status");
  return status != "PASS" && status != "EXCEPTION";
}

using Reader = Finding (*)(const Node&, const std::string&);

struct FindingList {
  std::string_view key;
  std::string_view type;  ///< Of one that was taken out of the list.
  Reader read;
};
constexpr FindingList kLists[] = {{"Vulnerabilities", "vulnerability", read_vulnerability},
                                  {"Misconfigurations", "misconfiguration", read_misconfiguration},
                                  {"Secrets", "secret", read_secret},
                                  {"Licenses", "license", read_license}};
constexpr std::string_view kTakenOut = "ExperimentalModifiedFindings";

constexpr std::string_view kReportKeys[] = {"SchemaVersion", "CreatedAt", "ArtifactType", "Metadata", "Results"};
constexpr std::string_view kResultKeys[] = {"Target",  "Class",    "Vulnerabilities", "Misconfigurations",
                                            "Secrets", "Licenses", kTakenOut};
constexpr std::string_view kTakenOutKeys[] = {"Type", "Finding"};
constexpr std::string_view kFindingKeys[] = {"Severity", "Status", "FixedVersion"};

/// What Trivy never writes, and what others would read: "severity" is no finding without a severity.
Result<void> check_keys(const Node& map, std::span<const std::string_view> known) {
  const std::string* key = json::lookalike_key(map, known);
  return key == nullptr ? Result<void>{} : refused("its key " + quoted(*key) + " is none that Trivy writes");
}

Result<Finding> read_finding(const Node& item, const FindingList& list, const std::string& target) {
  if (const auto keys = check_keys(item, kFindingKeys); !keys) return std::unexpected(keys.error());
  const auto severity = severity_of(item);
  if (!severity) return std::unexpected(severity.error());
  Finding finding = list.read(item, target);
  finding.severity = *severity;
  return finding;
}

Result<void> add_finding(const Node& item, const FindingList& list, const std::string& target,
                         std::vector<Finding>& out) {
  if (list.read == read_misconfiguration && !has_failed(item)) return {};
  auto finding = read_finding(item, list, target);
  if (!finding) return std::unexpected(finding.error());
  if (out.size() == kMostFindings) return refused("it has more than 50,000 findings");
  out.push_back(std::move(*finding));
  return {};
}

/// The maps of a list of a result, which may be left out.
Result<std::span<const Node>> entries_of(const Node& result, std::string_view key) {
  const Node& node = json::at(result, key);
  if (node.kind != Node::Kind::Null && node.kind != Node::Kind::List)
    return refused("its " + std::string(key) + " are no list");
  if (!std::ranges::all_of(node.items, [](const Node& item) { return item.kind == Node::Kind::Map; }))
    return refused("an entry of its " + std::string(key) + " is no map");
  return std::span(node.items);
}

Result<void> read_list(const Node& result, const FindingList& list, std::vector<Finding>& out) {
  const auto entries = entries_of(result, list.key);
  if (!entries) return std::unexpected(entries.error());
  const std::string target = json::text_at(result, "Target");
  for (const Node& item : *entries)
    if (const auto added = add_finding(item, list, target, out); !added) return added;
  return {};
}

/// What .trivyignore or VEX took out counts as well: whoever may write those is not who says what a gate lets through.
Result<void> read_taken_out(const Node& result, std::vector<Finding>& out) {
  const auto entries = entries_of(result, kTakenOut);
  if (!entries) return std::unexpected(entries.error());
  const std::string target = json::text_at(result, "Target");
  for (const Node& item : *entries) {
    if (const auto keys = check_keys(item, kTakenOutKeys); !keys) return keys;
    const std::string type = json::text_at(item, "Type");
    const auto list = std::ranges::find(kLists, type, &FindingList::type);
    const Node& finding = json::at(item, "Finding");
    if (list == std::end(kLists) || finding.kind != Node::Kind::Map)
      return refused("an entry of its " + std::string(kTakenOut) + " is no finding of a type that is known");
    if (const auto added = add_finding(finding, *list, target, out); !added) return added;
  }
  return {};
}

bool is_same(const Finding& a, const Finding& b) {
  return std::tie(a.kind, a.id, a.package, a.installed_version, a.path) ==
         std::tie(b.kind, b.id, b.package, b.installed_version, b.path);
}

/// Trivy names one vulnerability once per package it came by; of what is said twice the worst severity counts, and a
/// fix that any of them knows: a gate that overlooks what nobody can fix must not overlook it.
std::vector<Finding> join_same(std::vector<Finding> findings) {
  std::sort(findings.begin(), findings.end(), std::greater<>());
  std::vector<Finding> out;
  for (Finding& finding : findings) {
    if (out.empty() || !is_same(out.back(), finding)) {
      out.push_back(std::move(finding));
      continue;
    }
    out.back().fixable = out.back().fixable || finding.fixable;
    if (out.back().fixed_version.empty()) out.back().fixed_version = std::move(finding.fixed_version);
  }
  return out;
}

Result<void> read_results(const Node& root, ScanReport& out) {
  const Node& results = json::at(root, "Results");
  if (results.kind != Node::Kind::Null && results.kind != Node::Kind::List) return refused("its Results are no list");
  for (const Node& result : results.items) {
    if (result.kind != Node::Kind::Map) return refused("an entry of its Results is no map");
    if (auto keys = check_keys(result, kResultKeys); !keys) return keys;
    const std::string cls = json::text_at(result, "Class");
    out.covers_packages = out.covers_packages || cls == "os-pkgs" || cls == "lang-pkgs";
    for (const auto& list : kLists)
      if (const auto read = read_list(result, list, out.findings); !read) return read;
    if (const auto read = read_taken_out(result, out.findings); !read) return read;
  }
  out.findings = join_same(std::move(out.findings));
  return {};
}

Result<void> read_repo_digests(const Node& metadata, ScanReport& out) {
  if (json::items_at(metadata, "RepoDigests").size() > kMostRepoDigests)
    return refused("it has more than 1,000 RepoDigests");
  out.repo_digests = repo_digests_of(json::texts_at(metadata, "RepoDigests"));
  return {};
}

Result<void> read_platform(const Node& metadata, ScanReport& out) {
  const Node& config = json::at(metadata, "ImageConfig");
  content::Platform platform{.os = json::text_at(config, "os"),
                             .architecture = json::text_at(config, "architecture"),
                             .variant = json::text_at(config, "variant"),
                             .os_version = {}};
  if (auto fault = content::fault_of_words(platform)) return refused(std::move(*fault));
  if (!platform.os.empty() || !platform.architecture.empty()) out.platform = std::move(platform);
  return {};
}

Result<void> read_metadata(const Node& metadata, ScanReport& out) {
  out.image_id = json::text_at(metadata, "ImageID");
  out.diff_ids = json::texts_at(metadata, "DiffIDs");
  const Node& os = json::at(metadata, "OS");
  const Node& end_of_life = json::at(os, "EOSL");
  out.end_of_life = end_of_life.kind == Node::Kind::Boolean && end_of_life.boolean;
  const std::string name = json::text_at(os, "Name");
  out.distribution = json::text_at(os, "Family") + (name.empty() ? "" : " " + name);
  return read_platform(metadata, out);
}

Result<void> check_kind(const Document& document) {
  if (!document.problems.empty())
    return refused("it is no whole JSON document: " + to_string(document.problems.front()));
  const Node& root = document.root;
  if (root.kind == Node::Kind::List) return refused("it has the form that Trivy wrote before 2021");
  if (json::integer_at(root, "SchemaVersion") != 2 || root.find("ArtifactType") == nullptr)
    return refused("it is no report of Trivy (SchemaVersion 2 and ArtifactType are missing)");
  const std::string type = json::text_at(root, "ArtifactType");
  if (type != "container_image") return refused("it is a scan of a " + quoted(type) + ", not of a container_image");
  return {};
}

Result<ScanReport> read_report(const Node& root) {
  if (const auto keys = check_keys(root, kReportKeys); !keys) return std::unexpected(keys.error());
  ScanReport out;
  out.artifact_name = json::text_at(root, "ArtifactName");
  const auto created_at = parse_created_at(root);
  if (!created_at) return std::unexpected(created_at.error());
  out.created_at = *created_at;
  const Node& metadata = json::at(root, "Metadata");
  if (const auto read = read_repo_digests(metadata, out); !read) return std::unexpected(read.error());
  if (const auto read = read_metadata(metadata, out); !read) return std::unexpected(read.error());
  if (const auto read = read_results(root, out); !read) return std::unexpected(read.error());
  return out;
}

}  // namespace

Result<ScanReport> parse_trivy_report(std::string_view text) {
  if (text.size() > kMaxReportBytes) return refused("it has more than 64 MiB");
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return refused("it is empty", kRemedyForEmpty);
  const Document document = parse_json(text, "", {.nodes = kMostValues});
  if (const auto checked = check_kind(document); !checked) return std::unexpected(checked.error());
  return read_report(document.root);
}

}  // namespace slipway::gates
