#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/time.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway {

/// In ascending order; a report's unknown severity counts as Unknown.
enum class Severity { None, Unknown, Low, Medium, High, Critical };
enum class Unfixed { Block, Ignore };
enum class ReportFormat { Trivy, Grype, Sarif };

/// One scan report and where it is; exactly one place is set.
struct ScanReportRef {
  std::string name;
  ReportFormat format = ReportFormat::Trivy;
  std::optional<KeyRef> config_map_ref;
  std::optional<std::string> path;
  std::optional<std::string> inline_text;  ///< `inline` in the resource.
  std::optional<std::string> url;
  std::optional<std::string> referrer;  ///< Artifact type of a referrer of the source.
  std::optional<NameRef> vulnerability_report;
  bool operator==(const ScanReportRef&) const = default;
};

/// A vulnerability that is accepted for a while.
struct ScanException {
  std::string id;
  std::string package;  ///< Empty: every package.
  std::string reason;
  std::string until;  ///< Date (through its end, UTC) or RFC 3339 time.
  bool operator==(const ScanException&) const = default;
};

/// What a scan must say. Also the form of an access entry's floor, without reports and waitFor.
struct ScanGate {
  std::vector<ScanReportRef> reports;
  std::optional<std::chrono::seconds> wait_for;
  Severity allow_up_to = Severity::Medium;  ///< The highest severity that passes; None lets nothing through.
  Unfixed unfixed = Unfixed::Block;
  std::optional<std::chrono::seconds> max_age;
  std::vector<ScanException> exceptions;
  bool operator==(const ScanGate&) const = default;
};

enum class FoundAt { Source, Destination };
struct SignatureGate {
  std::string name;
  FoundAt found_at = FoundAt::Source;
  std::optional<KeyRef> cosign_key_ref;
  std::optional<KeyRef> notation_trust_policy_ref;
  bool operator==(const SignatureGate&) const = default;
};
struct SbomGate {
  bool required = true;
  bool operator==(const SbomGate&) const = default;
};
struct ProvenanceGate {
  std::string builder;
  std::string source_repository;
  bool operator==(const ProvenanceGate&) const = default;
};

/// Every gate of a publication or of an access entry's floor; absent means not asked for.
struct Gates {
  std::optional<ScanGate> scan;
  std::vector<SignatureGate> signatures;
  std::optional<SbomGate> sbom;
  std::optional<ProvenanceGate> provenance;
  bool operator==(const Gates&) const = default;
};

}  // namespace slipway
