#pragma once

#include <chrono>
#include <optional>

namespace slipway::runtime {

struct BackoffLimits {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds longest{std::chrono::minutes{5}};
  double jitter = 0.2;  ///< Share of the delay that the roll takes off or adds, 0 to 1.
};

/// The delay before the next try after `failures` failures in a row (1: the first). Doubles from `first` to `longest`;
/// `roll` in [0, 1) moves it by at most `jitter` to either side. Never below `floor` (the server's Retry-After), which
/// jitter only lengthens and which `longest` does not cap. Pure.
std::chrono::milliseconds backoff(const BackoffLimits& limits, unsigned failures, double roll,
                                  std::optional<std::chrono::milliseconds> floor = {});

/// A delay of a minute or more, sooner by up to a tenth as `roll` in [0, 1) says: what is put off together does not
/// come together. A shorter one as it is. Pure.
std::chrono::milliseconds spread(std::chrono::milliseconds delay, double roll);

}  // namespace slipway::runtime
