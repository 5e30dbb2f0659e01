#pragma once

#include <string>

#include "controller/secret_text.h"
#include "crds/v1alpha1/stray_space.h"

namespace slipway::registry {

/// What a registry is signed in to with. All empty: anonymous.
struct Credentials {
  std::string username;
  SecretText password;
  SecretText identity_token;  ///< An OAuth2 refresh token, as docker's config.json keeps it.
  std::string path = {};      ///< Of the host, below which they are for; empty: for all of it.
  std::string origin = {};    ///< Where a person finds them: "Secret shop/ghcr, key .dockerconfigjson". No secret.

  std::string advice = {};   ///< Of who is anonymous: " in …", where a person names better ones. No secret.
  std::string lacking = {};  ///< Of who is anonymous: why what the environment has is not for this host. No secret.

  bool anonymous() const { return password.empty() && identity_token.empty(); }
  /// "anonymous", "basic user ci", "identity token": for status.
  std::string identity() const {
    if (anonymous()) return "anonymous";
    return identity_token.empty() ? "basic user " + username : "identity token";
  }
  /// identity() and where it is kept, for messages: "basic user ci (from Secret shop/ghcr, key .dockerconfigjson)";
  /// with white space around user name or password, which may be meant, and mostly is why they are refused.
  std::string who() const {
    const std::string stray = stray_space(username, password.reveal());
    const std::string more =
        (origin.empty() ? "" : "from " + origin) + (origin.empty() || stray.empty() ? "" : "; ") + stray;
    return more.empty() ? identity() : identity() + " (" + more + ")";
  }
  /// The same to a registry, wherever they came from.
  bool operator==(const Credentials& other) const {
    return username == other.username && password == other.password && identity_token == other.identity_token;
  }
};

}  // namespace slipway::registry
