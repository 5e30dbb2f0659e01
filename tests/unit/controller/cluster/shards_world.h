#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/cluster/shards.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/cluster/in_memory_leases.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::tests {

/// InMemoryLeases behind the port. Thread-safe.
class LeasesAtHand final : public cluster::LeaseStore {
 public:
  Result<std::vector<kube::Lease>> list(std::chrono::milliseconds, const std::stop_token&) override {
    if (before_list) before_list();
    return answer<std::vector<kube::Lease>>([&]() -> Result<std::vector<kube::Lease>> {
      if (refusal_) return std::unexpected(*refusal_);
      return leases_.list();
    });
  }
  Result<kube::Lease> create(const kube::Lease& lease, std::chrono::milliseconds, const std::stop_token&) override {
    return answer<kube::Lease>([&] { return leases_.create(lease); });
  }
  Result<kube::Lease> update(const kube::Lease& lease, std::chrono::milliseconds, const std::stop_token&) override {
    if (before_update) before_update();
    return answer<kube::Lease>([&] { return leases_.update(lease); });
  }
  Result<void> remove(const kube::Lease& lease, std::chrono::milliseconds, const std::stop_token&) override {
    return answer<void>([&] {
      ++removals_;
      return leases_.remove(lease);
    });
  }

  /// Called on the thread that asks, while the request is on its way.
  std::function<void()> before_update;
  std::function<void()> before_list;

  void set_away(bool is_away) {
    const std::scoped_lock lock{mutex_};
    is_away_ = is_away;
  }
  /// Lists alone are refused, until it is absent.
  void refuse_lists(std::optional<Error> refusal) {
    const std::scoped_lock lock{mutex_};
    refusal_ = std::move(refusal);
  }
  int removals() {
    const std::scoped_lock lock{mutex_};
    return removals_;
  }
  std::vector<kube::Lease> all() {
    const std::scoped_lock lock{mutex_};
    return leases_.list();
  }

 private:
  template <class T, class Do>
  Result<T> answer(Do carry_out) {
    const std::scoped_lock lock{mutex_};
    if (is_away_) return fail(ErrorClass::Unavailable, "no answer", "-");
    return carry_out();
  }

  std::mutex mutex_;
  InMemoryLeases leases_;
  bool is_away_ = false;
  std::optional<Error> refusal_;
  int removals_ = 0;
};

/// What replicas share out among themselves.
inline const std::vector<std::string> kKeys{"r/app-0", "r/app-1", "r/app-2", "r/app-3",
                                            "r/app-4", "r/app-5", "r/app-6", "r/app-7"};

/// What every replica of a test shares. Time stands still unless the test moves it.
struct ShardsWorld {
  cluster::Shards::Hands hands() { return {leases, clock, steady, log}; }
  static cluster::MembershipOptions options(const std::string& name) {
    return {.namespace_name = "s", .group = "slipway", .name = name, .holder = name + "_1", .times = {}};
  }
  /// Steps of one replica until nothing is due.
  void settle(cluster::Shards& shards) {
    while (shards.step({}) <= steady.now()) continue;
  }

  ManualClock clock{Timestamp{std::chrono::milliseconds(1'790'000'000'000)}};
  ManualSteadyClock steady;
  LeasesAtHand leases;
  std::vector<std::string> lines;
  telemetry::Log log{clock, {.write = [this](const std::string& line) { lines.push_back(line); }}};
};

}  // namespace slipway::tests
