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

/// Config digest with the platform scanned, else the list of diff ids; digests of the reference that was scanned are a
/// second witness where they are of the source's own registry. Witnesses that disagree are a Conflict.
ReportBinding bind_report(const ScanReport& report, const PlatformImage& image, const ScanSubject& subject);

/// Whether findings of the report count: it is about one of the images, and does not contradict itself about that one.
bool is_judged(const ScanReport& report, const ScanSubject& subject);

/// Whether a report that is bound to the image names its manifest, and with it its layers: by digest, or by that of an
/// index which is published whole and holds no other image that the report fits. Else it speaks of a config only.
bool is_read_from_manifest(const ScanReport& report, const PlatformImage& image, const ScanSubject& subject);

}  // namespace slipway::gates
