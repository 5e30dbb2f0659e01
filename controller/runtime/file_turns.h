#pragma once

#include <filesystem>
#include <memory>

#include "controller/runtime/named_turns.h"
#include "reconcilers/ports/repository_turns.h"

namespace slipway::runtime {

/// Turns per repository: a table in this process and, between processes, a lock on a file of the state folder, which
/// the kernel frees when a process dies. Thread-safe.
class FileTurns final : public RepositoryTurns {
 public:
  /// `folder` is made at the first turn; empty: turns hold within this process only.
  explicit FileTurns(std::filesystem::path folder);
  ~FileTurns() override;

  /// Unavailable when the folder or a file of it cannot be used.
  Result<std::unique_ptr<Turn>> take(const std::string& host, const std::string& repository,
                                     std::stop_token stop) override;

 private:
  class HeldTurn;
  std::filesystem::path folder_;
  NamedTurns turns_;
};

}  // namespace slipway::runtime
