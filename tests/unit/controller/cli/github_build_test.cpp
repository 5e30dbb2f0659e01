#include "controller/cli/github_build.h"

#include "tests/catch.h"

namespace slipway::cli {

namespace {

Environment job() {
  return {{"GITHUB_ACTIONS", "true"},
          {"GITHUB_SHA", "4f2a91c0d3"},
          {"GITHUB_RUN_NUMBER", "812"},
          {"GITHUB_REF_TYPE", "branch"},
          {"GITHUB_REF_NAME", "main"},
          {"GITHUB_SERVER_URL", "https://github.com"},
          {"GITHUB_REPOSITORY", "contoso/shop"},
          {"GITHUB_RUN_ID", "77"},
          {"GITHUB_ACTOR", "octocat"}};
}

std::map<std::string, std::string> fields_of(const Environment& environment) {
  std::map<std::string, std::string> fields;
  for (const auto& field : build_of_github_job(environment)) fields[field.path] = field.value;
  return fields;
}

}  // namespace

TEST_CASE("a job on a branch names commit, number, branch, run and actor") {
  CHECK(fields_of(job()) ==
        std::map<std::string, std::string>{{"spec.build.commit", "4f2a91c0d3"},
                                           {"spec.build.number", "812"},
                                           {"spec.build.branch", "main"},
                                           {"spec.build.runURL", "https://github.com/contoso/shop/actions/runs/77"},
                                           {"spec.build.actor", "octocat"}});
}

TEST_CASE("outside a job nothing is filled in") {
  Environment environment = job();
  environment.erase("GITHUB_ACTIONS");
  CHECK(build_of_github_job(environment).empty());
  CHECK(publisher_of_github_job(environment).empty());
}

TEST_CASE("the publisher of a job is its repository") {
  Environment environment = job();
  CHECK(publisher_of_github_job(environment) == "https://github.com/contoso/shop");
  environment.erase("GITHUB_SERVER_URL");
  CHECK(publisher_of_github_job(environment).empty());
}

TEST_CASE("in a job a resource has its values, elsewhere what is missing says that a job gives it") {
  const std::string text =
      "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata: {name: app}\nspec:\n"
      "  registryRef: {name: contoso}\n  repository: shop/app\n  source: {ociArchive: {path: image.tar}}\n"
      "  tags: [{name: commit, template: \"{{commit}}-{{number}}\"}, {name: day, template: \"{{date}}\", optional: "
      "true}]\n";
  ParseOptions in_job;
  expect_github_job(job(), in_job);
  CHECK(parse_resources(text, "app.yaml", in_job).problems.empty());
  ParseOptions elsewhere;
  expect_github_job({}, elsewhere);
  const auto problems = parse_resources(text, "app.yaml", elsewhere).problems;
  REQUIRE(problems.size() == 2);
  CHECK(to_string(problems[0]) ==
        "app.yaml:8:35: spec.tags[0].template: the template needs spec.build.commit, which is not given here; give it, "
        "or write optional: true (a GitHub Actions job gives it to publish)");
  const auto bare = parse_resources(text, "app.yaml").problems;
  REQUIRE(bare.size() == 2);
  CHECK(bare[0].expected == "give it, or write optional: true");
}

TEST_CASE("a pull request is its own branch") {
  Environment environment = job();
  environment["GITHUB_HEAD_REF"] = "feature/x";
  environment["GITHUB_REF_NAME"] = "12/merge";
  CHECK(fields_of(environment)["spec.build.branch"] == "feature/x");
}

TEST_CASE("a tag is a version when it looks like one") {
  Environment environment = job();
  environment["GITHUB_REF_TYPE"] = "tag";
  environment["GITHUB_REF_NAME"] = "v1.8.2";
  CHECK(fields_of(environment)["spec.build.version"] == "1.8.2");
  CHECK_FALSE(fields_of(environment).contains("spec.build.branch"));
  environment["GITHUB_REF_NAME"] = "nightly";
  CHECK_FALSE(fields_of(environment).contains("spec.build.version"));
}

}  // namespace slipway::cli
