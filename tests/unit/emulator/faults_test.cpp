#include "tests/emulator/faults.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::emulator;

namespace {

Result<std::vector<Fault>> parsed(const std::string& text) {
  return parse_faults(parse_documents(text, "faults").front().root);
}

}  // namespace

TEST_CASE("a fault hits the requests that it names, as often as it says") {
  struct Row {
    std::string situation;
    Fault fault;
    std::vector<bool> hits;  // of: GET /v2/a/blobs/x three times, HEAD of it, GET /v2/b
  };
  const auto slow = [](Fault fault) {
    fault.action = FaultAction::Slow;
    fault.bytes_per_second = 5;
    return fault;
  };
  const Row row = GENERATE_COPY(values<Row>({
      {"once, whatever it is", slow({}), {true, false, false, false, false}},
      {"always", slow({.times = 0}), {true, true, true, true, true}},
      {"of one method", slow({.method = "GET", .times = 0}), {true, true, true, false, true}},
      {"of one path", slow({.path = "/blobs/", .times = 0}), {true, true, true, true, false}},
      {"of a whole path", slow({.path = "^/v2/b$", .times = 0}), {false, false, false, false, true}},
      {"twice", slow({.times = 2}), {true, true, false, false, false}},
      {"after one", slow({.skip = 1, .times = 2}), {false, true, true, false, false}},
      {"after all", slow({.skip = 5}), {false, false, false, false, false}},
  }));
  INFO(row.situation);
  Faults faults;
  faults.add({row.fault});
  std::vector<bool> hits;
  for (int times = 0; times < 3; ++times) hits.push_back(faults.hit("GET", "/v2/a/blobs/x") != Disturbance{});
  hits.push_back(faults.hit("HEAD", "/v2/a/blobs/x") != Disturbance{});
  hits.push_back(faults.hit("GET", "/v2/b") != Disturbance{});
  CHECK(hits == row.hits);
}

TEST_CASE("several faults hit one request together, the first answer counts") {
  Faults faults;
  faults.add({{.action = FaultAction::DropResponse, .bytes = 7},
              {.action = FaultAction::Slow, .bytes_per_second = 9},
              {.action = FaultAction::Status, .status = 503},
              {.action = FaultAction::Quota}});
  const Disturbance hit = faults.hit("GET", "/");
  CHECK(hit.cut_response == 7);
  CHECK(hit.bytes_per_second == 9);
  REQUIRE(hit.answer);
  CHECK(hit.answer->status == 503);
  CHECK(faults.hit("GET", "/") == Disturbance{});
}

TEST_CASE("no faults after they were cleared") {
  Faults faults;
  faults.add({{.action = FaultAction::Quota, .times = 0}});
  faults.clear();
  CHECK(faults.hit("GET", "/") == Disturbance{});
}

TEST_CASE("faults are read from JSON and YAML") {
  const auto list = parsed(R"([{"action": "Throttle", "retryAfter": 2, "times": 0}, {"action": "RefuseMount"}])");
  REQUIRE(list);
  CHECK(*list == std::vector<Fault>{{.action = FaultAction::Throttle, .times = 0, .retry_after = 2},
                                    {.action = FaultAction::RefuseMount}});
  const auto one = parsed("action: Status\nstatus: 502\nmethod: PUT\npath: /manifests/\n");
  REQUIRE(one);
  CHECK(*one ==
        std::vector<Fault>{{.action = FaultAction::Status, .method = "PUT", .path = "/manifests/", .status = 502}});
}

TEST_CASE("what is wrong with a fault is said with its field") {
  struct Row {
    std::string text, message;
  };
  const Row row = GENERATE(values<Row>({
      {"{}", "faults[0].action: is missing"},
      {"action: Explode", "faults[0].action: no action \"Explode\""},
      {"- action: Quota\n- {action: Quota, often: 2}", "faults[1].\"often\": no such field"},
      {"{action: Status, status: 99}", "faults[0].status: expected 200 to 599"},
      {"{action: Slow}", "faults[0].bytesPerSecond: a number above 0"},
      {"{action: Quota, path: '('}", "faults[0].path: missing )"},
      {"{action: Quota, times: -1}", "faults[0].times: expected a number that is not negative"},
      {"word", "faults[0]: expected a map, found a string"},
  }));
  const auto faults = parsed(row.text);
  REQUIRE_FALSE(faults);
  CHECK(faults.error().message.starts_with(row.message));
}
