#pragma once

#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/result.h"
#include "tests/emulator/faults.h"

namespace slipway::emulator {

enum class Profile { Oci, Acr };
enum class Authentication { None, Basic, Bearer };

/// Somebody who may sign in, and what for.
struct Credential {
  std::string username;
  std::string password;
  std::string entra_token;                         ///< What /oauth2/exchange takes for this identity; empty: nothing.
  std::vector<std::string> repositories = {"**"};  ///< Globs.
  std::set<std::string> actions = {"pull", "push", "delete", "metadata_read", "metadata_write", "catalog"};
};

struct Configuration {
  Profile profile = Profile::Oci;
  Authentication authentication = Authentication::None;  ///< Default of the acr profile: Bearer.
  std::vector<Credential> credentials;
  bool anonymous_pull = false;
  std::chrono::seconds token_lifetime = std::chrono::minutes(75);
  bool keep_cut_uploads = true;  ///< An upload whose connection was cut goes on at its last byte.
  bool redirect_blobs = false;   ///< Default of the acr profile: true.
  std::vector<Fault> faults;

  bool acr() const { return profile == Profile::Acr; }
};

/// Reads YAML or JSON. Everything has a default; what is unknown or wrong is Invalid.
Result<Configuration> parse_configuration(std::string_view text, const std::string& file);

}  // namespace slipway::emulator
