#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/api_client.h"
#include "controller/kube/lease.h"

namespace slipway::kube {

Node to_node(const Lease& lease);
/// Integrity for what is no Lease.
Result<Lease> lease_from(const Node& node);

/// Reads and writes Leases; each try takes at most `longest` and is made once, because who renews counts the time.
/// Thread-safe.
class Leases {
 public:
  /// `client` outlives it.
  explicit Leases(ApiClient& client) : client_(client) {}

  Result<std::optional<Lease>> find(const std::string& namespace_name, const std::string& name,
                                    std::chrono::milliseconds longest, const std::stop_token& stop);
  /// Conflict when it is there already.
  Result<Lease> create(const Lease& lease, std::chrono::milliseconds longest, const std::stop_token& stop);
  /// Conflict when somebody wrote it since `lease.resource_version`.
  Result<Lease> update(const Lease& lease, std::chrono::milliseconds longest, const std::stop_token& stop);
  /// As they are now, never from a cache that is behind; without a namespace those of all. All in one answer: they are
  /// few.
  Result<std::vector<Lease>> list(const std::string& namespace_name, const std::string& label_selector,
                                  std::chrono::milliseconds longest, const std::stop_token& stop);
  /// Conflict when somebody wrote it since `lease.resource_version`; one that is gone is no error.
  Result<void> remove(const Lease& lease, std::chrono::milliseconds longest, const std::stop_token& stop);

 private:
  ApiClient& client_;
};

}  // namespace slipway::kube
