#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <string>

#include "controller/registry/credentials.h"
#include "controller/runtime/guarded.h"
#include "crds/base/result.h"
#include "reconcilers/ports/clock.h"

namespace slipway::registry {

/// How the environment is asked; a test gives its own.
struct AmbientHands {
  std::function<const char*(const char* name)> variable;  ///< std::getenv
  /// See credential_helper.h.
  std::function<Result<std::optional<Credentials>>(const std::string& name, const std::string& server)> ask_helper;
};

/// Credentials of whoever started the program, for where there is no cluster. In this order:
///  1. SLIPWAY_REGISTRY_USERNAME and SLIPWAY_REGISTRY_PASSWORD, for the host in SLIPWAY_REGISTRY_HOST and no other;
///  2. docker's config.json in $DOCKER_CONFIG or ~/.docker: credHelpers, credsStore, auths.
/// An answer is kept for a minute, so that a helper is not run for each request; of several who ask for one host at the
/// same time one runs it. Thread-safe.
class AmbientCredentials {
 public:
  /// `clock` outlives it.
  AmbientCredentials(const Clock& clock, AmbientHands hands) : clock_(clock), hands_(std::move(hands)) {}

  /// For a host as references name it ("docker.io", "r.io:5000"); anonymous when nothing is known, and then says in
  /// `lacking` what was set and did not do. Invalid for a configuration that can't be read, and what the helper says.
  Result<Credentials> of(const std::string& host);

 private:
  struct Kept {
    Credentials credentials;
    Timestamp until{};
  };

  using Answer = Result<Credentials>;
  struct Known {
    std::map<std::string, Kept> kept;
    std::map<std::string, std::shared_future<Answer>> coming;  ///< That somebody is asking for.
  };
  class Asking;

  std::string variable(const char* name) const;
  Result<std::optional<Credentials>> from_variables(const std::string& host) const;
  std::string lacking_in_variables(const std::string& host) const;
  std::optional<std::filesystem::path> docker_config() const;
  Result<std::optional<Credentials>> from_docker(const std::string& host) const;
  std::string lacking_for(const std::string& host) const;
  Answer find(const std::string& host) const;

  const Clock& clock_;
  const AmbientHands hands_;
  runtime::Guarded<Known> known_;
};

}  // namespace slipway::registry
