#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/kube/lease.h"
#include "crds/base/result.h"

namespace slipway::tests {

/// Leases as an API server keeps them: every write has a version of its own, and names the version it is based on.
class InMemoryLeases {
 public:
  std::vector<kube::Lease> list() const {
    std::vector<kube::Lease> all;
    for (const auto& [name, lease] : leases_) all.push_back(lease);
    return all;
  }

  Result<kube::Lease> create(kube::Lease lease) {
    if (leases_.contains(lease.name)) return fail(ErrorClass::Conflict, lease.name + " already exists", "-");
    return keep(std::move(lease));
  }

  Result<kube::Lease> update(kube::Lease lease) {
    if (auto refused = refuse(lease); !refused) return std::unexpected(refused.error());
    return keep(std::move(lease));
  }

  Result<void> remove(const kube::Lease& lease) {
    if (!leases_.contains(lease.name)) return {};
    if (auto refused = refuse(lease); !refused) return refused;
    leases_.erase(lease.name);
    return {};
  }

  /// What people do.
  void delete_by_hand(const std::string& name) { leases_.erase(name); }
  void annotate_by_hand(const std::string& name, const std::string& key, const std::string& value) {
    const auto found = leases_.find(name);
    if (found == leases_.end()) return;
    kube::Lease lease = found->second;
    lease.annotations[key] = value;
    static_cast<void>(keep(std::move(lease)));
  }

  const kube::Lease* find(const std::string& name) const {
    const auto found = leases_.find(name);
    return found == leases_.end() ? nullptr : &found->second;
  }

 private:
  Result<void> refuse(const kube::Lease& lease) const {
    const auto found = leases_.find(lease.name);
    if (found == leases_.end()) return fail(ErrorClass::NotFound, lease.name + " is not there", "-");
    if (found->second.resource_version == lease.resource_version) return {};
    return fail(ErrorClass::Conflict, lease.name + " has been modified", "-");
  }

  kube::Lease keep(kube::Lease lease) {
    lease.resource_version = std::to_string(++version_);
    return leases_[lease.name] = std::move(lease);
  }

  std::map<std::string, kube::Lease> leases_;
  std::uint64_t version_ = 0;
};

}  // namespace slipway::tests
