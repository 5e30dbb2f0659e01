#pragma once

#include <functional>
#include <string>

#include "controller/git/location.h"
#include "controller/secret_text.h"
#include "crds/base/result.h"

namespace slipway::git {

/// Where a person keeps what a repository is signed in to with; empty: nowhere.
struct CredentialFiles {
  std::string credentials;  ///< Lines "https://user:password@host", or a folder of files as Flux names a Secret's keys.
  std::string ssh_key;
  std::string known_hosts;
  std::string ca;
  bool operator==(const CredentialFiles&) const = default;
};

/// What is given to git and ssh.
struct Credentials {
  std::string user;
  SecretText password;
  SecretText bearer_token;
  std::string ssh_key_file;
  std::string known_hosts_file;
  std::string ca_file;
  std::string origin;        ///< Where a person finds them, for messages.
  std::string lacking = {};  ///< Without any: what the file that was named lacks, for messages.
  bool operator==(const Credentials&) const = default;
};

/// Of the files, else of the URL, else of SLIPWAY_GIT_USERNAME and SLIPWAY_GIT_PASSWORD (for the host in
/// SLIPWAY_GIT_HOST, if that is set). Read anew each time: files rotate. Invalid when a file is named that cannot be
/// read or understood; its content is never shown.
Result<Credentials> read_credentials(const Location& location, const CredentialFiles& files,
                                     const std::function<const char*(const char* name)>& variable);

}  // namespace slipway::git
