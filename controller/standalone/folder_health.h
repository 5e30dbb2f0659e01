#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "crds/base/result.h"

namespace slipway::standalone {

/// What tells how a folder of manifests and its state are.
struct FolderFacts {
  bool has_read = false;                ///< The folder, once.
  std::optional<Error> folder_failure;  ///< Why the latest look at it failed.
  std::optional<Error> write_failure;   ///< Why the latest write of the state failed.
  std::optional<Error> audit_failure;   ///< Why changes can't be recorded, so that none is made.
  bool state_was_replaced = false;      ///< The open database is no longer the file of its name.
  std::chrono::nanoseconds folder_silent_for{};
};

/// A folder on a file system that hangs may take its time.
inline constexpr std::chrono::minutes kLongestSilenceOfFolder{10};

/// As assembly::HealthFacts has them.
std::optional<std::string> why_lost(const FolderFacts& facts);
std::optional<std::string> why_it_cannot_work(const FolderFacts& facts);

}  // namespace slipway::standalone
