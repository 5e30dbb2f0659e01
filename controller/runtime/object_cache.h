#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/runtime/reflected_objects.h"

namespace slipway::runtime {

/// The objects of one kind in memory, typed. Readers get a shared constant each, which stays as it is when the cache
/// moves on. Thread-safe; nothing is parsed or destroyed under its lock.
template <class T>
class ObjectCache final : public ReflectedObjects {
 public:
  using Entry = std::shared_ptr<const Reflected<T>>;  // Owned by the cache and by who reads it meanwhile.
  using Decode = Result<Reflected<T>> (*)(const Node& object);
  /// What stood there before and what stands there now, null where nothing does; another object of the same name is two
  /// moves.
  using Follower = std::function<void(const Reflected<T>* before, const Reflected<T>* now)>;

  explicit ObjectCache(Decode decode) : decode_(decode) {}

  /// Called, in the order in which they were added, after each move and before it is given back as a change, without a
  /// lock, by whoever fills the cache; not for what wrote() takes. Before the cache is filled.
  void add_follower(Follower follower) { followers_.push_back(std::move(follower)); }

  /// Null when there is none.
  Entry find(const ObjectName& name) const;
  std::vector<Entry> all() const;
  /// Those that `wanted(const Reflected<T>&)`, which is asked under the lock: a cheap question.
  template <class Wanted>
  std::vector<Entry> select(Wanted wanted) const;
  std::size_t size() const override { return state_.lock()->objects.size(); }

  /// What a write of ours was answered with: kept when the cache has this object (by uid) in an earlier version, and
  /// the answer brings nobody's edit along. So who reads next sees what was written, and its event is no news. An edit
  /// is for the watch to bring. `fenced_on`: the version that the server had to have for the write to be done; what
  /// differs from that one is ours.
  void wrote(Reflected<T> object, std::string_view fenced_on = {});

  Result<std::vector<Change>> put(const Node& object) override;
  /// What wrote() took comes back as an event, and is not decoded again. The list that runs has it then.
  bool knows(const ObjectVersion& seen) override;
  Result<std::vector<Change>> remove(const Node& object) override;
  void begin_list(EarlierVersions earlier) override;
  bool passed_one_for_what_was_there_at(std::string_view version) const override {
    return state_.lock()->earlier.passed_one_for_what_was_there_at(version);
  }
  std::vector<Change> end_list() override;

 private:
  struct Kept {
    Entry entry;
    std::uint64_t seen_in = 0;  ///< The list that had it last.
  };
  struct State {
    std::map<ObjectName, Kept> objects;
    std::uint64_t list = 0;
    EarlierObjects earlier;
  };

  /// Puts it in place and gives what stood there; gives `now` back where what stands there is as new.
  Entry exchange(const Entry& now);
  Entry take_out(const ObjectName& name, const std::string& uid);
  void tell(const Entry& before, const Entry& now) const {
    for (const Follower& follower : followers_) follower(before.get(), now.get());
  }

  const Decode decode_;
  std::vector<Follower> followers_;
  Guarded<State> state_;
};

template <class T>
typename ObjectCache<T>::Entry ObjectCache<T>::find(const ObjectName& name) const {
  const auto state = state_.lock();
  const auto found = state->objects.find(name);
  return found == state->objects.end() ? nullptr : found->second.entry;
}

template <class T>
std::vector<typename ObjectCache<T>::Entry> ObjectCache<T>::all() const {
  return select([](const Reflected<T>&) { return true; });
}

template <class T>
template <class Wanted>
std::vector<typename ObjectCache<T>::Entry> ObjectCache<T>::select(Wanted wanted) const {
  std::vector<Entry> chosen;
  const auto state = state_.lock();
  for (const auto& [name, kept] : state->objects)
    if (wanted(*kept.entry)) chosen.push_back(kept.entry);
  return chosen;
}

template <class T>
void ObjectCache<T>::wrote(Reflected<T> object, std::string_view fenced_on) {
  Entry entry = std::make_shared<const Reflected<T>>(std::move(object));
  const ObjectMeta& now = entry->object.metadata;
  const auto state = state_.lock();
  const auto found = state->objects.find(name_of(entry->object));
  if (found == state->objects.end()) return;
  const ObjectMeta& kept = found->second.entry->object.metadata;
  if (kept.uid != now.uid || !is_later(now.resource_version, kept.resource_version)) return;
  if (kept.resource_version == fenced_on || change_between(*found->second.entry, *entry) == ChangeKind::StatusOnly)
    found->second.entry.swap(entry);
}

template <class T>
Result<std::vector<Change>> ObjectCache<T>::put(const Node& object) {
  if (knows(version_in(object))) return std::vector<Change>{};
  Result<Reflected<T>> decoded = decode_(object);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  const Entry now = std::make_shared<const Reflected<T>>(std::move(*decoded));
  const Entry before = exchange(now);
  if (before == now) return std::vector<Change>{};
  const ObjectName name = name_of(now->object);
  if (before != nullptr && before->object.metadata.uid == now->object.metadata.uid) {
    tell(before, now);
    const std::optional<ChangeKind> change = change_between(*before, *now);
    return change ? std::vector{Change{name, *change}} : std::vector<Change>{};
  }
  std::vector<Change> changes;
  if (before != nullptr) {
    tell(before, nullptr);
    changes.push_back({name, ChangeKind::Deleted});
  }
  tell(nullptr, now);
  changes.push_back({name, ChangeKind::Added});
  return changes;
}

template <class T>
bool ObjectCache<T>::knows(const ObjectVersion& seen) {
  const ObjectName name{std::string(seen.namespace_name), std::string(seen.name)};
  const auto state = state_.lock();
  const auto found = state->objects.find(name);
  if (found == state->objects.end() || state->earlier.are_taken()) return false;
  const ObjectMeta& kept = found->second.entry->object.metadata;
  if (kept.uid != seen.uid || is_later(seen.resource_version, kept.resource_version)) return false;
  found->second.seen_in = state->list;
  state->earlier.passed(seen.resource_version, kept.resource_version);
  return true;
}

template <class T>
typename ObjectCache<T>::Entry ObjectCache<T>::exchange(const Entry& now) {
  const auto state = state_.lock();
  Kept& kept = state->objects[name_of(now->object)];
  kept.seen_in = state->list;
  const bool is_same_object = kept.entry != nullptr && kept.entry->object.metadata.uid == now->object.metadata.uid;
  if (is_same_object && !state->earlier.are_taken() &&
      !is_later(now->object.metadata.resource_version, kept.entry->object.metadata.resource_version))
    return now;
  return std::exchange(kept.entry, now);
}

template <class T>
Result<std::vector<Change>> ObjectCache<T>::remove(const Node& object) {
  const Result<ObjectMeta> gone = metadata_in(object);
  if (!gone) return std::unexpected(gone.error());
  const ObjectName name{gone->namespace_name, gone->name};
  const Entry removed = take_out(name, gone->uid);
  if (removed == nullptr) return std::vector<Change>{};
  tell(removed, nullptr);
  return std::vector{Change{name, ChangeKind::Deleted}};
}

template <class T>
typename ObjectCache<T>::Entry ObjectCache<T>::take_out(const ObjectName& name, const std::string& uid) {
  const auto state = state_.lock();
  const auto found = state->objects.find(name);
  if (found == state->objects.end() || found->second.entry->object.metadata.uid != uid) return nullptr;
  Entry removed = std::move(found->second.entry);
  state->objects.erase(found);
  return removed;
}

template <class T>
void ObjectCache<T>::begin_list(EarlierVersions earlier) {
  const auto state = state_.lock();
  ++state->list;
  state->earlier.begin_list(earlier);
}

template <class T>
std::vector<Change> ObjectCache<T>::end_list() {
  std::vector<Entry> removed;
  {
    const auto state = state_.lock();
    state->earlier.end_list();
    std::erase_if(state->objects, [&](auto& each) {
      if (each.second.seen_in == state->list) return false;
      removed.push_back(std::move(each.second.entry));
      return true;
    });
  }
  std::vector<Change> changes;
  for (const Entry& entry : removed) {
    tell(entry, nullptr);
    changes.push_back({name_of(entry->object), ChangeKind::Deleted});
  }
  return changes;
}

}  // namespace slipway::runtime
