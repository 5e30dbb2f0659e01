#include "controller/assembly/open_requests.h"

namespace slipway::assembly {

void OpenRequests::began(const std::string& id, const std::string& host, Time at) {
  (*open_.lock())[id].emplace(host, at);
}

void OpenRequests::ended(const std::string& id, const std::string& host) {
  const auto open = open_.lock();
  const auto found = open->find(id);
  if (found == open->end()) return;
  if (const auto one = found->second.find(host); one != found->second.end()) found->second.erase(one);
  if (found->second.empty()) open->erase(found);
}

std::set<std::string> OpenRequests::hosts(const std::string& id, Time latest) const {
  const auto open = open_.lock();
  const auto found = open->find(id);
  if (found == open->end()) return {};
  std::set<std::string> hosts;
  for (const auto& [host, began] : found->second)
    if (began <= latest) hosts.insert(host);
  return hosts;
}

}  // namespace slipway::assembly
