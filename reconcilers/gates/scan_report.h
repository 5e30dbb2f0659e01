#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/image_reference.h"
#include "crds/base/result.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/gates.h"
#include "reconcilers/content/descriptor.h"

namespace slipway::gates {

/// One thing a scanner found. Texts come from strangers: they go through quoted() on their way into a message.
struct Finding {
  enum class Kind { Vulnerability, Misconfiguration, Secret, License };
  Kind kind = Kind::Vulnerability;
  std::string id;
  std::string package;  ///< Package, or the file or target where there is none.
  std::string installed_version;
  std::string path;
  Severity severity = Severity::Unknown;
  std::string fixed_version;  ///< Empty: none known.
  bool fixable = true;        ///< False: a vulnerability for which no fix exists yet.
  auto operator<=>(const Finding&) const = default;
};

/// What a report says, whatever its format.
struct ScanReport {
  std::string artifact_name;  ///< What the scanner was asked to scan. Proves nothing.
  std::optional<Timestamp> created_at;
  std::string image_id;                      ///< Config digest; empty when absent.
  std::vector<std::string> diff_ids;         ///< Of the layers, in order.
  std::vector<ImageReference> repo_digests;  ///< As repo_digests_of() gives them.
  std::optional<content::Platform> platform;
  bool covers_packages = false;   ///< At least one package list was looked at.
  bool end_of_life = false;       ///< The distribution gives no advisories any more.
  std::string distribution;       ///< e.g. "debian 12.7".
  std::vector<Finding> findings;  ///< Each once: by kind, id, package, version and path.
  bool operator==(const ScanReport&) const = default;
};

/// RepoDigests as images: those that name a digest, by digest, each once. What is no reference is left out.
std::vector<ImageReference> repo_digests_of(const std::vector<std::string>& texts);

/// The largest report that is read.
inline constexpr std::size_t kMaxReportBytes = 64u << 20;

/// Parses a report of that format. Refused with reason ReportInvalid says what it is instead (half a document, another
/// format, not a scan of an image). Invalid with reason NotSupported for formats of a later version.
Result<ScanReport> parse_report(ReportFormat format, std::string_view text);

}  // namespace slipway::gates
