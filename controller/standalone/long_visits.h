#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <variant>

#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/reconciler.h"

namespace slipway::standalone {

/// Shows in the status which visits take long (kShownAfter) and whom they wait for; short ones cost no write. What a
/// visit writes itself goes through here, so that a mark never covers it; the mark of a visit that ends without a write
/// is taken back. Thread-safe; a mark holds back other writes for as long as it is written.
class LongVisits final : public ObjectWriter {
 public:
  struct Hands {
    ObjectReader& reader;
    ObjectWriter& next;
    const Clock& clock;
    const runtime::SteadyClock& steady;
    /// The hosts that the visit of that reconcile id waits for.
    std::function<std::set<std::string>(const std::string& reconcile_id)> hosts;
  };
  /// What `hands` refers to outlives it.
  explicit LongVisits(Hands hands) : hands_(std::move(hands)) {}

  /// Marks every visit that has become long. When to look again.
  runtime::SteadyClock::Time mark_due();
  /// mark_due() whenever it is time, until `stop` asks.
  void watch(const std::stop_token& stop);

  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override {
    return hands_.next.set_finalizer(key, wanted);
  }

 private:
  friend class WatchedReconciler;
  using Time = runtime::SteadyClock::Time;
  struct Visit {
    Time due;  ///< When it has become long.
    std::string reconcile_id;
    bool was_looked_at = false;
    /// The object as it was before it was marked, until the visit writes.
    std::optional<std::variant<ImagePublication, ContainerRegistry, RetentionPolicy>> unmarked;
  };
  using Visits = std::map<ObjectKey, Visit>;

  void begin(const ObjectKey& key, std::string reconcile_id);
  void end(const ObjectKey& key);
  void mark(const ObjectKey& key, Visit& visit);
  template <class T>
  void mark_object(T object, Visit& visit);
  template <class T>
  Result<void> written(const T& object);

  const Hands hands_;
  runtime::Guarded<Visits> visits_;
};

/// Tells `visits` of every visit to `next`.
class WatchedReconciler final : public Reconciler {
 public:
  /// Both outlive it.
  WatchedReconciler(Reconciler& next, LongVisits& visits) : next_(next), visits_(visits) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  Reconciler& next_;
  LongVisits& visits_;
};

}  // namespace slipway::standalone
