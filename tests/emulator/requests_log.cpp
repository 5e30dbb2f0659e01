#include "tests/emulator/requests_log.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>

namespace slipway::emulator {

std::shared_ptr<RequestRecord> RequestsLog::begin(std::string method, std::string target) {
  auto record = std::make_shared<RequestRecord>();
  record->method = std::move(method);
  record->target = std::move(target);
  records_.lock()->push_back(record);
  return record;
}

std::string RequestsLog::to_json(bool list) const {
  using nlohmann::ordered_json;
  std::map<std::string, std::uint64_t> by_method;
  std::map<std::string, std::uint64_t> by_status;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  ordered_json requests = ordered_json::array();
  const auto records = records_.lock();
  for (const auto& record : *records) {
    ++by_method[record->method];
    ++by_status[std::to_string(record->status)];
    bytes_in += record->bytes_in;
    bytes_out += record->bytes_out;
    if (!list) continue;
    requests.push_back({{"method", record->method},
                        {"target", record->target},
                        {"status", record->status.load()},
                        {"bytesIn", record->bytes_in.load()},
                        {"bytesOut", record->bytes_out.load()}});
  }
  ordered_json document = {{"count", records->size()}, {"connections", connections_.load()},
                           {"bytesIn", bytes_in},      {"bytesOut", bytes_out},
                           {"byMethod", by_method},    {"byStatus", by_status}};
  if (list) document["requests"] = std::move(requests);
  return document.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

void RequestsLog::clear() {
  records_.lock()->clear();
  connections_ = 0;
}

}  // namespace slipway::emulator
