#include "reconcilers/gates/scan_report.h"

#include "reconcilers/gates/trivy_report.h"
#include "reconcilers/reasons.h"

namespace slipway::gates {

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
