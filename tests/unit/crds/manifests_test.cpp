#include "crds/v1alpha1/manifests.h"

#include <fstream>
#include <iterator>
#include <string>

#include "crds/v1alpha1/resources.h"
#include "tests/catch.h"

namespace slipway {

namespace {

struct Row {
  ResourceKind kind;
  std::string plural, scope, short_name;
};

const Row kRows[] = {{ResourceKind::ContainerRegistry, "containerregistries", "Cluster", "acr"},
                     {ResourceKind::ImagePublication, "imagepublications", "Namespaced", "ipub"},
                     {ResourceKind::RetentionPolicy, "retentionpolicies", "Namespaced", "retpol"}};

/// What stands at "a.b[0].c" of the node; ends the test when there is nothing.
const Node& at(const Node& node, std::string_view path) {
  const Node* found = &node;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    const std::string_view name = path.substr(0, end);
    found = name == "0" ? &found->items.at(0) : found->find(name);
    INFO(name);
    REQUIRE(found != nullptr);
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return *found;
}

const Node& schema_of(const Node& manifest) {
  return at(manifest, "spec.versions.0.schema.openAPIV3Schema");
}

/// Every field below says what it is and has a bound.
void check_fields(const Node& schema, const std::string& path) {
  const Node* properties = schema.find("properties");
  if (properties == nullptr) return;
  for (const auto& property : properties->members) {
    const std::string field = path + '.' + property.key;
    const Node& value = property.value;
    INFO(field);
    REQUIRE(value.find("description") != nullptr);
    const std::string& type = at(value, "type").text;
    if (type == "string") CHECK((value.find("maxLength") != nullptr || value.find("enum") != nullptr));
    if (type == "array") CHECK(value.find("maxItems") != nullptr);
    if (type == "array") check_fields(at(value, "items"), field + "[]");
    if (type == "integer") CHECK(value.find("minimum") != nullptr);
    if (type == "object") check_fields(value, field);
  }
}

bool has_rule(const Node& schema, std::string_view path, std::string_view rule) {
  for (const auto& each : at(schema, std::string(path) + ".x-kubernetes-validations").items)
    if (at(each, "rule").text == rule) return true;
  return false;
}

}  // namespace

TEST_CASE("the manifests that are checked in are those that the bindings give") {
  for (const auto& row : kRows) {
    const std::string path = SLIPWAY_SOURCE_DIR "/crds/manifests/slipway.dev_" + row.plural + ".yaml";
    std::ifstream file(path);
    INFO(path << " differs: run ninja crd-manifests");
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == to_yaml_text(crd_manifest(row.kind)));
  }
}

TEST_CASE("a manifest names its kind as people and programs do") {
  for (const auto& row : kRows) {
    const Node manifest = crd_manifest(row.kind);
    CHECK(at(manifest, "metadata.name").text == row.plural + ".slipway.dev");
    CHECK(at(manifest, "spec.scope").text == row.scope);
    CHECK(at(manifest, "spec.names.kind").text == to_string(row.kind));
    CHECK(at(manifest, "spec.names.shortNames.0").text == row.short_name);
    CHECK(at(manifest, "spec.names.categories.0").text == "slipway");
    CHECK(at(manifest, "spec.versions.0.subresources.status").kind == Node::Kind::Map);
    CHECK(to_json_text(at(schema_of(manifest), "properties.status.default")) == R"({"observedGeneration":-1})");
  }
}

TEST_CASE("every field of a manifest says what it is and has a bound") {
  for (const auto& row : kRows) {
    const Node manifest = crd_manifest(row.kind);
    const Node& schema = schema_of(manifest);
    check_fields(at(schema, "properties.spec"), "spec");
    check_fields(at(schema, "properties.status"), "status");
  }
}

TEST_CASE("what never changes and what excludes each other is refused by the API server itself") {
  const Node registry = crd_manifest(ResourceKind::ContainerRegistry);
  const Node publication = crd_manifest(ResourceKind::ImagePublication);
  const Node policy = crd_manifest(ResourceKind::RetentionPolicy);
  const std::string spec = "properties.spec.properties.";
  const std::string immutable = "self == oldSelf";
  CHECK(has_rule(schema_of(registry), spec + "loginServer", immutable));
  CHECK(has_rule(schema_of(registry), spec + "cloud", immutable));
  CHECK(has_rule(schema_of(publication), spec + "registryRef", immutable));
  CHECK(has_rule(schema_of(publication), spec + "repository", immutable));
  CHECK(has_rule(schema_of(policy), spec + "registryRef", immutable));
  CHECK(has_rule(schema_of(publication), spec + "source",
                 "[has(self.image), has(self.ociLayout), has(self.ociArchive), has(self.dockerArchive)]"
                 ".exists_one(x, x)"));
  CHECK(has_rule(schema_of(policy), spec + "rules.items", "has(self.expireAfter) != has(self.retain)"));
}

TEST_CASE("lists whose items have identity are maps by it") {
  const Node manifest = crd_manifest(ResourceKind::ImagePublication);
  const Node& tags = at(schema_of(manifest), "properties.spec.properties.tags");
  CHECK(at(tags, "x-kubernetes-list-type").text == "map");
  CHECK(at(tags, "x-kubernetes-list-map-keys.0").text == "name");
  const Node& conditions = at(schema_of(manifest), "properties.status.properties.conditions");
  CHECK(at(conditions, "x-kubernetes-list-map-keys.0").text == "type");
}

TEST_CASE("what the reader refuses beyond the form of a field, the API server refuses by a rule") {
  const Node registry = crd_manifest(ResourceKind::ContainerRegistry);
  const Node publication = crd_manifest(ResourceKind::ImagePublication);
  const Node policy = crd_manifest(ResourceKind::RetentionPolicy);
  const auto messages = [](const Node& manifest, const std::string& path) {
    std::string all;
    for (const auto& each : at(schema_of(manifest), path + ".x-kubernetes-validations").items)
      all += at(each, "message").text + '\n';
    return all;
  };
  const std::string spec = "properties.spec";
  const std::string rule = spec + ".properties.rules.items";
  const std::string selector = spec + ".properties.access.items.properties.namespaceSelector";
  CHECK(messages(registry, spec).find("only a registry on localhost") != std::string::npos);
  const std::string form = "write whole numbers with a unit, largest unit first, e.g. 90s, 1h30m, 30d, 7y\n";
  CHECK(messages(registry, spec + ".properties.interval") == form + "write at least 1s\nwrite 1000y at most\n");
  CHECK(messages(registry, selector + ".properties.matchExpressions.items").find("In and NotIn need values") !=
        std::string::npos);
  CHECK(messages(publication, spec).find("with follow: true each tag is Moving") != std::string::npos);
  CHECK(messages(publication, spec + ".properties.tags.items").find("write a word before it") != std::string::npos);
  CHECK(messages(publication, spec + ".properties.interval") == form + "write at least 1s\nwrite 1000y at most\n");
  CHECK(messages(publication, spec + ".properties.source.properties.image").find("only a registry on localhost") !=
        std::string::npos);
  CHECK(messages(policy, rule).find("remove keepLast and keepNewestPerMinor") != std::string::npos);
  CHECK(messages(policy, rule + ".properties.match").find("say what the rule is for") != std::string::npos);
  CHECK(messages(policy, rule + ".properties.expireAfter") == form + "write at least 1d\nwrite 1000y at most\n");
  CHECK(messages(policy, spec + ".properties.untagged.properties.expireAfter") ==
        form + "write at least 1d\nwrite 1000y at most\n");
  CHECK(to_json_text(at(schema_of(policy), spec + ".properties.limits.default")) == "{}");
  CHECK(at(schema_of(policy), spec + ".properties.gracePeriod.default").text == "7d");
}

TEST_CASE("publications and policies are found by their registry and repository") {
  const auto selectable = [](ResourceKind kind) {
    const Node manifest = crd_manifest(kind);
    std::string paths;
    if (const Node* fields = at(manifest, "spec.versions.0").find("selectableFields"))
      for (const auto& field : fields->items) paths += at(field, "jsonPath").text + ' ';
    return paths;
  };
  CHECK(selectable(ResourceKind::ImagePublication) == ".spec.registryRef.name .spec.repository ");
  CHECK(selectable(ResourceKind::RetentionPolicy) == ".spec.registryRef.name ");
  CHECK(selectable(ResourceKind::ContainerRegistry) == ".spec.loginServer ");
}

}  // namespace slipway
