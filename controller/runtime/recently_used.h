#pragma once

#include <algorithm>
#include <cstddef>
#include <list>
#include <map>
#include <utility>

namespace slipway::runtime {

/// Values by their keys, at most so many: the one that was used longest ago goes first. Not thread-safe.
template <class Key, class Value>
class RecentlyUsed {
 public:
  /// `most`: at least one is kept.
  explicit RecentlyUsed(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

  /// Null when it is not there. Else it is used now; good until the next at().
  Value* find(const Key& key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, place->second);
    return &kept_.front().second;
  }
  /// The one that is there, or a new one. It is used now; good until the next at().
  Value& at(const Key& key) {
    if (Value* known = find(key)) return *known;
    if (kept_.size() >= most_) {
      places_.erase(kept_.back().first);
      kept_.pop_back();
    }
    kept_.emplace_front(key, Value{});
    places_.emplace(key, kept_.begin());
    return kept_.front().second;
  }

 private:
  using Kept = std::list<std::pair<const Key, Value>>;
  std::size_t most_;
  Kept kept_;  ///< Used last first.
  std::map<Key, typename Kept::iterator> places_;
};

}  // namespace slipway::runtime
