#pragma once

#include <set>
#include <string>
#include <string_view>

#include "controller/cluster/lease_store.h"
#include "controller/kube/leases.h"

namespace slipway::cluster {

/// The label of the ClusterRoleBindings of Slipway's controllers.
inline constexpr std::string_view kInstallation = "slipway.dev/installation";

/// The Leases of a group, at an API server, and those of every group. Thread-safe.
///
/// Whoever may write in one namespace can make a Lease there that looks like a replica's. So those of other groups are
/// looked for in the own namespace, and in those whose service accounts a ClusterRoleBinding with the label
/// kInstallation names: tenants can write neither.
class KubeLeases final : public LeaseStore, public ClusterLeases {
 public:
  /// `client` outlives it. `group` is that of MembershipOptions.
  KubeLeases(kube::ApiClient& client, std::string namespace_name, const std::string& group);

  Result<std::vector<kube::Lease>> list(std::chrono::milliseconds longest, const std::stop_token& stop) override;
  Result<std::vector<kube::Lease>> list_all(const std::set<std::string>& also, std::chrono::milliseconds longest,
                                            const std::stop_token& stop) override;
  Result<kube::Lease> create(const kube::Lease& lease, std::chrono::milliseconds longest,
                             const std::stop_token& stop) override;
  Result<kube::Lease> update(const kube::Lease& lease, std::chrono::milliseconds longest,
                             const std::stop_token& stop) override;
  Result<void> remove(const kube::Lease& lease, std::chrono::milliseconds longest,
                      const std::stop_token& stop) override;

 private:
  kube::ApiClient& client_;
  kube::Leases leases_;
  const std::string namespace_name_;
  const std::string selector_;
};

}  // namespace slipway::cluster
