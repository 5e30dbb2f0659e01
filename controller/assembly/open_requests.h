#pragma once

#include <map>
#include <set>
#include <string>

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"

namespace slipway::assembly {

/// Which hosts are being waited for, by the id that their requests carry (a reconcile's). Thread-safe.
class OpenRequests {
 public:
  using Time = runtime::SteadyClock::Time;
  void began(const std::string& id, const std::string& host, Time at);
  void ended(const std::string& id, const std::string& host);
  /// The hosts that have not answered the requests of that id yet: those that began at `latest` or before.
  std::set<std::string> hosts(const std::string& id, Time latest = Time::max()) const;

 private:
  runtime::Guarded<std::map<std::string, std::multimap<std::string, Time>>> open_;
};

}  // namespace slipway::assembly
