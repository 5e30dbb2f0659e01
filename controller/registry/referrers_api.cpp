#include "controller/registry/referrers_api.h"

#include <chrono>

#include "controller/registry/response_error.h"

namespace slipway::registry {
namespace {

constexpr std::chrono::hours kCountsFor{1};

std::string first_element(const std::string& repository) {
  return repository.substr(0, repository.find('/'));
}

/// docker-registry gives its router's page to a path that it does not know, with the header that it puts on every
/// answer. A registry that has the API answers with a code for a name that is not there or not to be seen.
bool is_about_the_path(const http::Response& response) {
  if (response.status != 404 || response.headers.find("Docker-Distribution-Api-Version") == nullptr) return false;
  const std::string code = server_words(response).code;
  return code.empty() || code == "UNSUPPORTED";
}

}  // namespace

bool ReferrersApi::is_lacking(const std::string& repository) {
  const auto lacking_until = lacking_until_.lock();
  const Timestamp* until = lacking_until->find(first_element(repository));
  return until != nullptr && clock_.now() < *until;
}

void ReferrersApi::note_refusal(const std::string& repository, const http::Response& response) {
  if (is_about_the_path(response)) lacking_until_.lock()->at(first_element(repository)) = clock_.now() + kCountsFor;
}

void ReferrersApi::note_use(const std::string& repository) {
  const auto lacking_until = lacking_until_.lock();
  if (Timestamp* until = lacking_until->find(first_element(repository))) *until = {};
}

}  // namespace slipway::registry
