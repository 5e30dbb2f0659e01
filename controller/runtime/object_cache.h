#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controller/runtime/guarded.h"
#include "crds/base/document.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway::runtime {

/// Which object of a kind; no namespace: cluster-scoped.
struct ObjectName {
  std::string namespace_name;
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
};

enum class ChangeKind {
  Added,       ///< New to us; after a restart that is every object.
  Edited,      ///< Generation, labels, annotations of ours, finalizers or deletion time: somebody's wish.
  StatusOnly,  ///< Nothing of that: our own writes, mostly.
  Deleted,
};
struct Change {
  ObjectName object;
  ChangeKind kind = ChangeKind::Added;
  bool operator==(const Change&) const = default;
};

/// An object as the API server has it, parsed once.
template <class T>
struct Reflected {
  T object;                       ///< With problems: its metadata, and the status as far as it can be read.
  std::vector<Problem> problems;  ///< Why the spec can't be used, in the words of `slipway validate`; else empty.
  std::string edited_by;          ///< Field manager of the latest edit that is not of a subresource; may be empty.
};

/// Whether resource version `a` is later than `b` (Kubernetes 1.35: comparable as decimal numbers). Versions that are
/// none are later than all, so that they are taken.
bool is_later(std::string_view a, std::string_view b);

/// What one reflector fills. Only the reflector's thread calls it.
class ReflectedObjects {
 public:
  virtual ~ReflectedObjects() = default;
  /// Takes over what a list or an event gave; what is news in it, in order. Integrity when it has no name: it can't be
  /// kept. In a list the server's word counts as it is; after it, only what is later than what is kept.
  virtual Result<std::vector<Change>> put(const Node& object) = 0;
  /// What was deleted; nothing when it is not kept, or another of its name is.
  virtual Result<std::vector<Change>> remove(const Node& object) = 0;
  virtual void begin_list() = 0;
  /// Drops what was not put since begin_list().
  virtual std::vector<Change> end_list() = 0;
  virtual std::size_t size() const = 0;
};

/// The objects of one kind in memory, typed. Readers get a shared constant each, which stays as it is when the cache
/// moves on. Thread-safe; nothing is parsed or destroyed under its lock.
template <class T>
class ObjectCache final : public ReflectedObjects {
 public:
  using Entry = std::shared_ptr<const Reflected<T>>;  // Owned by the cache and by who reads it meanwhile.
  using Decode = Result<Reflected<T>> (*)(const Node& object);

  explicit ObjectCache(Decode decode) : decode_(decode) {}

  /// Null when there is none.
  Entry find(const ObjectName& name) const;
  std::vector<Entry> all() const;
  /// Those that `wanted(const Reflected<T>&)`, which is asked under the lock: a cheap question.
  template <class Wanted>
  std::vector<Entry> select(Wanted wanted) const;
  std::size_t size() const override { return state_.lock()->objects.size(); }

  /// What a write of ours was answered with: kept when the cache has this object (by uid) in an earlier version. So who
  /// reads next sees what was written, and its event is no news.
  void wrote(Reflected<T> object);

  Result<std::vector<Change>> put(const Node& object) override;
  Result<std::vector<Change>> remove(const Node& object) override;
  void begin_list() override;
  std::vector<Change> end_list() override;

 private:
  struct Kept {
    Entry entry;
    std::uint64_t seen_in = 0;  ///< The list that had it last.
  };
  struct State {
    std::map<ObjectName, Kept> objects;
    std::uint64_t list = 0;
    bool is_listing = false;
  };

  const Decode decode_;
  Guarded<State> state_;
};

/// What an object's metadata says of a change; absent when it is the same version.
std::optional<ChangeKind> change_between(const ObjectMeta& before, const ObjectMeta& after);

template <class T>
ObjectName name_of(const T& object) {
  return {object.metadata.namespace_name, object.metadata.name};
}

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
void ObjectCache<T>::wrote(Reflected<T> object) {
  Entry entry = std::make_shared<const Reflected<T>>(std::move(object));
  const ObjectMeta& now = entry->object.metadata;
  const auto state = state_.lock();
  const auto found = state->objects.find(name_of(entry->object));
  if (found == state->objects.end()) return;
  const ObjectMeta& kept = found->second.entry->object.metadata;
  if (kept.uid == now.uid && is_later(now.resource_version, kept.resource_version)) found->second.entry.swap(entry);
}

template <class T>
Result<std::vector<Change>> ObjectCache<T>::put(const Node& object) {
  Result<Reflected<T>> decoded = decode_(object);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  Entry entry = std::make_shared<const Reflected<T>>(std::move(*decoded));
  const ObjectMeta& now = entry->object.metadata;
  const ObjectName name = name_of(entry->object);
  const auto state = state_.lock();
  const auto [place, is_new] = state->objects.try_emplace(name);
  Kept& kept = place->second;
  kept.seen_in = state->list;
  if (is_new) {
    kept.entry = std::move(entry);
    return std::vector{Change{name, ChangeKind::Added}};
  }
  const ObjectMeta& before = kept.entry->object.metadata;
  if (before.uid != now.uid) {
    kept.entry.swap(entry);
    return std::vector{Change{name, ChangeKind::Deleted}, Change{name, ChangeKind::Added}};
  }
  if (!state->is_listing && !is_later(now.resource_version, before.resource_version)) return std::vector<Change>{};
  const std::optional<ChangeKind> change = change_between(before, now);
  kept.entry.swap(entry);
  return change ? std::vector{Change{name, *change}} : std::vector<Change>{};
}

template <class T>
Result<std::vector<Change>> ObjectCache<T>::remove(const Node& object) {
  Result<Reflected<T>> decoded = decode_(object);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  const ObjectName name = name_of(decoded->object);
  Entry removed;  // Destroyed after the lock is given back.
  const auto state = state_.lock();
  const auto found = state->objects.find(name);
  if (found == state->objects.end() || found->second.entry->object.metadata.uid != decoded->object.metadata.uid)
    return std::vector<Change>{};
  removed = std::move(found->second.entry);
  state->objects.erase(found);
  return std::vector{Change{name, ChangeKind::Deleted}};
}

template <class T>
void ObjectCache<T>::begin_list() {
  const auto state = state_.lock();
  ++state->list;
  state->is_listing = true;
}

template <class T>
std::vector<Change> ObjectCache<T>::end_list() {
  std::vector<Change> changes;
  std::vector<Entry> removed;
  const auto state = state_.lock();
  state->is_listing = false;
  for (auto each = state->objects.begin(); each != state->objects.end();) {
    if (each->second.seen_in == state->list) {
      ++each;
      continue;
    }
    changes.push_back({each->first, ChangeKind::Deleted});
    removed.push_back(std::move(each->second.entry));
    each = state->objects.erase(each);
  }
  return changes;
}

}  // namespace slipway::runtime
