#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace slipway::assembly {

/// What tells how a service is.
struct HealthFacts {
  bool is_stopping = false;
  std::chrono::nanoseconds work_silent_for{};
  /// What only a new process mends, beside work that is stuck.
  std::optional<std::string> is_lost = std::nullopt;
  /// Why what is wanted is not known, or what is done is not kept.
  std::optional<std::string> cannot_work = std::nullopt;
};

/// What a request may last without a byte, a wait between tries and a turn at a repository are all far shorter.
inline constexpr std::chrono::minutes kLongestSilenceOfWork{15};

/// Why only a new process can help; absent while this one can. What a restart does not mend is never here: it would be
/// restarted for ever. (A thread that ends by an exception takes the process along: nothing is left to ask.)
std::optional<std::string> why_not_alive(const HealthFacts& facts);

/// Why nothing is done, or what is done is not kept; absent while it works.
std::optional<std::string> why_not_ready(const HealthFacts& facts);

/// "11 minutes".
std::string in_minutes(std::chrono::nanoseconds time);

}  // namespace slipway::assembly
