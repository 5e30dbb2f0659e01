#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "controller/kube/cluster_access.h"
#include "crds/base/result.h"
#include "crds/base/time.h"

namespace slipway::kube {

/// What an exec plugin gave.
struct ExecCredential {
  SecretText token;
  std::string certificate;  ///< PEM.
  SecretText key;           ///< PEM; with the certificate or not at all.
  std::optional<Timestamp> ends;
};

/// Runs the plugin (client.authentication.k8s.io): no shell, no terminal, a minute and 1 MiB at most. `authority` is
/// the PEM of the cluster's authorities, for one that asks for it. Unauthorized when it fails, with its install hint;
/// Invalid for an answer that is no ExecCredential of the version it is spoken to in. What it printed is never shown;
/// its standard error is ours.
Result<ExecCredential> run_exec_plugin(const ClusterAccess& access, const std::string& authority,
                                       const std::stop_token& stop);

/// What the plugin finds in KUBERNETES_EXEC_INFO, and what its answer means; pure.
std::string exec_info(const ClusterAccess& access, const std::string& authority);
Result<ExecCredential> read_exec_credential(const ExecCommand& command, const std::string& output);

}  // namespace slipway::kube
