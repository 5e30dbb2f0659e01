#include "controller/manifests/other_json.h"

#include <string>

#include "tests/catch.h"

namespace slipway::manifests {
namespace {

TEST_CASE("JSON that is no resource, and can become none by what comes behind it") {
  struct Row {
    std::string name, content;
    bool is_other, stays;
  };
  const Row rows[] = {
      {"log.json", "{\"level\":\"info\"}\n", true, true},
      {"log.json", "\n {\"level\":\"info\"}\n{\"lev", true, true},
      {"report.json", R"({"SchemaVersion":2,"Results":[{"Target":"}"},{"Target":"\"}"}]})", true, true},
      {"report.json", R"({"SchemaVersion":2,"Results":[{"Target":"x"})", true, false},
      {"report.json", R"({"Target":"}")", true, false},
      {"report.json", R"({"Target":"\"}")", true, false},
      {"report.json", R"({"Target":"\\"})", true, true},
      {"list.json", "[", true, true},
      {"resource.json", R"({"apiVersion":"v1","kind":"ConfigMap"})", false, false},
      {"resource.json", R"({"kind":"ConfigMap")", true, false},
      {"resource.json", "{", true, false},
      {"empty.json", "", true, false},
      {"empty.json", "\n", true, false},
      // YAML, which a file of that name may be as well.
      {"yaml.json", "{'a}': 1, ", true, false},
      {"yaml.json", "{ # }\n", true, false},
      {"yaml.json", "# {}\n", true, false},
      {"yaml.json", "---\n{}", true, false},
      {"log.yaml", "{\"level\":\"info\"}\n", false, false},
  };
  for (const auto& row : rows) {
    INFO(row.name << ": " << row.content);
    CHECK(is_other_json(row.name, row.content) == row.is_other);
    CHECK(stays_other_json(row.name, row.content) == row.stays);
  }
}

}  // namespace
}  // namespace slipway::manifests
