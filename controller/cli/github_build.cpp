#include "controller/cli/github_build.h"

#include <algorithm>

#include "crds/base/text.h"

namespace slipway::cli {

namespace {

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

std::string run_url_of(const Environment& environment) {
  const std::string server = value_of(environment, "GITHUB_SERVER_URL");
  const std::string repository = value_of(environment, "GITHUB_REPOSITORY");
  const std::string run = value_of(environment, "GITHUB_RUN_ID");
  if (server.empty() || repository.empty() || run.empty()) return {};
  return server + '/' + repository + "/actions/runs/" + run;
}

}  // namespace

std::vector<FieldOverride> build_of_github_job(const Environment& environment) {
  if (value_of(environment, "GITHUB_ACTIONS") != "true") return {};
  std::vector<FieldOverride> fields{{"spec.build.commit", value_of(environment, "GITHUB_SHA")},
                                    {"spec.build.version", version_of(environment)},
                                    {"spec.build.number", value_of(environment, "GITHUB_RUN_NUMBER")},
                                    {"spec.build.branch", branch_of(environment)},
                                    {"spec.build.runURL", run_url_of(environment)},
                                    {"spec.build.actor", value_of(environment, "GITHUB_ACTOR")}};
  std::erase_if(fields, [](const FieldOverride& field) { return field.value.empty(); });
  return fields;
}

}  // namespace slipway::cli
