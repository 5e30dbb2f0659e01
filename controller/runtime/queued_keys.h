#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/runtime/system_clock.h"
#include "crds/v1alpha1/object_meta.h"

/// The keys of a work queue, in the orders in which it asks for them: no question but a count looks through all of
/// them. None is thread-safe.
namespace slipway::runtime {

/// Who asked: what people edited comes before what is looked at again.
enum class Priority { Resync, Edit };

/// Keys that are due, per namespace: Edit first, then who has been due longer, then who came first.
class DueKeys {
 public:
  using Time = SteadyClock::Time;

  /// False when it was due already; then a higher priority lifts it, and the time stays.
  bool add(const ObjectKey& key, Priority priority, Time since);
  void remove(const ObjectKey& key);
  bool contains(const ObjectKey& key) const { return ranks_.contains(key); }
  bool empty() const { return ranks_.empty(); }

  struct Due {
    ObjectKey key;
    Time since;
  };
  /// How much a namespace has of what is given out; nothing: it gets no more now.
  using Burden = std::function<std::optional<std::size_t>(const std::string& namespace_name)>;
  /// The first one of the namespaces that have least.
  std::optional<Due> first(const Burden& burden_of) const;
  std::optional<Time> oldest() const;
  std::map<ResourceKind, std::size_t> count() const;

 private:
  struct Rank {
    bool is_resync;
    Time since;
    std::uint64_t number;
    auto operator<=>(const Rank&) const = default;
  };
  void place(const ObjectKey& key, const Rank& rank);

  std::map<ObjectKey, Rank> ranks_;
  std::map<std::string, std::map<Rank, ObjectKey>> by_namespace_;
  std::multiset<Time> times_;
  std::uint64_t arrivals_ = 0;
};

/// Keys that are due later.
class DelayedKeys {
 public:
  using Time = SteadyClock::Time;

  /// The earlier time counts. False when it was there already.
  bool add(const ObjectKey& key, Time when);
  /// False when it was not there.
  bool remove(const ObjectKey& key);
  bool empty() const { return times_.empty(); }
  /// In the order of their times, those of equal times by key.
  const std::set<std::pair<Time, ObjectKey>>& in_order() const { return order_; }

 private:
  std::map<ObjectKey, Time> times_;
  std::set<std::pair<Time, ObjectKey>> order_;
};

/// How many keys there are of each namespace; those without one count as "", which is no other namespace.
class NamespaceCounts {
 public:
  void add(const ObjectKey& key);
  void remove(const ObjectKey& key);
  std::size_t of(const std::string& namespace_name) const;
  bool has_other_than(const std::string& namespace_name) const;
  /// How many namespaces have any.
  std::size_t namespaces() const { return counts_.size() - counts_.count(""); }

 private:
  std::map<std::string, std::size_t> counts_;
};

}  // namespace slipway::runtime
