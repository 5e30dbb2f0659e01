#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "crds/base/result.h"

namespace slipway {

/// Lets writers of one repository's tags take turns: OCI has no compare-and-swap on tags, so whoever checks a tag and
/// then sets it holds the turn meanwhile. Within this process always; between processes that share a state folder too.
class RepositoryTurns {
 public:
  /// Held as long as it lives.
  class Turn {
   public:
    virtual ~Turn() = default;
  };

  virtual ~RepositoryTurns() = default;
  /// Waits for the turn on a repository of the registry with that registry_name(), one for all its names
  /// (RegistryNames). Cancelled when `stop` asks.
  virtual Result<std::unique_ptr<Turn>> take(const std::string& host, const std::string& repository,
                                             std::stop_token stop) = 0;
};

}  // namespace slipway
