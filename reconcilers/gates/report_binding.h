#pragma once

#include <string>

#include "reconcilers/gates/scan_gate.h"

namespace slipway::gates {

/// Whether a report is about an image, by content (never by name).
struct ReportBinding {
  enum class Kind { None, Bound, Conflict };
  Kind kind = Kind::None;
  std::string conflict;  ///< Which witnesses disagree.
  bool operator==(const ReportBinding&) const = default;
};

/// One report held against the images of a subject, both of which outlive this. What does not depend on the image is
/// found out once: a tenant chooses how many images there are, and how much a report says.
class ReportBinder {
 public:
  ReportBinder(const ScanReport& report, const ScanSubject& subject);

  /// Config digest with the platform scanned, else the list of diff ids; digests of the reference that was scanned are
  /// a second witness where they are of the source's own registry. Witnesses that disagree are a Conflict.
  ReportBinding bind(const PlatformImage& image) const;

  /// Whether findings of the report count: it is about one of the images, and does not contradict itself about that
  /// one.
  bool is_judged() const;

  /// Whether a report that is bound to the image names its manifest, and with it its layers: by digest, or by that of
  /// an index which is published whole and holds no other image that the report fits. Else it speaks of a config only.
  bool is_read_from_manifest(const PlatformImage& image) const;

 private:
  bool has_layers_of(const PlatformImage& image) const;
  bool fits_one_image() const;
  ReportBinding check_digests(const PlatformImage& image) const;

  const ScanReport& report_;
  const ScanSubject& subject_;
  bool names_index_;
  bool names_config_;                     ///< Of one of the images.
  const ImageReference* of_source_host_;  ///< The first of RepoDigests that is; or null.
  bool stands_for_its_index_;             ///< Who names the index means the one image that the report fits.
};

}  // namespace slipway::gates
