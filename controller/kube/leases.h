#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/kube/api_client.h"
#include "crds/base/time.h"

namespace slipway::kube {

/// A coordination.k8s.io/v1 Lease as far as Slipway uses it. Which of two times is later depends on two clocks: who
/// waits for a lease to end counts on its own from when it saw the lease change.
struct Lease {
  std::string namespace_name;
  std::string name;
  std::string resource_version;  ///< Empty: not there yet.
  std::map<std::string, std::string> labels;
  std::string holder;  ///< Empty: free.
  std::chrono::seconds duration{15};
  std::optional<Timestamp> acquired;
  std::optional<Timestamp> renewed;
  std::int64_t transitions = 0;
  bool operator==(const Lease&) const = default;
};

Node to_node(const Lease& lease);
/// Integrity for what is no Lease.
Result<Lease> lease_from(const Node& node);

/// Reads and writes Leases; each try is bounded by `timeout` and made once, because who renews counts the time.
/// Thread-safe.
class Leases {
 public:
  Leases(ApiClient& client, std::chrono::milliseconds timeout) : client_(client), timeout_(timeout) {}

  Result<std::optional<Lease>> find(const std::string& namespace_name, const std::string& name,
                                    const std::stop_token& stop);
  /// Conflict when it is there already.
  Result<Lease> create(const Lease& lease, const std::stop_token& stop);
  /// Conflict when somebody wrote it since `lease.resource_version`.
  Result<Lease> update(const Lease& lease, const std::stop_token& stop);
  Result<std::vector<Lease>> list(const std::string& namespace_name, const std::string& label_selector,
                                  const std::stop_token& stop);
  Result<void> remove(const Lease& lease, const std::stop_token& stop);

 private:
  ApiClient& client_;
  const std::chrono::milliseconds timeout_;
};

}  // namespace slipway::kube
