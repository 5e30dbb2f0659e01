#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "controller/files/handle.h"
#include "crds/base/result.h"

namespace slipway::runtime {

/// Lets other processes of this machine know that this one is at work, by a shared lock on a file, which the kernel
/// frees when the process dies.
class Presence {
 public:
  /// Makes the file if it is not there. Unavailable when it can't be made or locked.
  static Result<Presence> announce(const std::filesystem::path& file);
  /// Whether a process announced itself; absent where that can't be told. Locks nothing.
  static std::optional<bool> is_anybody(const std::filesystem::path& file);

  /// Whether another one did; absent where that can't be told.
  std::optional<bool> is_anybody_else() const;

 private:
  explicit Presence(files::Handle file) : file_(std::move(file)) {}
  files::Handle file_;  ///< Closed, it is unlocked.
};

}  // namespace slipway::runtime
