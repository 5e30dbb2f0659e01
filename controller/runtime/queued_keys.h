#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "controller/runtime/system_clock.h"
#include "controller/runtime/worker_shares.h"
#include "crds/v1alpha1/object_meta.h"

/// The keys of a work queue, in the orders in which it asks for them: no question but a count looks through all of
/// them; who comes first is asked of each lane. None is thread-safe.
namespace slipway::runtime {

/// Why it is to be looked at: what is being deleted, which holds up its namespace, comes before what people edited,
/// that before what is not ready and may be so now, and that before what is only looked at again.
enum class Priority { Resync, Unready, Edit, Deletion };

/// Keys that are due, per lane: the higher priority first, then who has been due longer, then who came first.
class DueKeys {
 public:
  using Time = SteadyClock::Time;

  /// False when it was due already; then a higher priority lifts it, the host counts, and the time stays.
  bool add(const ObjectKey& key, const std::string& host, Priority priority, Time since);
  /// Where it is due with a higher priority it is with this one from now on.
  void lower(const ObjectKey& key, Priority highest);
  void remove(const ObjectKey& key);
  bool contains(const ObjectKey& key) const { return places_.contains(key); }
  bool empty() const { return places_.empty(); }

  struct Due {
    ObjectKey key;
    Time since;
    Priority priority;
  };
  /// How much a lane has of what is given out; nothing: it gets no more now.
  using Burden = std::function<std::optional<std::size_t>(const Lane& lane)>;
  /// The first one of the lanes that have least, of those of that priority or a higher one.
  std::optional<Due> first(const Burden& burden_of, Priority lowest = Priority::Resync) const;
  std::optional<Time> oldest() const;
  std::map<ResourceKind, std::size_t> count() const;

 private:
  struct Rank {
    Priority priority;
    Time since;
    std::uint64_t number;
    auto operator<=>(const Rank& other) const {
      return std::tie(other.priority, since, number) <=> std::tie(priority, other.since, other.number);
    }
  };
  struct Place {
    Lane lane;
    Rank rank;
  };
  void put(const ObjectKey& key, const Place& place);

  std::map<ObjectKey, Place> places_;
  std::map<Lane, std::map<Rank, ObjectKey>> by_lane_;
  std::multiset<Time> times_;
  std::uint64_t arrivals_ = 0;
};

/// Keys that are due later.
class DelayedKeys {
 public:
  using Time = SteadyClock::Time;

  /// The earlier time counts, and the higher priority. False when it was there already.
  bool add(const ObjectKey& key, Time when, Priority priority = Priority::Resync);
  /// Its priority; nothing when it was not there.
  std::optional<Priority> remove(const ObjectKey& key);
  bool contains(const ObjectKey& key) const { return places_.contains(key); }
  bool empty() const { return places_.empty(); }
  /// In the order of their times, those of equal times by key.
  const std::set<std::pair<Time, ObjectKey>>& in_order() const { return order_; }

 private:
  struct Place {
    Time when;
    Priority priority;
  };
  std::map<ObjectKey, Place> places_;
  std::set<std::pair<Time, ObjectKey>> order_;
};

/// The host that each key goes to, as far as it is known, and how many there are of each.
class KeyHosts {
 public:
  void put(const ObjectKey& key, const std::string& host);
  void remove(const ObjectKey& key);
  /// Empty where it is not known.
  std::string of(const ObjectKey& key) const;
  /// Of those that belong to a namespace.
  const LaneCounts& counts() const { return counts_; }

 private:
  std::map<ObjectKey, std::string> hosts_;
  LaneCounts counts_;
};

}  // namespace slipway::runtime
