#pragma once

#include <string>
#include <vector>

#include "crds/base/time.h"
#include "reconcilers/gates/scan_report.h"

namespace slipway::gates {

/// What helps against findings that refuse, in one sentence for all of them, the first ten in full: whoever does as
/// told is not refused for the next one. `floor`: it is an access entry that refuses, whose exceptions are not the
/// publication's. An exception that is proposed ends a month from `now`.
std::string remedy_for(const std::vector<const Finding*>& findings, bool floor, Timestamp now);

}  // namespace slipway::gates
