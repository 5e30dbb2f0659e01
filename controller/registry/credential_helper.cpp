#include "controller/registry/credential_helper.h"

#include <algorithm>
#include <utility>

#include "controller/runtime/child_process.h"
#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::registry {
namespace {

bool is_helper_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

Result<std::optional<Credentials>> ask_credential_helper(const std::string& name, const std::string& server,
                                                         const HelperLimits& limits, const std::stop_token& stop) {
  if (!is_helper_name(name))
    return fail(ErrorClass::Invalid, quoted(name) + " is no name of a credential helper",
                "correct credsStore or credHelpers in docker's config.json");
  const std::string program = "docker-credential-" + name;
  Result<runtime::ChildAnswer> answer = runtime::ask_child({.program = program,
                                                            .arguments = {"get"},
                                                            .inherits = runtime::ChildPlan::Environment::OursToo,
                                                            .input = server,
                                                            .errors = runtime::ChildPlan::Errors::Dropped,
                                                            .longest = limits.time},
                                                           limits.bytes, stop);
  if (!answer) {
    answer.error().remedy += ", or take it out of docker's config.json";
    return std::unexpected(std::move(answer.error()));
  }
  const bool is_good = answer->code == 0;
  if (!is_good && answer->output.find("credentials not found") != std::string::npos) return std::nullopt;
  if (!is_good)
    return fail(ErrorClass::Unavailable, program + " failed for " + server, "try it by hand: " + program + " list");
  const Document document = parse_json(answer->output, program, {.bytes = 64u << 10, .depth = 4, .nodes = 100});
  const SecretText secret(json::text_at(document.root, "Secret"));
  if (!document.problems.empty() || secret.empty())
    return fail(ErrorClass::Invalid, program + ": its answer for " + server + " has no Secret",
                "try it by hand: " + program + " list");
  const std::string username = json::text_at(document.root, "Username");
  if (username == "<token>") return Credentials{.username = {}, .password = {}, .identity_token = secret};
  return Credentials{.username = username, .password = secret, .identity_token = {}};
}

}  // namespace slipway::registry
