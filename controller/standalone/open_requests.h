#pragma once

#include <map>
#include <set>
#include <string>

#include "controller/runtime/guarded.h"

namespace slipway::standalone {

/// Which hosts are being waited for, by the id that their requests carry (a reconcile's). Thread-safe.
class OpenRequests {
 public:
  void began(const std::string& id, const std::string& host);
  void ended(const std::string& id, const std::string& host);
  /// The hosts that have not answered the requests of that id yet.
  std::set<std::string> hosts(const std::string& id) const;

 private:
  runtime::Guarded<std::map<std::string, std::multiset<std::string>>> open_;
};

}  // namespace slipway::standalone
