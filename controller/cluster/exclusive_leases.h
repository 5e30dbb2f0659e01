#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "controller/cluster/lease_store.h"
#include "controller/cluster/membership.h"
#include "controller/runtime/guarded.h"
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
/// is surely over. docs/decisions/0007-shards.md says why no two groups work at once. Thread-safe: renewals go on
/// beside a list.
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
  /// A list of all, as it is begun.
  struct Look {
    Time sent;
    bool is_in_force;            ///< The own Lease.
    bool is_needed;              ///< Else that of the own group is enough.
    std::set<std::string> also;  ///< Namespaces where one lives.
    std::uint64_t lapses;
  };
  /// What the lock guards.
  struct Seen {
    std::map<std::pair<std::string, std::string>, Rival> rivals;  ///< By namespace and name.
    std::optional<Time> last_look;   ///< When the last list of all that was answered was sent.
    Time answered{};                 ///< When that was answered.
    std::optional<Time> renewed;     ///< When the last write that was answered was sent.
    std::uint64_t lapses = 0;        ///< How often a write was answered when the Lease was not in force.
    bool is_alone = false;           ///< As was seen with the Lease that is in force.
    std::optional<Error> yields_to;  ///< Whoever works, or may begin before this one.
  };

  static Group group_of(const std::string& namespace_name, const std::string& name);
  static Group group_of(const kube::Lease& lease);
  static Error works_already(const Rival& rival);
  Look begin_look();
  std::optional<Rival> end_look(const std::vector<kube::Lease>& leases, const Look& look);
  bool has_lease(const Seen& seen, Time now) const;
  bool was_lost_unseen(const Seen& seen, Time now) const;
  void let_go(const std::vector<kube::Lease>& leases, Time sent, std::chrono::milliseconds longest,
              const std::stop_token& stop);
  std::set<std::string> where_they_live(const Seen& seen) const;
  void follow(Seen& seen, const std::vector<kube::Lease>& leases, Time sent) const;
  bool is_live(const Rival& rival, Time sent) const;
  std::optional<Rival> live_rival(const Seen& seen, Time sent) const;
  template <class Write>
  Result<kube::Lease> write(const kube::Lease& lease, const Write& send);

  const Group group_;
  const std::string holder_;
  const LeaseTimes times_;
  const Hands hands_;
  runtime::Guarded<Seen> seen_;
};

}  // namespace slipway::cluster
