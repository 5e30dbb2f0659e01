#include "controller/cluster/deletion_guard.h"

#include <system_error>
#include <thread>

#include "controller/runtime/waiting.h"

namespace slipway::cluster {
namespace {

/// Asks `visit` to stop when its time is over, for as long as it lives.
class TimeLimit {
 public:
  TimeLimit(std::chrono::milliseconds left, std::stop_source visit) {
    try {
      thread_ = std::jthread([left, visit = std::move(visit)](const std::stop_token& over) mutable {
        if (runtime::wait(left, over)) visit.request_stop();
      });
    } catch (const std::system_error&) {
      // The machine refuses a thread: the visit ends by its own time-outs.
    }
  }

 private:
  std::jthread thread_;
};

}  // namespace

Outcome DeletionGuard::reconcile(const ObjectKey& key, std::stop_token stop) {
  std::stop_source visit;
  const std::stop_callback forward(stop, [&visit] { visit.request_stop(); });
  // First: a deletion that comes after the question finds the visit.
  of_living_.lock()->insert_or_assign(key, visit);
  const auto deletion = deletion_of_(key);
  if (deletion) of_living_.lock()->erase(key);
  std::optional<TimeLimit> limit;
  if (deletion && deletion->left) limit.emplace(*deletion->left, visit);
  const Outcome outcome = next_.reconcile(key, visit.get_token());
  of_living_.lock()->erase(key);
  return outcome;
}

void DeletionGuard::deleted(const ObjectKey& key) {
  const auto visit = of_living_.lock()->extract(key);
  // Not under the lock: what is stopped may be quick to come back.
  if (visit) visit.mapped().request_stop();
}

}  // namespace slipway::cluster
