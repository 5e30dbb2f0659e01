#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/assembly/object_failure.h"
#include "controller/cluster/shard_fences.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "controller/telemetry/log.h"

namespace slipway::cluster {

/// Says when what was taken over from another replica can't be read: in the log, once an hour for a kind where a right
/// is missing or the token is not taken, and for each object otherwise; and the first two to who asks whether this
/// replica can work. Of an API server that is away or behind tell others. Thread-safe.
class WatchedFetches {
 public:
  static constexpr std::chrono::hours kSaidAgainAfter{1};

  struct Hands {
    telemetry::Log& log;
    const runtime::SteadyClock& steady;
    assembly::ObjectFailure::IsOurs is_ours;
  };
  /// What `hands` refers to outlives it.
  WatchedFetches(Refresh next, Hands hands) : next_(std::move(next)), hands_(std::move(hands)) {}

  Result<void> fetch(const ObjectKey& key, const std::stop_token& stop);

  /// Why fetching fails; absent when an object of that kind was fetched since, or none was tried for long.
  std::optional<Error> failure() const;

 private:
  using Time = runtime::SteadyClock::Time;
  struct State {
    std::map<ResourceKind, assembly::ObjectFailure> failures;
    std::map<std::string, Time> said;
  };
  void failed(const ObjectKey& key, const Error& error);

  const Refresh next_;
  const Hands hands_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::cluster
