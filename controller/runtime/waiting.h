#pragma once

#include <chrono>
#include <stop_token>

namespace slipway::runtime {

/// Waits that long, or returns early with false when `stop` asks. Thread-safe.
bool wait(std::chrono::milliseconds time, std::stop_token stop);

/// Waits until `stop` asks.
void wait_for_stop(std::stop_token stop);

/// The time of the machine's monotonic clock: for differences alone. Thread-safe.
std::chrono::nanoseconds elapsed();

/// A number in [0, 1), for jitter. Thread-safe.
double chance();

}  // namespace slipway::runtime
