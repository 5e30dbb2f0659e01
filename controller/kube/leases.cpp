#include "controller/kube/leases.h"

#include <utility>

#include "controller/kube/micro_time.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

constexpr std::string_view kLeaseVersion = "coordination.k8s.io/v1";

std::optional<Timestamp> time_at(const Node& spec, std::string_view key) {
  const auto time = parse_timestamp(json::text_at(spec, key));
  return time ? std::optional(*time) : std::nullopt;
}

Target target_of(const Lease& lease) {
  return {kLeases, lease.namespace_name, lease.name, ""};
}

ApiRequest bounded(ApiRequest request, std::chrono::milliseconds timeout) {
  request.timeout = timeout;
  request.only_once = true;
  return request;
}

Result<Lease> lease_in(const Result<Node>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return lease_from(*answer);
}

}  // namespace

Node to_node(const Lease& lease) {
  json::MapBuilder metadata;
  metadata.add("name", json::text(lease.name)).add("namespace", json::text(lease.namespace_name));
  if (!lease.labels.empty()) metadata.add("labels", json::text_map(lease.labels));
  if (!lease.annotations.empty()) metadata.add("annotations", json::text_map(lease.annotations));
  metadata.add_text("resourceVersion", lease.resource_version);
  json::MapBuilder spec;
  spec.add_text("holderIdentity", lease.holder);
  spec.add("leaseDurationSeconds", json::integer(lease.duration.count()));
  if (lease.acquired) spec.add("acquireTime", json::text(micro_time(*lease.acquired)));
  if (lease.renewed) spec.add("renewTime", json::text(micro_time(*lease.renewed)));
  spec.add("leaseTransitions", json::integer(lease.transitions));
  return json::MapBuilder()
      .add("apiVersion", json::text(std::string(kLeaseVersion)))
      .add("kind", json::text("Lease"))
      .add("metadata", metadata.build())
      .add("spec", spec.build())
      .build();
}

Result<Lease> lease_from(const Node& node) {
  const Node& metadata = json::at(node, "metadata");
  const Node& spec = json::at(node, "spec");
  Lease lease{.namespace_name = json::text_at(metadata, "namespace"),
              .name = json::text_at(metadata, "name"),
              .resource_version = json::text_at(metadata, "resourceVersion"),
              .labels = json::text_map_at(metadata, "labels"),
              .annotations = json::text_map_at(metadata, "annotations"),
              .holder = json::text_at(spec, "holderIdentity"),
              .duration = std::chrono::seconds(json::integer_at(spec, "leaseDurationSeconds").value_or(0)),
              .acquired = time_at(spec, "acquireTime"),
              .renewed = time_at(spec, "renewTime"),
              .transitions = json::integer_at(spec, "leaseTransitions").value_or(0)};
  if (!lease.name.empty() && !lease.resource_version.empty()) return lease;
  return fail(ErrorClass::Integrity, "a Lease without name or resourceVersion",
              "check what answers at the API server's address");
}

Result<std::optional<Lease>> Leases::find(const std::string& namespace_name, const std::string& name,
                                          std::chrono::milliseconds longest, const std::stop_token& stop) {
  const auto node = client_.find(bounded(get({kLeases, namespace_name, name, ""}), longest), stop);
  if (!node) return std::unexpected(node.error());
  if (!*node) return std::nullopt;
  Result<Lease> lease = lease_from(**node);
  if (!lease) return std::unexpected(std::move(lease.error()));
  return std::move(*lease);
}

Result<Lease> Leases::create(const Lease& lease, std::chrono::milliseconds longest, const std::stop_token& stop) {
  const Target collection{kLeases, lease.namespace_name, "", ""};
  return lease_in(client_.send(bounded(kube::create(collection, to_node(lease)), longest), stop));
}

Result<Lease> Leases::update(const Lease& lease, std::chrono::milliseconds longest, const std::stop_token& stop) {
  return lease_in(client_.send(bounded(kube::update(target_of(lease), to_node(lease)), longest), stop));
}

Result<std::vector<Lease>> Leases::list(const std::string& namespace_name, const std::string& label_selector,
                                        std::chrono::milliseconds longest, const std::stop_token& stop) {
  ListQuery query;
  query.label_selector = label_selector;
  query.limit = 0;
  const auto answer = client_.send(bounded(kube::list({kLeases, namespace_name, "", ""}, query), longest), stop);
  if (!answer) return std::unexpected(answer.error());
  std::vector<Lease> leases;
  for (const Node& node : json::items_at(*answer, "items")) {
    Result<Lease> lease = lease_from(node);
    if (!lease) return std::unexpected(std::move(lease.error()));
    leases.push_back(std::move(*lease));
  }
  return leases;
}

Result<void> Leases::remove(const Lease& lease, std::chrono::milliseconds longest, const std::stop_token& stop) {
  const ApiRequest request = remove_version(target_of(lease), lease.resource_version);
  const auto answer = client_.find(bounded(request, longest), stop);
  if (!answer) return std::unexpected(answer.error());
  return {};
}

}  // namespace slipway::kube
