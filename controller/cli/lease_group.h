#pragma once

#include <string>

#include "controller/cli/options.h"

namespace slipway::cli {

/// What is a label's value and the beginning of a Lease's name.
bool is_group_name(const std::string& name);

/// Which replicas the process shares the work with: as `--lease-group` says, else in a cluster `slipway`. Elsewhere
/// those of the same host alone, so that somebody's own `run --kubeconfig` is no replica of what is installed in that
/// cluster.
std::string lease_group_of(const ClusterFlags& flags, const std::string& host);

}  // namespace slipway::cli
