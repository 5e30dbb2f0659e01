#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <variant>

#include "controller/assembly/publication_at_hand.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/system_clock.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/reconciler.h"

namespace slipway::assembly {

/// Shows in the status which visits take long (kShownAfter) and whom they wait for; short ones cost no write, nor does
/// a look at what is ready or stalled and nobody waits for, however long, until it has found something to do. What a
/// visit writes itself goes through here, so that a mark never covers it; the mark of a visit that ends without a write
/// is taken back, unless it was cut short before the object was ready. Tells people, too, who asks for that.
/// Thread-safe; a mark holds back the writes of its own visit for as long as it is written.
class LongVisits final : public ObjectWriter {
 public:
  using Time = runtime::SteadyClock::Time;
  /// Between two times that a visit is told to wait for the same hosts.
  static constexpr std::chrono::seconds kBetweenTellings{30};

  struct Hands {
    ObjectReader& reader;
    PublicationAtHand publication;
    ObjectWriter& next;
    const Clock& clock;
    const runtime::SteadyClock& steady;
    /// The hosts that the visit of that reconcile id has waited for since `latest` or longer.
    std::function<std::set<std::string>(const std::string& reconcile_id, Time latest)> hosts;
    /// Told whom a visit waits for, once nothing has moved for kShownAfter, and again now and then. May be empty.
    std::function<void(const ObjectKey&, const std::string& hosts)> tell{};
  };
  /// What `hands` refers to outlives it.
  explicit LongVisits(Hands hands) : hands_(std::move(hands)) {}

  /// A visit that began in this thread, for as long as it lives. One that ended well is closed before: that writes.
  class Open {
   public:
    Open(LongVisits& visits, const ObjectKey& key);
    ~Open();
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

    /// An error where a mark could not be taken back: the next visit writes over it.
    Result<void> close(bool was_cut_short);

   private:
    LongVisits& visits_;
    const ObjectKey key_;
  };
  Timestamp now() const { return hands_.clock.now(); }
  /// Bytes of the object's transfer moved.
  void moved(const ObjectKey& key);
  /// The hosts that the visit of the object waits for, in one string: none that took or gave bytes just now.
  std::string hosts_of(const ObjectKey& key) const;

  /// Marks every visit that has become long and is to be shown, and tells whom it waits for. When to look again.
  Time mark_due();
  /// mark_due() whenever it is time, until `stop` asks.
  void watch(const std::stop_token& stop);

  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override {
    return hands_.next.set_finalizer(key, wanted);
  }
  Result<void> remove(const ImagePublication& object) override { return hands_.next.remove(object); }

 private:
  /// What the status shows of a visit.
  struct Mark {
    bool has_work = false;    ///< The visit wrote before it was long: it has found something to do.
    bool is_settled = false;  ///< It is shown, or shows itself.
    bool is_over = false;
    /// The object as it was before it was marked, until the visit writes.
    std::optional<std::variant<ImagePublication, ContainerRegistry, RetentionPolicy>> unmarked;
  };
  struct Visit {
    Time due;  ///< When it has become long.
    Time moved_at;
    std::string reconcile_id;
    std::shared_ptr<runtime::Guarded<Mark>> mark;  ///< Shared with who writes: its lock is held meanwhile.
  };
  using Visits = std::map<ObjectKey, Visit>;
  struct Told {
    std::string hosts;
    Time at;
  };

  void begin(const ObjectKey& key, std::string reconcile_id);
  std::shared_ptr<runtime::Guarded<Mark>> end(const ObjectKey& key);
  Result<void> take_back(const Mark& mark, bool was_cut_short);
  void mark(const ObjectKey& key, const Visit& visit);
  void tell(const ObjectKey& key, const Visit& visit);
  template <class T>
  void mark_object(T object, const std::string& reconcile_id, Mark& mark);
  template <class T>
  Result<void> written(const T& object);

  const Hands hands_;
  runtime::Guarded<Visits> visits_;
  runtime::Guarded<std::map<ObjectKey, Told>> told_;  ///< Also of visits that ended: the next is no news.
};

/// Tells `visits` of every visit to `next`. One whose mark can't be taken back is made again soon.
class WatchedReconciler final : public Reconciler {
 public:
  /// Both outlive it.
  WatchedReconciler(Reconciler& next, LongVisits& visits) : next_(next), visits_(visits) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;

 private:
  Reconciler& next_;
  LongVisits& visits_;
};

}  // namespace slipway::assembly
