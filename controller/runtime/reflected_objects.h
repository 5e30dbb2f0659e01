#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/runtime/collection_reader.h"
#include "controller/runtime/earlier_versions.h"
#include "crds/base/document.h"
#include "crds/base/result.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/object_meta.h"

namespace slipway::runtime {

/// Which object of a kind; no namespace: cluster-scoped.
struct ObjectName {
  std::string namespace_name;
  std::string name;
  auto operator<=>(const ObjectName&) const = default;
};

template <class T>
ObjectName name_of(const T& object) {
  return {object.metadata.namespace_name, object.metadata.name};
}

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
  T object;                       ///< With problems: what identifies it, and the status as far as it can be read.
  std::vector<Problem> problems;  ///< Why the spec can't be used, in the words of `slipway validate`; else empty.
  std::string edited_by;  ///< Field managers of the latest edit that is no subresource's and not ours; may be empty.
  std::optional<Timestamp> edited_at{};  ///< When that was, to the second.
  bool holds_in_part =
      false;             ///< With problems: what they are of was left out and gives nothing, the rest can be used.
  bool is_whole = true;  ///< False: too large to be kept; what is not here is fetched by who needs it.
};

/// What can be read of an object's metadata. Integrity when that is no name.
Result<ObjectMeta> metadata_in(const Node& object);

/// Of which object in which version it is; what is no text counts as empty. Points into it.
ObjectVersion version_in(const Node& object);

/// Whether resource version `a` is later than `b` (Kubernetes 1.35: comparable as decimal numbers). Versions that are
/// none are later than all, so that they are taken.
bool is_later(std::string_view a, std::string_view b);

/// Whether who saw `seen` and is told `now` after it is told of an earlier time. Never for versions that are no
/// numbers.
bool went_back(std::string_view seen, std::string_view now);

/// What one reflector fills. Only the reflector's thread calls it.
class ReflectedObjects {
 public:
  virtual ~ReflectedObjects() = default;
  /// Takes over what a list or an event gave; what is news in it, in order. Integrity when it has no name: it can't be
  /// kept. Only what is later than what is kept counts, but in a list that says otherwise.
  virtual Result<std::vector<Change>> put(const Node& object) = 0;
  /// Whether what is kept is at least as new, so that put() would find no news. It is seen then, as by put().
  virtual bool knows(const ObjectVersion& seen) = 0;
  /// What was deleted; nothing when it is not kept, or another of its name is.
  virtual Result<std::vector<Change>> remove(const Node& object) = 0;
  virtual void begin_list(EarlierVersions earlier) = 0;
  /// See EarlierObjects; of the list that runs.
  virtual bool passed_one_for_what_was_there_at(std::string_view version) const = 0;
  /// Drops what was not put since begin_list().
  virtual std::vector<Change> end_list() = 0;
  virtual std::size_t size() const = 0;
};

/// What an object's metadata says of a change; absent when it is the same version. An earlier version is an edit: of a
/// store that was put back to a backup, generations tell nothing.
std::optional<ChangeKind> change_between(const ObjectMeta& before, const ObjectMeta& after);

/// Whether the two say the same; where it stands does not count.
bool is_same(const std::vector<Problem>& before, const std::vector<Problem>& after);

/// Another problem is an edit, too: of what the API server dropped, no generation tells.
template <class T>
std::optional<ChangeKind> change_between(const Reflected<T>& before, const Reflected<T>& after) {
  const auto change = change_between(before.object.metadata, after.object.metadata);
  return change && !is_same(before.problems, after.problems) ? ChangeKind::Edited : change;
}

}  // namespace slipway::runtime
