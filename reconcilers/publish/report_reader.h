#pragma once

#include <mutex>
#include <stop_token>
#include <vector>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/gates/scan_gate.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::publish {

/// Of one report of a ConfigMap, unpacked.
inline constexpr std::size_t kMaxUnpackedReport = 16u << 20;
/// Of all reports of one publication, unpacked; one that is named twice is read once.
inline constexpr std::size_t kMaxReportsBytes = 64u << 20;
/// What is kept of the reports of one publication: some 30,000 findings, each counted once.
inline constexpr std::size_t kMaxKeptReportBytes = 8u << 20;

/// Reads every scan report that the publication names; what could not be read carries its error, which it also is to be
/// above a bound. Of a report that is not about `subject`, and of findings that an earlier report has, nothing is kept:
/// no verdict depends on them. `one_at_a_time` is held while a report is unpacked and parsed, which takes a multiple of
/// its size: one for the whole process. Thread-safe. Cancelled when it is stopped.
Result<std::vector<gates::NamedReport>> read_reports(const Loaded<ImagePublication>& publication,
                                                     const gates::ScanSubject& subject, ObjectReader& reader,
                                                     std::mutex& one_at_a_time, const std::stop_token& stop);

}  // namespace slipway::publish
