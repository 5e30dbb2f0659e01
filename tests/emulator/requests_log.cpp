#include "tests/emulator/requests_log.h"

#include <map>
#include <utility>

#include "reconcilers/json.h"

namespace slipway::emulator {

std::shared_ptr<RequestRecord> RequestsLog::begin(std::string method, std::string target) {
  auto record = std::make_shared<RequestRecord>();
  record->method = std::move(method);
  record->target = std::move(target);
  records_.lock()->push_back(record);
  return record;
}

namespace {

Node to_node(const std::map<std::string, std::uint64_t>& counts) {
  json::MapBuilder map;
  for (const auto& [name, count] : counts) map.add(name, json::integer(count));
  return map.build();
}

Node to_node(const RequestRecord& record) {
  return json::MapBuilder()
      .add("method", json::text(record.method))
      .add("target", json::text(record.target))
      .add("status", json::integer(record.status))
      .add("bytesIn", json::integer(record.bytes_in))
      .add("bytesOut", json::integer(record.bytes_out))
      .build();
}

}  // namespace

std::string RequestsLog::to_json(bool list) const {
  std::map<std::string, std::uint64_t> by_method;
  std::map<std::string, std::uint64_t> by_status;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::vector<Node> requests;
  const auto records = records_.lock();
  for (const auto& record : *records) {
    ++by_method[record->method];
    ++by_status[std::to_string(record->status)];
    bytes_in += record->bytes_in;
    bytes_out += record->bytes_out;
    if (list) requests.push_back(to_node(*record));
  }
  json::MapBuilder document;
  document.add("count", json::integer(records->size()))
      .add("connections", json::integer(connections_))
      .add("bytesIn", json::integer(bytes_in))
      .add("bytesOut", json::integer(bytes_out))
      .add("byMethod", to_node(by_method))
      .add("byStatus", to_node(by_status));
  if (list) document.add("requests", json::list(std::move(requests)));
  return to_json_text(document.build()) + "\n";
}

void RequestsLog::clear() {
  records_.lock()->clear();
  connections_ = 0;
}

}  // namespace slipway::emulator
