#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/registry/host_silence.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/queued_keys.h"
#include "controller/runtime/system_clock.h"
#include "controller/runtime/work_queue.h"
#include "controller/telemetry/log.h"
#include "reconcilers/reconciler.h"

namespace slipway::assembly {

/// Brings back what was put off for a silent host as soon as it may ask: while the host is silent and no visit of its
/// row asks it, who was put off first, before all looks; once it answers, all: edits before what is not ready, that
/// before what is only looked at again. Tells the log of both ends of a silence. Thread-safe.
class PutOffVisits final : public registry::SilenceWatcher {
 public:
  /// Whether what was put off is not ready, as it is at hand. Shall not wait.
  using IsUnready = std::function<bool(const ObjectKey&)>;
  /// `log` and `clock` outlive it.
  PutOffVisits(telemetry::Log& log, const runtime::SteadyClock& clock, IsUnready is_unready)
      : log_(log), clock_(clock), is_unready_(std::move(is_unready)) {}

  /// Who is brought back is added to `queue`, which outlives every visit. Until then nobody is.
  void bring_back_through(runtime::WorkQueue& queue) { queue_ = &queue; }

  void began(const std::string& host) override;
  void put_off(const std::shared_ptr<const registry::HostSilence>& host, registry::SilenceRow row,
               const std::string& visit) override;
  void is_free(const std::string& host, registry::SilenceRow row) override;
  void is_over(const std::string& host) override;

  /// The visit of that id to the object is over.
  void ended(const ObjectKey& key, const std::string& visit, const Outcome& outcome);
  /// As ended(), of one that threw.
  void forget(const std::string& visit) { state_.lock()->refused.erase(visit); }

 private:
  using Turn = std::pair<std::shared_ptr<const registry::HostSilence>, registry::SilenceRow>;
  struct OfHost {
    std::shared_ptr<const registry::HostSilence> host;
    std::map<registry::SilenceRow, runtime::DelayedKeys> rows;  ///< Since when each waits.
  };
  struct State {
    std::map<std::string, std::set<Turn>> refused;  ///< By visits that are not over, which turns they had not.
    std::map<std::string, OfHost> waiting;          ///< By host.
    std::map<ObjectKey, Turn> woken;                ///< Whom a free turn was given to, until its visit is over.
  };
  static void forget(State& state, const ObjectKey& key);
  void bring_back(const ObjectKey& key, runtime::Priority priority);

  telemetry::Log& log_;
  const runtime::SteadyClock& clock_;
  const IsUnready is_unready_;
  std::atomic<runtime::WorkQueue*> queue_ = nullptr;
  runtime::Guarded<State> state_;
};

/// Tells `visits` how each visit to `next` ended.
class PutOffReconciler final : public Reconciler {
 public:
  /// Both outlive it.
  PutOffReconciler(Reconciler& next, PutOffVisits& visits) : next_(next), visits_(visits) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  Reconciler& next_;
  PutOffVisits& visits_;
};

}  // namespace slipway::assembly
