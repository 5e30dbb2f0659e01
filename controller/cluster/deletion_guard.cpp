#include "controller/cluster/deletion_guard.h"

namespace slipway::cluster {

/// deleted() finds the visit for as long as this lives.
class DeletionGuard::Findable {
 public:
  Findable(DeletionGuard& guard, const ObjectKey& key, const std::stop_source& visit) : guard_(guard), key_(key) {
    guard_.of_living_.lock()->insert_or_assign(key_, visit);
  }
  ~Findable() { guard_.of_living_.lock()->erase(key_); }
  Findable(const Findable&) = delete;
  Findable& operator=(const Findable&) = delete;

 private:
  DeletionGuard& guard_;
  const ObjectKey& key_;
};

Outcome DeletionGuard::reconcile(const ObjectKey& key, std::stop_token stop) {
  std::stop_source visit;
  const std::stop_callback forward(stop, [&visit] { visit.request_stop(); });
  // First: a deletion that comes after the question finds the visit.
  std::optional<Findable> findable(std::in_place, *this, key, visit);
  const auto deletion = deletion_of_(key);
  if (deletion) findable.reset();
  std::optional<runtime::TimeLimits::Limit> limit;
  if (deletion && deletion->left) limit.emplace(limits_, *deletion->left, visit);
  return next_.reconcile(key, visit.get_token());
}

void DeletionGuard::deleted(const ObjectKey& key) {
  const auto visit = of_living_.lock()->extract(key);
  // Not under the lock: what is stopped may be quick to come back.
  if (visit) visit.mapped().request_stop();
}

}  // namespace slipway::cluster
