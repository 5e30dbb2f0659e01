#include "controller/cluster/api_server.h"

#include <utility>

#include "controller/assembly/request_lines.h"
#include "controller/kube/object_codec.h"
#include "controller/runtime/waiting.h"

namespace slipway::cluster {

namespace {

constexpr const char* kOldestNamespace = "kube-system";

void tell(const http::RequestSeen& seen, const assembly::Surroundings& surroundings) {
  surroundings.metrics.api_request({std::string(http::to_string(seen.method)), seen.status, seen.host, seen.took});
  assembly::log_request(seen, surroundings.log);
}

}  // namespace

Result<std::unique_ptr<kube::Connection>> connect(kube::ClusterAccess access, const http::NetworkEnvironment& network,
                                                  const assembly::Surroundings& surroundings) {
  http::TransportSettings settings;
  settings.environment = network;
  settings.user_agent = "slipway/" SLIPWAY_VERSION;
  settings.retry_hands = {.wait = runtime::wait, .chance = runtime::chance};
  settings.tracing = {.observer = [surroundings](const http::RequestSeen& seen) { tell(seen, surroundings); },
                      .reconcile_id = telemetry::current_reconcile_id,
                      .elapsed = runtime::elapsed};
  return kube::Connection::open(std::move(access), surroundings.clock, {.transport = std::move(settings)});
}

Result<std::string> cluster_id(kube::ApiClient& client, const std::stop_token& stop) {
  const auto object = client.send(kube::get_metadata({kube::kNamespaces, "", kOldestNamespace, ""}), stop);
  if (!object) return std::unexpected{object.error()};
  const auto found = kube::decode_metadata(*object);
  if (!found) return std::unexpected{found.error()};
  return found->object.metadata.uid;
}

}  // namespace slipway::cluster
