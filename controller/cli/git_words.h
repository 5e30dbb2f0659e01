#pragma once

#include <iosfwd>

#include "controller/standalone/git_manifests.h"

namespace slipway::cli {

/// What the last look at the repository left to know beside the resources: that its newest commit was not taken, and
/// why. Nothing where all is well or no repository is asked (null).
void print_git(const standalone::GitManifests* git, Timestamp now, std::ostream& errors);

}  // namespace slipway::cli
