#pragma once

#include <chrono>

namespace slipway::http {

/// How long the calling thread has waited on this side in all, for the sake of its requests: for their turns, and
/// before it repeated one. For differences alone: what a request took less what it waited here is the other side's.
inline std::chrono::nanoseconds& waited_here() {
  thread_local std::chrono::nanoseconds waited{0};
  return waited;
}

}  // namespace slipway::http
