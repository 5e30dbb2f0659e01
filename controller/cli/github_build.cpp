#include "controller/cli/github_build.h"

#include <algorithm>

#include "crds/base/text.h"

namespace slipway::cli {

namespace {

bool is_job(const Environment& environment) {
  const auto found = environment.find("GITHUB_ACTIONS");
  return found != environment.end() && found->second == "true";
}

std::string value_of(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string{} : found->second;
}

/// A pull request's own branch, not the merge reference that GitHub makes for it.
std::string branch_of(const Environment& environment) {
  if (auto head = value_of(environment, "GITHUB_HEAD_REF"); !head.empty()) return head;
  return value_of(environment, "GITHUB_REF_TYPE") == "branch" ? value_of(environment, "GITHUB_REF_NAME") : "";
}

/// "v1.8.2" and "1.8.2" are versions; every other tag name is not.
std::string version_of(const Environment& environment) {
  if (value_of(environment, "GITHUB_REF_TYPE") != "tag") return {};
  std::string name = value_of(environment, "GITHUB_REF_NAME");
  if (name.starts_with('v')) name.erase(0, 1);
  const bool versioned = !name.empty() && is_digit(name.front()) && std::count(name.begin(), name.end(), '.') >= 2;
  return versioned ? name : "";
}

std::string repository_of(const Environment& environment) {
  const std::string server = value_of(environment, "GITHUB_SERVER_URL");
  const std::string repository = value_of(environment, "GITHUB_REPOSITORY");
  return server.empty() || repository.empty() ? "" : server + '/' + repository;
}

std::string run_url_of(const Environment& environment) {
  const std::string repository = repository_of(environment);
  const std::string run = value_of(environment, "GITHUB_RUN_ID");
  return repository.empty() || run.empty() ? "" : repository + "/actions/runs/" + run;
}

}  // namespace

std::vector<FieldOverride> build_of_github_job(const Environment& environment) {
  if (!is_job(environment)) return {};
  std::vector<FieldOverride> fields{{"spec.build.commit", value_of(environment, "GITHUB_SHA")},
                                    {"spec.build.version", version_of(environment)},
                                    {"spec.build.number", value_of(environment, "GITHUB_RUN_NUMBER")},
                                    {"spec.build.branch", branch_of(environment)},
                                    {"spec.build.runURL", run_url_of(environment)},
                                    {"spec.build.actor", value_of(environment, "GITHUB_ACTOR")}};
  std::erase_if(fields, [](const FieldOverride& field) { return field.value.empty(); });
  return fields;
}

std::string publisher_of_github_job(const Environment& environment) {
  return is_job(environment) ? repository_of(environment) : "";
}

void expect_github_job(const Environment& environment, ParseOptions& parse) {
  parse.fallbacks = build_of_github_job(environment);
  if (is_job(environment)) return;
  for (const auto* field : {"spec.build.commit", "spec.build.number", "spec.build.branch"})
    parse.given_elsewhere.push_back({field, "a GitHub Actions job gives it to publish"});
  parse.given_elsewhere.push_back(
      {"spec.build.version", "a GitHub Actions job for a tag like v1.8.2 gives it to publish"});
}

}  // namespace slipway::cli
