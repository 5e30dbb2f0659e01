#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "crds/base/time.h"

namespace slipway::kube {

/// A coordination.k8s.io/v1 Lease as far as Slipway uses it. Which of two times is later depends on two clocks: who
/// waits for a lease to end counts on its own from when it saw the lease change.
struct Lease {
  std::string namespace_name;
  std::string name;
  std::string resource_version;  ///< Empty: not there yet.
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::string holder;  ///< Empty: free.
  std::chrono::seconds duration{15};
  std::optional<Timestamp> acquired;
  std::optional<Timestamp> renewed;
  std::int64_t transitions = 0;
  bool operator==(const Lease&) const = default;
};

}  // namespace slipway::kube
