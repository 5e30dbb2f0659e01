#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "controller/kube/api_client.h"
#include "controller/runtime/reflector.h"

namespace slipway::kube {

enum class ReferenceKind { Secret, ConfigMap };

/// A kind in a namespace in which something is referred to.
struct ReferenceScope {
  ReferenceKind kind = ReferenceKind::Secret;
  std::string namespace_name;  ///< Empty: in all of them.
  auto operator<=>(const ReferenceScope&) const = default;
};

/// Tells when a Secret or ConfigMap changes, in the namespaces where objects refer to some and nowhere else: a
/// metadata-only watch, on a thread of its own, for each scope. The data is fetched with GET by who needs it.
/// Thread-safe.
class ReferenceWatches {
 public:
  /// What changed; on a watch's thread. Also for names that nobody refers to: who is told knows. `is_of_start`: it was
  /// there when the first watches of all began, and is most likely none.
  using ChangeTaker = std::function<void(ReferenceKind kind, const runtime::Change& change, bool is_of_start)>;
  /// A scope that can't be watched, e.g. Forbidden with the rule that grants it; told again only when it differs.
  using RefusalTaker = std::function<void(const ReferenceScope& scope, const Error& error)>;
  /// A scope that could not be watched and can be now; on its watch's thread.
  using GrantTaker = std::function<void(const ReferenceScope& scope)>;
  struct Parts {
    ApiClient& client;
    ChangeTaker changed;
    RefusalTaker refused;  ///< May be null, as `granted`.
    GrantTaker granted;
    runtime::ReflectorHands hands;
  };

  explicit ReferenceWatches(Parts parts);
  /// Ends every watch.
  ~ReferenceWatches();
  ReferenceWatches(const ReferenceWatches&) = delete;
  ReferenceWatches& operator=(const ReferenceWatches&) = delete;

  /// What is referred to now: watches begin and end accordingly. Waits for those that end. After the first list of a
  /// scope its objects are told as Added, so that nothing that arrived before the watch is missed. False where the
  /// machine refuses a thread: that scope is told as refused, and tried again with the next call.
  bool watch_only(const std::set<ReferenceScope>& wanted);
  /// As Reflector::begin_anew(), for each scope.
  void begin_anew();

 private:
  struct Watch;
  struct State {
    std::map<ReferenceScope, std::unique_ptr<Watch>> watches;
    bool has_begun = false;
  };
  bool begin(State& state, const ReferenceScope& scope, bool is_of_start);

  const Parts parts_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::kube
