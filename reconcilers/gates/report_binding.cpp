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

ReportBinding conflict(std::string what) {
  return {.kind = Kind::Conflict, .conflict = std::move(what)};
}

bool names_config_of_one(const ScanReport& report, const ScanSubject& subject) {
  return std::ranges::any_of(subject.images,
                             [&](const auto& image) { return image.config_digest.str() == report.image_id; });
}

const ImageReference* first_of(const ScanReport& report, const std::string& host) {
  const auto found = std::ranges::find(report.repo_digests, host, &ImageReference::registry);
  return found == report.repo_digests.end() ? nullptr : &*found;
}

}  // namespace

ReportBinder::ReportBinder(const ScanReport& report, const ScanSubject& subject)
    : report_(report),
      subject_(subject),
      names_index_(names_one_of(report, subject.indexes)),
      names_config_(names_config_of_one(report, subject)),
      of_source_host_(first_of(report, subject.source_host)),
      stands_for_its_index_(subject.is_whole && names_index_ && fits_one_image()) {}

bool ReportBinder::has_layers_of(const PlatformImage& image) const {
  return !report_.diff_ids.empty() && report_.diff_ids == image.diff_ids;
}

/// By what binds it: config or layers.
bool ReportBinder::fits_one_image() const {
  return std::ranges::count_if(subject_.images, [&](const auto& image) {
           return report_.image_id == image.config_digest.str() || has_layers_of(image);
         }) == 1;
}

bool ReportBinder::is_read_from_manifest(const PlatformImage& image) const {
  return names(report_, image.digest) || stands_for_its_index_;
}

bool ReportBinder::is_judged() const {
  return std::ranges::any_of(subject_.images, [&](const auto& image) { return bind(image).kind == Kind::Bound; });
}

/// A scanner that read from the source's own registry must have seen this digest or an index that holds it. A daemon
/// lists several repositories: one that fits is enough.
ReportBinding ReportBinder::check_digests(const PlatformImage& image) const {
  if (of_source_host_ == nullptr || names_index_ || names(report_, image.digest))
    return {.kind = Kind::Bound, .conflict = {}};
  return conflict("its content is this image's, its RepoDigests (" + quoted(to_string(*of_source_host_), 200) +
                  ") are another's");
}

ReportBinding ReportBinder::bind(const PlatformImage& image) const {
  const bool same_layers = has_layers_of(image);
  if (report_.image_id == image.config_digest.str()) {
    if (!fits_platform(report_, image))
      return conflict("its ImageID is this image's, its ImageConfig says " + quoted(to_string(*report_.platform)));
    if (!report_.diff_ids.empty() && !same_layers)
      return conflict("its ImageID is this image's, its DiffIDs are another's");
    return check_digests(image);
  }
  if (!same_layers || !fits_platform(report_, image) || names_config_) return {};
  if (!report_.image_id.empty())
    return conflict("its DiffIDs are this image's, its ImageID " + quoted(report_.image_id) + " is another's");
  return check_digests(image);
}

}  // namespace slipway::gates
