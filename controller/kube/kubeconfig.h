#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/cluster_access.h"
#include "crds/base/result.h"

namespace slipway::kube {

/// Whose text a kubeconfig is. A tenant's (from a Secret) may neither run a program nor name a file of ours.
enum class KubeconfigOwner { Operator, Tenant };

struct KubeconfigOptions {
  KubeconfigOwner owner = KubeconfigOwner::Tenant;
  std::string context;  ///< Instead of current-context.
};

/// One file as it was read; relative paths in it start from the folder of `path`.
struct KubeconfigText {
  std::string path;  ///< Also for messages; of a Secret: "Secret slipway-system/eu, key config".
  std::string text;
};

/// The context that the files together give: of several that define one name the first counts, as in client-go. Invalid
/// with place and remedy for what is broken, missing or refused: insecure-skip-tls-verify (give certificate-authority
/// or tls-server-name), plain http unless it stays on this machine, username and password, auth-provider,
/// impersonation, what needs a terminal; for a tenant exec and every file name. Never shows a value of `users`.
Result<ClusterAccess> read_kubeconfig(const std::vector<KubeconfigText>& files, const KubeconfigOptions& options);

/// Reads `path`, or, where that is empty, what KUBECONFIG lists, else ~/.kube/config. NotFound when there is none.
Result<ClusterAccess> load_kubeconfig(const std::string& path, const KubeconfigOptions& options,
                                      const std::function<const char*(const char* name)>& variable);

/// The pod's service account: KUBERNETES_SERVICE_HOST and _PORT, and token, ca.crt and namespace in `folder`. NotFound
/// outside a pod. The token file is read again as it rotates.
Result<ClusterAccess> in_cluster_access(const std::function<const char*(const char* name)>& variable,
                                        const std::string& folder = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace slipway::kube
