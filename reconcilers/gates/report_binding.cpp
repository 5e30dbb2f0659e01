#include "reconcilers/gates/report_binding.h"

#include <algorithm>

#include "crds/base/image_reference.h"
#include "crds/base/text.h"

namespace slipway::gates {

namespace {

using Kind = ReportBinding::Kind;

bool fits_platform(const ScanReport& report, const PlatformImage& image) {
  return !report.platform ||
         (report.platform->os == image.platform.os && report.platform->architecture == image.platform.architecture);
}

bool names(const ScanReport& report, const Digest& digest) {
  return std::ranges::binary_search(report.repo_digests, digest, {},
                                    [](const ImageReference& one) -> const Digest& { return *one.digest; });
}

bool names_one_of(const ScanReport& report, const std::vector<Digest>& digests) {
  return std::ranges::any_of(digests, [&](const Digest& digest) { return names(report, digest); });
}

/// A scanner that read from the source's own registry must have seen this digest or an index that holds it. A daemon
/// lists several repositories: one that fits is enough. Else the one that speaks against it.
const ImageReference* other_digest(const ScanReport& report, const PlatformImage& image, const ScanSubject& subject) {
  if (names(report, image.digest) || names_one_of(report, subject.indexes)) return nullptr;
  const auto found = std::ranges::find(report.repo_digests, subject.source_host, &ImageReference::registry);
  return found == report.repo_digests.end() ? nullptr : &*found;
}

ReportBinding conflict(std::string what) {
  return {.kind = Kind::Conflict, .conflict = std::move(what)};
}

ReportBinding check_digests(const ScanReport& report, const PlatformImage& image, const ScanSubject& subject) {
  if (const auto* other = other_digest(report, image, subject))
    return conflict("its content is this image's, its RepoDigests (" + quoted(to_string(*other), 200) +
                    ") are another's");
  return {.kind = Kind::Bound, .conflict = {}};
}

bool is_id_of_another(const ScanReport& report, const ScanSubject& subject) {
  return std::any_of(subject.images.begin(), subject.images.end(),
                     [&](const auto& other) { return other.config_digest.str() == report.image_id; });
}

/// The config or the layers of the report: what binds it.
bool has_content_of(const ScanReport& report, const PlatformImage& image) {
  return report.image_id == image.config_digest.str() ||
         (!report.diff_ids.empty() && report.diff_ids == image.diff_ids);
}

}  // namespace

bool is_read_from_manifest(const ScanReport& report, const PlatformImage& image, const ScanSubject& subject) {
  if (names(report, image.digest)) return true;
  const auto fitting =
      std::ranges::count_if(subject.images, [&](const auto& one) { return has_content_of(report, one); });
  return subject.is_whole && fitting == 1 && names_one_of(report, subject.indexes);
}

bool is_judged(const ScanReport& report, const ScanSubject& subject) {
  return std::ranges::any_of(
      subject.images, [&](const auto& image) { return bind_report(report, image, subject).kind == Kind::Bound; });
}

ReportBinding bind_report(const ScanReport& report, const PlatformImage& image, const ScanSubject& subject) {
  const bool same_layers = !report.diff_ids.empty() && report.diff_ids == image.diff_ids;
  if (report.image_id == image.config_digest.str()) {
    if (!fits_platform(report, image))
      return conflict("its ImageID is this image's, its ImageConfig says " + quoted(to_string(*report.platform)));
    if (!report.diff_ids.empty() && !same_layers)
      return conflict("its ImageID is this image's, its DiffIDs are another's");
    return check_digests(report, image, subject);
  }
  if (!same_layers || !fits_platform(report, image) || is_id_of_another(report, subject)) return {};
  if (!report.image_id.empty())
    return conflict("its DiffIDs are this image's, its ImageID " + quoted(report.image_id) + " is another's");
  return check_digests(report, image, subject);
}

}  // namespace slipway::gates
