#include <cstdint>
#include <cstdlib>
#include <vector>

#include "reconcilers/gates/scan_gate.h"
#include "reconcilers/gates/trivy_report.h"

namespace {

using namespace slipway;
using namespace slipway::gates;

/// What a stranger wrote never passes for an image that it is not bound to, and is always told as one short line, of
/// however many images and under however many names.
void check_verdict(const ScanReport& report) {
  const PlatformImage image{.platform = {.os = "linux", .architecture = "amd64", .variant = {}, .os_version = {}},
                            .digest = Digest::of("manifest"),
                            .config_digest = Digest::of("config"),
                            .diff_ids = {Digest::of("layer").str()}};
  const ScanSubject subject{.images = std::vector(20, image), .indexes = {}, .source_host = "ghcr.io"};
  ScanQuestion question;
  question.gate = "scan";
  const auto verdict = judge_scan(question, subject, std::vector(4, NamedReport{.name = "r", .report = report}),
                                  Timestamp(std::chrono::hours(500'000)));
  const bool bound = report.image_id == image.config_digest.str() || report.diff_ids == image.diff_ids;
  if (verdict.state == GateState::Passed && (!bound || !report.covers_packages)) std::abort();
  if (verdict.message.find('\n') != std::string::npos || verdict.message.size() > 4096) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto report = parse_trivy_report(text);
  if (!report && (report.error().message.empty() || report.error().reason.empty())) std::abort();
  if (report) check_verdict(*report);
  return 0;
}
