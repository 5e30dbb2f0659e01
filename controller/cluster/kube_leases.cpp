#include "controller/cluster/kube_leases.h"

#include <utility>

#include "controller/cluster/membership.h"

namespace slipway::cluster {

KubeLeases::KubeLeases(kube::ApiClient& client, std::string namespace_name, const std::string& group)
    : leases_(client),
      namespace_name_(std::move(namespace_name)),
      selector_(std::string(kReplicaGroup) + '=' + group) {}

Result<std::vector<kube::Lease>> KubeLeases::list(std::chrono::milliseconds longest, const std::stop_token& stop) {
  return leases_.list(namespace_name_, selector_, longest, stop);
}

Result<std::vector<kube::Lease>> KubeLeases::list_all(std::chrono::milliseconds longest, const std::stop_token& stop) {
  return leases_.list("", std::string(kReplicaGroup), longest, stop);
}

Result<kube::Lease> KubeLeases::create(const kube::Lease& lease, std::chrono::milliseconds longest,
                                       const std::stop_token& stop) {
  return leases_.create(lease, longest, stop);
}

Result<kube::Lease> KubeLeases::update(const kube::Lease& lease, std::chrono::milliseconds longest,
                                       const std::stop_token& stop) {
  return leases_.update(lease, longest, stop);
}

Result<void> KubeLeases::remove(const kube::Lease& lease, std::chrono::milliseconds longest,
                                const std::stop_token& stop) {
  return leases_.remove(lease, longest, stop);
}

}  // namespace slipway::cluster
