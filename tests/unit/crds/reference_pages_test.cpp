#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "crds/v1alpha1/bindings.h"
#include "tests/catch.h"

namespace slipway {
namespace {

/// A reference to another object is one row, not one for its name and one for its key.
bool is_reference(const Schema& schema) {
  return !schema.properties.empty() && std::ranges::all_of(schema.properties, [](const auto& one) {
    return one.name == "name" || one.name == "key";
  });
}

void add_paths(const Schema& schema, const std::string& path, std::set<std::string>& paths) {
  for (const auto& property : schema.properties) {
    const std::string name = path + "." + property.name;
    paths.insert(name);
    const bool is_list = property.schema.type == Schema::Type::List;
    const Schema& inner = is_list ? property.schema.items.front() : property.schema;
    if (!is_reference(inner)) add_paths(inner, is_list ? name + "[]" : name, paths);
  }
}

/// The first cells of the rows of a page's tables that name a field: "| `spec.tags` | …".
std::set<std::string> paths_on(const std::string& page) {
  std::ifstream file(std::string(SLIPWAY_SOURCE_DIR) + "/docs/reference/" + page);
  REQUIRE(file);
  std::set<std::string> paths;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("| `spec.") || line.starts_with("| `status."))
      paths.insert(line.substr(3, line.find('`', 3) - 3));
  return paths;
}

template <class Spec, class Status>
std::set<std::string> paths_of() {
  std::set<std::string> paths;
  add_paths(Bound<Spec>::get().schema(), "spec", paths);
  add_paths(Bound<Status>::get().schema(), "status", paths);
  return paths;
}

void add_not_yet(const Schema& schema, const std::string& path, std::set<std::string>& paths) {
  for (const auto& property : schema.properties) {
    const std::string name = path + "." + property.name;
    if (property.schema.info.description.find("Not yet: ") != std::string_view::npos) paths.insert(name);
    const bool is_list = property.schema.type == Schema::Type::List;
    add_not_yet(is_list ? property.schema.items.front() : property.schema, is_list ? name + "[]" : name, paths);
  }
}

std::set<std::string> not_yet_on(const std::string& page) {
  std::ifstream file(std::string(SLIPWAY_SOURCE_DIR) + "/docs/reference/" + page);
  REQUIRE(file);
  std::set<std::string> paths;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("| `spec.") && line.find("*Not yet") != std::string::npos)
      paths.insert(line.substr(3, line.find('`', 3) - 3));
  return paths;
}

template <class Spec>
std::set<std::string> not_yet_of() {
  std::set<std::string> paths;
  add_not_yet(Bound<Spec>::get().schema(), "spec", paths);
  return paths;
}

}  // namespace

TEST_CASE("what a page says is not yet carried out, kubectl explain says too") {
  CHECK(not_yet_on("imagepublication.md") == not_yet_of<ImagePublicationSpec>());
  CHECK(not_yet_on("containerregistry.md") == not_yet_of<ContainerRegistrySpec>());
  CHECK(not_yet_on("retentionpolicy.md") == not_yet_of<RetentionPolicySpec>());
}

TEST_CASE("the page of each kind has a row for each of its fields and for no other") {
  CHECK(paths_on("imagepublication.md") == paths_of<ImagePublicationSpec, ImagePublicationStatus>());
  CHECK(paths_on("containerregistry.md") == paths_of<ContainerRegistrySpec, ContainerRegistryStatus>());
  CHECK(paths_on("retentionpolicy.md") == paths_of<RetentionPolicySpec, RetentionPolicyStatus>());
}

}  // namespace slipway
