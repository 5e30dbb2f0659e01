#include "controller/assembly/request_lines.h"

#include <string>
#include <vector>

namespace slipway::assembly {

void log_request(const http::RequestSeen& seen, telemetry::Log& log) {
  const std::string what = std::string(http::to_string(seen.method)) + ' ' + seen.url;
  const std::vector<telemetry::LogField> fields{
      {"status", seen.status}, {"failure", seen.failure}, {"correlationId", seen.correlation_id}};
  const telemetry::ReconcileScope visit{seen.request_id};
  const bool is_outage = seen.status == 0 || seen.status == 429 || seen.status >= 500;
  is_outage && !seen.was_stopped ? log.warn(what, fields) : log.debug(what, fields);
}

}  // namespace slipway::assembly
