#pragma once

#include <map>
#include <mutex>
#include <string>

#include "crds/base/time.h"

namespace slipway::publish {

/// Registries that did not answer whoever wanted to take tags away there: a hint, for who comes too late to wait for
/// them as well. Thread-safe.
class SilentRegistries {
 public:
  void did_not_answer(const std::string& host, Timestamp now);
  void answered(const std::string& host);
  /// None has answered since one did not, within the last ten minutes.
  bool contains(const std::string& host, Timestamp now) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Timestamp> since_;  ///< The latest time, by host.
};

}  // namespace slipway::publish
