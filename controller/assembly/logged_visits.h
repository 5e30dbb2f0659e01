#pragma once

#include <string>

#include "controller/runtime/signs_of_life.h"
#include "controller/runtime/work_watcher.h"
#include "controller/telemetry/log.h"

namespace slipway::assembly {

/// Puts into the log what an exception said, of which the queue only learns that there was one, and how long what
/// failed waits for its next try. Visits are signs of life. Tells `next` everything.
class LoggedVisits final : public runtime::WorkWatcher {
 public:
  /// All outlive it.
  LoggedVisits(telemetry::Log& log, runtime::SignsOfLife& signs, runtime::WorkWatcher& next)
      : log_(log), signs_(signs), next_(next) {}

  void added(ResourceKind kind) override { next_.added(kind); }
  void retried(const ObjectKey& key, std::chrono::milliseconds delay) override {
    next_.retried(key, delay);
    log_.debug("it failed and is tried again", {{"object", to_string(key)}, {"delayMs", delay.count()}});
  }
  void taken(ResourceKind kind, std::chrono::nanoseconds waited) override { next_.taken(kind, waited); }
  void began(const ObjectKey& key, const std::string& id) override {
    signs_.of_work();
    next_.began(key, id);
  }
  void ended(const runtime::Visit& visit) override {
    signs_.of_work();
    next_.ended(visit);
    if (!visit.outcome)
      log_.error("a bug of slipway: " + visit.thrown + "; please report it", {{"object", to_string(visit.key)}});
  }

 private:
  telemetry::Log& log_;
  runtime::SignsOfLife& signs_;
  runtime::WorkWatcher& next_;
};

}  // namespace slipway::assembly
