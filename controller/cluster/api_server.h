#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "controller/assembly/surroundings.h"
#include "controller/http/transport_factory.h"
#include "controller/kube/api_client.h"
#include "controller/kube/connection.h"

namespace slipway::cluster {

/// The connection to the cluster's API server, whose requests are counted and, when they fail, logged. Errors as
/// Connection::open() has them. `surroundings` outlive it.
Result<std::unique_ptr<kube::Connection>> connect(kube::ClusterAccess access, const http::NetworkEnvironment& network,
                                                  const assembly::Surroundings& surroundings);

/// What tells this cluster from all others, for who has named no publisher: the UID of its namespace kube-system.
Result<std::string> cluster_id(kube::ApiClient& client, const std::stop_token& stop);

}  // namespace slipway::cluster
