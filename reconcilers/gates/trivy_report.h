#pragma once

#include <string_view>

#include "reconcilers/gates/scan_report.h"

namespace slipway::gates {

/// Parses the output of `trivy image --format json` (SchemaVersion 2). Absent, null and [] are the same; an absent
/// severity is Unknown, an unknown status is affected. Of a finding that is said twice the worst severity counts, and
/// any fix. Vulnerabilities, failed misconfigurations, secrets and licenses count as findings. Refused (ReportInvalid)
/// for what is not a whole report of a container image, or has a severity that Trivy does not write.
Result<ScanReport> parse_trivy_report(std::string_view text);

}  // namespace slipway::gates
