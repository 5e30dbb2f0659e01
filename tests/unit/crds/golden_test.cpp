#include <fstream>
#include <iterator>
#include <string>

#include "crds/v1alpha1/resources.h"
#include "tests/catch.h"

namespace slipway {

namespace {

std::string golden(const std::string& name) {
  std::ifstream file(SLIPWAY_SOURCE_DIR "/tests/golden/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class T>
T only(const ParsedResources& parsed) {
  std::optional<T> found;
  for (const auto& problem : parsed.problems)
    if (!problem.warning) FAIL(to_string(problem));
  for (const auto& each : parsed.resources)
    if (const auto* object = std::get_if<T>(&each.resource)) found = *object;
  REQUIRE(found.has_value());
  return *found;
}

template <class T>
void check_golden(const std::string& name) {
  const auto example = only<T>(parse_resources(golden("design_examples.yaml"), "design_examples.yaml"));
  CHECK(to_yaml_text(to_node(example)) == golden(name));
  CHECK(only<T>(parse_resources(golden(name), name)) == example);
}

}  // namespace

TEST_CASE("the design's examples are written as the golden files have them and read back as the same") {
  SECTION("registry") {
    check_golden<ContainerRegistry>("container_registry.yaml");
  }
  SECTION("publication") {
    check_golden<ImagePublication>("image_publication.yaml");
  }
  SECTION("policy") {
    check_golden<RetentionPolicy>("retention_policy.yaml");
  }
}

TEST_CASE("the design's examples as JSON mean the same") {
  const auto example = only<ImagePublication>(parse_resources(golden("design_examples.yaml"), "f"));
  CHECK(only<ImagePublication>(parse_resources(to_json_text(to_node(example)), "f.json")) == example);
}

}  // namespace slipway
