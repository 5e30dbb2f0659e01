#include "crds/v1alpha1/field_overrides.h"

#include "tests/catch.h"

namespace slipway {

namespace {

const std::string kPublication = R"(apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: app, namespace: shop}
spec:
  registryRef: {name: contoso}
  repository: shop/app
  source: {image: {reference: "ghcr.io/contoso/app:1"}, platforms: [linux/amd64, linux/arm64]}
  build: {commit: 4f2a91c0, branch: main}
  tags:
    - {name: commit, template: "{{commit:7}}"}
    - {name: latest, template: latest, mutability: Moving}
)";

ParsedResources with(std::vector<FieldOverride> overrides, std::vector<FieldOverride> fallbacks = {}) {
  ParseOptions options;
  options.overrides = std::move(overrides);
  options.fallbacks = std::move(fallbacks);
  return parse_resources(kPublication, "f.yaml", options);
}

std::string problem_with(const std::string& path, const std::string& value) {
  const auto parsed = with({{path, value}});
  CHECK(parsed.resources.empty());
  return parsed.problems.size() == 1 ? to_string(parsed.problems.front()) : std::to_string(parsed.problems.size());
}

ImagePublicationSpec spec_of(const ParsedResources& parsed) {
  for (const auto& problem : parsed.problems)
    if (!problem.warning) FAIL(to_string(problem));
  return std::get<ImagePublication>(parsed.resources.at(0).resource).spec;
}

}  // namespace

TEST_CASE("a value is set as its field types it") {
  const auto spec = spec_of(with({{"spec.build.commit", "1234567"},
                                  {"spec.build.number", "812"},
                                  {"spec.build.version", "1.10.0"},
                                  {"spec.build.builtAt", "2026-11-24T09:00:00Z"},
                                  {"spec.build.labels.app.kubernetes.io/name", "on"},
                                  {"spec.build.labels[pr]", "7"},
                                  {"spec.source.platforms", "[linux/s390x]"},
                                  {"spec.gates.scan.waitFor", "0"},
                                  {"spec.rollback", "null"},
                                  {"spec.gates.scan.allowUpTo", "None"},
                                  {"spec.suspend", "true"}}));
  CHECK(spec.build.commit == "1234567");
  CHECK(spec.build.number == 812);
  CHECK(spec.build.version == "1.10.0");
  CHECK(to_string(spec.build.built_at.value()) == "2026-11-24T09:00:00Z");
  CHECK(spec.build.labels == std::map<std::string, std::string>{{"app.kubernetes.io/name", "on"}, {"pr", "7"}});
  CHECK(spec.build.branch == "main");
  CHECK(spec.source.platforms == std::vector<std::string>{"linux/s390x"});
  CHECK(spec.gates.scan->wait_for == std::chrono::seconds{0});
  CHECK_FALSE(spec.rollback.has_value());
  CHECK(spec.gates.scan->allow_up_to == Severity::None);
  CHECK(spec.suspend);
}

TEST_CASE("an item of a list is found by name or by number") {
  const auto spec = spec_of(with({{"spec.tags[commit].template", "c-{{commit:7}}"},
                                  {"spec.tags[1].template", "edge"},
                                  {"spec.source.platforms[1]", "linux/arm64/v8"}}));
  CHECK(spec.tags[0].template_text == "c-{{commit:7}}");
  CHECK(spec.tags[1].template_text == "edge");
  CHECK(spec.source.platforms == std::vector<std::string>{"linux/amd64", "linux/arm64/v8"});
}

TEST_CASE("of two values for one field the last counts") {
  CHECK(spec_of(with({{"spec.environment", "a"}, {"spec.environment", "b"}})).environment == "b");
}

TEST_CASE("a path that does not exist is refused with the option's name") {
  CHECK(problem_with("spec.build.comit", "x") ==
        "f.yaml:1:1: --set spec.build.comit: spec.build has no field \"comit\" to set; did you mean \"commit\"?");
  CHECK(problem_with("build.commit", "x") ==
        "f.yaml:1:1: --set build.commit: the document has no field \"build\" to set; the fields there are spec");
  CHECK(problem_with("spec.tags[version].template", "x") ==
        "f.yaml:1:1: --set spec.tags[version].template: spec.tags has no item \"version\"; name an item that is there");
  CHECK(problem_with("spec.tags[2].template", "x").find("spec.tags has no item \"2\"") != std::string::npos);
  CHECK(problem_with("spec.tags.template", "x").find("spec.tags is a list; name one of its items") !=
        std::string::npos);
  CHECK(problem_with("spec.tags[commit", "x").find("spec.tags is a list") != std::string::npos);
  CHECK(problem_with("spec.environment.name", "x").find("spec.environment is a single value; end the path there") !=
        std::string::npos);
  for (const std::string path : {"", ".", "spec.", "spec..build", "spec[0]", "spec.build.labels[a].b"})
    CHECK(problem_with(path, "x").find("f.yaml:1:1: --set " + path + ": ") == 0);
}

TEST_CASE("a value that its field refuses is a problem with the option's name") {
  CHECK(problem_with("spec.build.number", "x") ==
        "f.yaml:1:1: spec.build.number: --set spec.build.number: \"x\" is a string; write a whole number from 0 on");
  CHECK(problem_with("spec.build.number", "[").find("--set spec.build.number: \"[\" is not one value") !=
        std::string::npos);
  CHECK(problem_with("spec.repository", "Shop").find("spec.repository: --set spec.repository: ") != std::string::npos);
  CHECK(problem_with("spec.tags[commit].template", "{{comit}}")
            .find("spec.tags[0].template: --set spec.tags[commit].template: ") != std::string::npos);
  CHECK(problem_with("spec.environment", "").find("--set spec.environment: ") != std::string::npos);
}

TEST_CASE("a fallback counts only where the field is left out") {
  const auto spec =
      spec_of(with({{"spec.build.actor", "octocat"}},
                   {{"spec.build.commit", "ffffff"}, {"spec.build.actor", "hubot"}, {"spec.build.number", "9"}}));
  CHECK(spec.build.commit == "4f2a91c0");
  CHECK(spec.build.actor == "octocat");
  CHECK(spec.build.number == 9);
}

TEST_CASE("a fallback that its field refuses is left out with a warning") {
  const auto parsed = with({}, {{"spec.build.version", "1.8.2.3"}, {"spec.build.number", "9"}});
  REQUIRE(parsed.problems.size() == 1);
  CHECK(parsed.problems[0].warning);
  CHECK(to_string(parsed.problems[0])
            .find("f.yaml:1:1: spec.build.version: the environment's value is left out: \"1.8.2.3\"") == 0);
  CHECK(spec_of(parsed).build.version.empty());
  CHECK(spec_of(parsed).build.number == 9);
}

TEST_CASE("other kinds stay as they are") {
  ParseOptions options;
  options.overrides = {{"spec.suspend", "true"}};
  const std::string registry =
      "---\napiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: contoso}\n"
      "spec: {loginServer: contoso.azurecr.io, authentication: {anonymous: {}}}\n";
  const auto parsed = parse_resources(registry + "---\n" + kPublication + "---\n" +
                                          std::string(kPublication).replace(kPublication.find("app"), 3, "api"),
                                      "f.yaml", options);
  REQUIRE(parsed.resources.size() == 3);
  CHECK_FALSE(std::get<ContainerRegistry>(parsed.resources[0].resource).spec.suspend);
  CHECK(std::get<ImagePublication>(parsed.resources[1].resource).spec.suspend);
  CHECK(std::get<ImagePublication>(parsed.resources[2].resource).spec.suspend);
}

}  // namespace slipway
