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
