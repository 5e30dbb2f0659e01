#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <utility>
#include <vector>

#include "controller/runtime/work_queue.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/reconciler.h"

namespace slipway::assembly {

/// Brings back the publications that use a ContainerRegistry and are not ready, once a visit to `next` made it Ready:
/// they would wait out delays that grew while nothing went there.
class ReadyAgain final : public Reconciler {
 public:
  struct Hands {
    ObjectReader& objects;  ///< Shows at once what a visit wrote.
    /// Null: nobody is brought back.
    std::function<std::vector<ObjectKey>(const ContainerRegistry&)> unready_users;
  };
  /// `next` and what `hands` refers to outlive it.
  ReadyAgain(Reconciler& next, Hands hands) : next_(next), hands_(std::move(hands)) {}
  /// Who is brought back is added to `queue`, which outlives every visit. Until then nobody is.
  void bring_back_through(runtime::WorkQueue& queue) { queue_ = &queue; }
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  bool is_unready(const ObjectKey& key) const;
  void bring_back(const ObjectKey& key);

  Reconciler& next_;
  const Hands hands_;
  std::atomic<runtime::WorkQueue*> queue_ = nullptr;
};

}  // namespace slipway::assembly
