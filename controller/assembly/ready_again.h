#pragma once

#include <functional>
#include <stop_token>
#include <utility>
#include <vector>

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
    std::function<void(const ObjectKey&)> bring_back;
  };
  /// `next` and what `hands` refers to outlive it.
  ReadyAgain(Reconciler& next, Hands hands) : next_(next), hands_(std::move(hands)) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  bool is_unready(const ObjectKey& key) const;

  Reconciler& next_;
  const Hands hands_;
};

}  // namespace slipway::assembly
