#include "controller/assembly/request_lines.h"

#include "tests/catch.h"

namespace slipway::assembly {

namespace {

struct FixedClock final : Clock {
  Timestamp now() const override { return *parse_timestamp("2026-11-24T09:00:00Z"); }
};

}  // namespace

TEST_CASE("the line of a request has the visit that the server was told, under the name that all lines have") {
  const FixedClock clock;
  std::string line;
  telemetry::Log log{clock,
                     {.format = telemetry::LogFormat::Text,
                      .level = telemetry::LogLevel::Debug,
                      .write = [&](const std::string& text) { line = text; }}};
  http::RequestSeen seen{.host = "a.example", .url = "https://a.example/v2/", .status = 200, .request_id = "1"};
  const std::string head = "2026-11-24T09:00:00Z debug GET https://a.example/v2/ status=200 failure=\"\" ";
  const telemetry::ReconcileScope another{GENERATE("", "1", "2")};
  log_request(seen, log);
  CHECK(line == head + "correlationId=\"\" reconcileID=1");
  seen.request_id = "";
  log_request(seen, log);
  CHECK(line == head + "correlationId=\"\"");
}

}  // namespace slipway::assembly
