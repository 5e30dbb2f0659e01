#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "controller/runtime/named_turns.h"
#include "reconcilers/ports/repository_turns.h"
#include "reconcilers/registry_names.h"

namespace slipway::runtime {

/// Turns per repository: a table in this process and, between processes, a lock on a file of the state folder, which
/// the kernel frees when a process dies. One for each name that the registry has: of two processes one may know it by
/// another ContainerRegistry, whose names are not all of them. Thread-safe.
class FileTurns final : public RepositoryTurns {
 public:
  using Names = std::function<Result<RegistryNames>()>;
  /// `folder` is made at the first turn; empty: turns hold within this process only. `names` are asked for at each
  /// turn.
  FileTurns(std::filesystem::path folder, Names names);
  ~FileTurns() override;

  /// Unavailable when the folder or a file of it cannot be used; the error of `names`.
  Result<std::unique_ptr<Turn>> take(const std::string& host, const std::string& repository,
                                     std::stop_token stop) override;

 private:
  class HeldTurn;
  Result<void> hold(HeldTurn& turn, const std::string& place, const std::stop_token& stop);

  std::filesystem::path folder_;
  Names names_;
  NamedTurns turns_;
};

}  // namespace slipway::runtime
