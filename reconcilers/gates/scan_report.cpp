#include "reconcilers/gates/scan_report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "reconcilers/gates/trivy_report.h"
#include "reconcilers/reasons.h"

namespace slipway::gates {

std::vector<ImageReference> repo_digests_of(const std::vector<std::string>& texts) {
  std::vector<ImageReference> out;
  for (const auto& text : texts)
    if (auto reference = ImageReference::parse(text); reference && reference->digest)
      out.push_back(std::move(*reference));
  const auto order = [](const ImageReference& one) {
    return std::tie(*one.digest, one.registry, one.repository, one.tag);
  };
  std::ranges::sort(out, {}, order);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

Result<ScanReport> parse_report(ReportFormat format, std::string_view text) {
  if (format == ReportFormat::Trivy) return parse_trivy_report(text);
  const std::string name = format == ReportFormat::Grype ? "Grype" : "Sarif";
  return fail_because(std::string(reason::kNotSupported),
                      {.cls = ErrorClass::Invalid,
                       .message = "this version can't judge reports of format " + name,
                       .remedy = "scan with trivy image --format json and name the report with format Trivy",
                       .reason = {},
                       .retry_after = {}});
}

}  // namespace slipway::gates
