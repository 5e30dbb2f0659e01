#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "crds/base/result.h"

namespace slipway::standalone {

/// What tells how the program is.
struct HealthFacts {
  bool is_stopping = false;
  bool has_read = false;                ///< The folder, once.
  std::optional<Error> folder_failure;  ///< Why the latest look at it failed.
  std::optional<Error> write_failure;   ///< Why the latest write of the state failed.
  bool state_was_replaced = false;      ///< The open database is no longer the file of its name.
  std::chrono::nanoseconds work_silent_for{};
  std::chrono::nanoseconds folder_silent_for{};
};

/// What a request may last without a byte, a wait between tries and a turn at a repository are all far shorter.
inline constexpr std::chrono::minutes kLongestSilenceOfWork{15};
/// A folder on a file system that hangs may take its time.
inline constexpr std::chrono::minutes kLongestSilenceOfFolder{10};

/// Why only a new process can help; absent while this one can. What a restart does not mend is never here: it would be
/// restarted for ever. (A thread that ends by an exception takes the process along: nothing is left to ask.)
std::optional<std::string> why_not_alive(const HealthFacts& facts);

/// Why nothing is done, or what is done is not kept; absent while it works.
std::optional<std::string> why_not_ready(const HealthFacts& facts);

}  // namespace slipway::standalone
