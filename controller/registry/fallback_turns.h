#pragma once

#include <condition_variable>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/runtime/guarded.h"

namespace slipway::registry {

/// Lets the writers of one fallback tag of a registry take turns, and those of different tags pass. Thread-safe.
class FallbackTurns {
 public:
  /// One turn; the next writer of its tag comes when this ends.
  class Turn {
   public:
    Turn(FallbackTurns& turns, std::string tag) : turns_(turns), tag_(std::move(tag)) {}
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    FallbackTurns& turns_;
    const std::string tag_;
  };

  /// Waits until nobody else holds `tag` ("team/app:sha256-…"). Null when `stop` asks.
  std::unique_ptr<Turn> take(const std::string& tag, const std::stop_token& stop);

 private:
  runtime::Guarded<std::set<std::string>> held_;
  std::condition_variable_any ended_;
};

}  // namespace slipway::registry
