#include "controller/cluster/kube_leases.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/cluster/membership.h"
#include "reconcilers/json.h"

namespace slipway::cluster {
namespace {

/// Those of the service accounts that are bound.
std::set<std::string> namespaces_in(const Node& bindings) {
  std::set<std::string> namespaces;
  for (const Node& binding : json::items_at(bindings, "items"))
    for (const Node& subject : json::items_at(binding, "subjects"))
      if (std::string name = json::text_at(subject, "namespace"); !name.empty()) namespaces.insert(std::move(name));
  return namespaces;
}

/// Neither is watched.
std::unexpected<Error> with_the_right_that_is_missing(Error error, const kube::ApiResource& listed) {
  if (error.cls == ErrorClass::Forbidden)
    error.remedy = "add this to a ClusterRole that is bound to the controller: - {apiGroups: [" +
                   std::string(listed.group) + "], resources: [" + std::string(listed.plural) + "], verbs: [list]}";
  return std::unexpected(std::move(error));
}

Result<std::set<std::string>> installed_namespaces(kube::ApiClient& client, std::chrono::milliseconds longest,
                                                   const std::stop_token& stop) {
  kube::ListQuery query;
  query.label_selector = kInstallation;
  query.limit = 0;
  kube::ApiRequest request = kube::list({kube::kClusterRoleBindings, "", "", ""}, query);
  request.timeout = longest;
  request.only_once = true;
  const auto bindings = client.send(request, stop);
  if (!bindings) return with_the_right_that_is_missing(bindings.error(), kube::kClusterRoleBindings);
  return namespaces_in(*bindings);
}

}  // namespace

KubeLeases::KubeLeases(kube::ApiClient& client, std::string namespace_name, const std::string& group)
    : client_(client),
      leases_(client),
      namespace_name_(std::move(namespace_name)),
      selector_(std::string(kReplicaGroup) + '=' + group) {}

Result<std::vector<kube::Lease>> KubeLeases::list(std::chrono::milliseconds longest, const std::stop_token& stop) {
  return leases_.list(namespace_name_, selector_, longest, stop);
}

Result<std::vector<kube::Lease>> KubeLeases::list_all(const std::set<std::string>& also,
                                                      std::chrono::milliseconds longest, const std::stop_token& stop) {
  auto namespaces = installed_namespaces(client_, longest, stop);
  if (!namespaces) return std::unexpected(std::move(namespaces.error()));
  namespaces->insert(namespace_name_);
  namespaces->insert(also.begin(), also.end());
  std::vector<kube::Lease> all;
  for (const std::string& each : *namespaces) {
    auto found = leases_.list(each, std::string(kReplicaGroup), longest, stop);
    if (!found) return with_the_right_that_is_missing(std::move(found.error()), kube::kLeases);
    std::ranges::move(*found, std::back_inserter(all));
  }
  return all;
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
