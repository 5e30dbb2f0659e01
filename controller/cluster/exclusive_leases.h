#pragma once

#include <chrono>
#include <compare>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/cluster/lease_store.h"
#include "controller/cluster/membership.h"
#include "controller/runtime/system_clock.h"

namespace slipway::cluster {

/// The Leases of one group of replicas, for as long as no other group works on the cluster: two would write the same
/// objects and tags without knowing of each other.
///
/// list() gives Conflict, which names the other, until a list that was sent while the own Lease was in force showed no
/// live Lease of another group, wherever an installation may be; and again from when the own Lease was over. Where one
/// was live at the last look it is looked again in any case: who is uninstalled loses its binding before it has ended.
/// A member owns nothing before its list was answered, so whoever came first goes on, and who comes later waits until
/// the first is gone. Whose own Lease was over and who meets another group's renews it no more, whoever that is: the
/// other works. Of two that come at once, or were away at once, the one that sorts later writes its Lease no more, and
/// waits: a group of one host after each other one, else by namespace and name. Who waits gives its Lease back once it
/// is surely over. docs/decisions/0007-shards.md says why no two groups work at once. Calls of one thread at a time.
class ExclusiveLeases final : public LeaseStore {
 public:
  struct Hands {
    LeaseStore& own;     ///< Of the group.
    ClusterLeases& all;  ///< Of every group.
    const runtime::SteadyClock& steady;
  };
  /// What `hands` refers to outlives it. `options` are those of the member.
  ExclusiveLeases(const MembershipOptions& options, const Hands& hands);

  Result<std::vector<kube::Lease>> list(std::chrono::milliseconds longest, const std::stop_token& stop) override;
  Result<kube::Lease> create(const kube::Lease& lease, std::chrono::milliseconds longest,
                             const std::stop_token& stop) override;
  Result<kube::Lease> update(const kube::Lease& lease, std::chrono::milliseconds longest,
                             const std::stop_token& stop) override;
  Result<void> remove(const kube::Lease& lease, std::chrono::milliseconds longest,
                      const std::stop_token& stop) override;

 private:
  using Time = runtime::SteadyClock::Time;
  struct Group {
    bool is_of_one_host;
    std::string namespace_name;
    std::string name;
    auto operator<=>(const Group&) const = default;
  };
  struct Rival {
    kube::Lease lease;
    Group group;
    Time changed_at;  ///< When it was first seen as it is.
    bool is_renewed;  ///< Seen to change since this replica began to look.
  };

  static Group group_of(const std::string& namespace_name, const std::string& name);
  static Group group_of(const kube::Lease& lease);
  static Error works_already(const Rival& rival);
  bool has_lease(Time now) const;
  bool was_lost_unseen(Time now) const;
  void let_go(const std::vector<kube::Lease>& leases, Time sent, std::chrono::milliseconds longest,
              const std::stop_token& stop);
  std::set<std::string> where_they_live() const;
  void follow(const std::vector<kube::Lease>& leases, Time sent);
  bool is_live(const Rival& rival, Time sent) const;
  std::optional<Rival> live_rival(Time sent) const;
  template <class Write>
  Result<kube::Lease> write(const kube::Lease& lease, const Write& send);

  const Group group_;
  const std::string holder_;
  const LeaseTimes times_;
  const Hands hands_;
  std::map<std::pair<std::string, std::string>, Rival> rivals_;  ///< By namespace and name.
  std::optional<Time> last_look_;                                ///< When the last list of all was sent.
  std::optional<Time> renewed_;                                  ///< When the last write that was answered was sent.
  bool is_alone_ = false;                                        ///< As was seen with the Lease that is in force.
  std::optional<Error> yields_to_;                               ///< Whoever works, or may begin before this one.
};

}  // namespace slipway::cluster
