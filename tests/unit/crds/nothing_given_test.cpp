#include "crds/v1alpha1/resources.h"
#include "tests/catch.h"

namespace slipway {

namespace {

const std::string kPublication = R"(apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: app, namespace: shop, creationTimestamp: }
spec:
  registryRef: {name: contoso}
  repository: shop/app
  source: {image: {reference: "ghcr.io/contoso/app:1"}}
  tags: [{name: env, template: staging, mutability: Moving}]
)";

std::string registry(const std::string& more) {
  return "apiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: contoso}\nspec:\n"
         "  loginServer: contoso.example\n  authentication: {anonymous: {}}\n  access:\n"
         "    - {name: shop, repositories: [\"shop/**\"], actions: [Read, Publish], " +
         more + "}\n";
}

/// "error" or "warning" with the field and the words of each problem, one a line, and whether the object is taken.
std::string judged(const std::string& text, bool from_api_server = false) {
  ParseOptions options;
  options.from_api_server = from_api_server;
  const auto parsed = parse_resources(text, "f.yaml", options);
  std::string out;
  for (const auto& problem : parsed.problems)
    out += (problem.warning ? "warning " : "error ") + problem.field + ": " + problem.message + '\n';
  return out + (parsed.resources.empty() ? "refused" : "taken");
}

}  // namespace

TEST_CASE("a gate without a value, or a list of signatures without one, is refused by name, as a floor too") {
  const auto gates = [](const std::string& text) { return judged(kPublication + "  gates: " + text + "\n"); };
  const auto floor = [](const std::string& text) { return judged(registry("namespaceSelector: {}, gates: " + text)); };
  for (const std::string gate : {"scan", "signatures", "sbom", "provenance"}) {
    CHECK(gates("{" + gate + ": }") == "error spec.gates." + gate + ": " + gate + " is empty\nrefused");
    CHECK(floor("{" + gate + ": }") == "error spec.access[0].gates." + gate + ": " + gate + " is empty\nrefused");
  }
  CHECK(gates("{scan: {}, sbom: ~}") == "error spec.gates.sbom: sbom is empty\nrefused");
  CHECK(gates("{signatures: []}") == "error spec.gates.signatures: the list has 0 items\nrefused");
  CHECK(floor("{signatures: []}") == "error spec.access[0].gates.signatures: the list has 0 items\nrefused");
  CHECK(gates("{scann: }") == "error spec.gates.scann: the field \"scann\" is not known\nrefused");
  CHECK(gates("{scan: {}}") == "taken");
  CHECK(floor("{scan: {}}") == "taken");
}

TEST_CASE("a gate of an API server that this version does not know is not taken for one") {
  CHECK(judged(kPublication + "  gates: {licences: {}}\n", true) == "error spec.gates: no gate is given\nrefused");
  CHECK(judged(kPublication + "  gates: {licences: {}, scan: {}}\n", true) == "taken");
}

TEST_CASE("a field without a value counts as left out, as an API server has it, and is told") {
  const std::string nothing = ": it has no value, and counts as left out\ntaken";
  CHECK(judged(kPublication) == "taken");
  CHECK(judged(kPublication + "  gates:\n") == "warning spec.gates" + nothing);
  CHECK(judged(kPublication + "  rollback:\n") == "warning spec.rollback" + nothing);
  CHECK(judged(kPublication + "  gates: {scan: {maxAge: }}\n") == "warning spec.gates.scan.maxAge" + nothing);
  CHECK(judged(registry("namespaceSelector: {matchLabels: }")) ==
        "warning spec.access[0].namespaceSelector.matchLabels" + nothing);
  CHECK(judged(registry("namespaceSelector: {}, sources: ")) == "warning spec.access[0].sources" + nothing);
  CHECK(judged(registry("namespaceSelector: {}, gates: ")) == "warning spec.access[0].gates" + nothing);
}

TEST_CASE("what has to have a value is told once") {
  CHECK(judged(registry("namespaceSelector: ")) ==
        "error spec.access[0].namespaceSelector: the field is missing\nrefused");
  CHECK(judged(registry("namespaceSelector: {matchLabels: {team: }}")) ==
        "error spec.access[0].namespaceSelector.matchLabels.team: nothing is given\nrefused");
}

}  // namespace slipway
