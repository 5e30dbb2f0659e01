#pragma once

#include <vector>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/gates/scan_gate.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::publish {

/// Reads every scan report that the publication names; what could not be read carries its error.
std::vector<gates::NamedReport> read_reports(const Loaded<ImagePublication>& publication, ObjectReader& reader);

}  // namespace slipway::publish
