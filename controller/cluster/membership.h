#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "controller/cluster/shard_map.h"
#include "controller/kube/lease.h"
#include "controller/runtime/system_clock.h"
#include "crds/base/result.h"
#include "crds/base/time.h"

namespace slipway::cluster {

/// Durations of the protocol; docs/decisions/0007-shards.md says what holds between them.
struct LeaseTimes {
  std::chrono::milliseconds lease{15'000};      ///< Written into the Lease: others may take over when it is over.
  std::chrono::milliseconds authority{10'000};  ///< Own work ends so long after the last renewal was sent.
  std::chrono::milliseconds round{2'000};       ///< Between two renewals; each is followed by a look at the others.
  std::chrono::milliseconds quick_round{500};   ///< The same while replicas have not agreed yet, and after a failure.
  std::chrono::milliseconds request{5'000};     ///< The most that one request may take: two fit into `authority`.
  std::chrono::milliseconds forget_after{30'000};  ///< A dead or released lease is removed.
  /// How long a lease must have been seen unchanged before its holder counts as dead: less than `lease`, so that with
  /// the time until the last renewal was seen it is not more.
  std::chrono::milliseconds dead_after() const { return lease - round - quick_round; }
  /// The same for one that asks for longer, as far as that is believed.
  std::chrono::milliseconds dead_after(std::chrono::seconds duration) const {
    const std::chrono::milliseconds believed = std::min<std::chrono::seconds>(duration, kLongestBelieved);
    return dead_after() + std::max(believed - lease, std::chrono::milliseconds{0});
  }
  static constexpr std::chrono::seconds kLongestBelieved{60};
};

struct MembershipOptions {
  std::string namespace_name;
  std::string group;   ///< Which leases belong together: the value of kReplicaGroup, at most 63 characters.
  std::string name;    ///< Of the own Lease, and with it of this member; see lease_name().
  std::string holder;  ///< Differs in each process, also of one name.
  LeaseTimes times;
};

/// The label that selects the leases of a group.
inline constexpr std::string_view kReplicaGroup = "slipway.dev/replica-of";
/// The annotation with the members among whom the holder shares the keys ("v1 a b c").
inline constexpr std::string_view kShardMembers = "slipway.dev/shard-members";

/// What groups begin with that are named after one host, as that of somebody's own machine.
inline constexpr std::string_view kGroupOfOneHost = "run";
/// Such a group works only where no other one does or begins at the same time.
bool is_group_of_one_host(std::string_view group);

/// `group` + "-" + `host`, as a name that an API server takes.
std::string lease_name(std::string_view group, std::string_view host);

/// Which keys a replica may work on, as a value.
struct Holdings {
  using Time = runtime::SteadyClock::Time;
  struct Other {
    std::string name;
    std::optional<Members> claim;  ///< Absent: unreadable, which claims everything.
    bool operator==(const Other&) const = default;
  };

  std::string self;
  Time until{};                 ///< When the own lease may be over.
  std::vector<Members> claims;  ///< Each of them must give the key to `self`; none: nothing is held.
  std::vector<Other> others;    ///< Whoever claims a key keeps it from everybody else.

  bool holds(std::string_view shard_key, Time now) const;
  bool operator==(const Holdings&) const = default;
};

/// One replica's part in sharing keys out: a state machine without I/O, threads or clocks. It is asked what to send,
/// told what came of it, and says which keys are held. Calls of one thread at a time.
///
/// A round is a renewal, which publishes among whom this replica shares the keys (its claim), and then a list. A key is
/// held while the own lease is in force, when the claim gives it to this replica, has been published, and a list that
/// was begun after that shows no claim of another live replica on it.
///
/// At most one list and one write are under way at a time, side by side: no renewal waits for a list that takes long.
class Membership {
 public:
  using Time = runtime::SteadyClock::Time;

  struct List {};
  struct Create {
    kube::Lease lease;
  };
  struct Update {
    kube::Lease lease;
  };
  struct Remove {
    kube::Lease lease;
  };
  struct Wait {
    Time until;
  };
  using Ask = std::variant<List, Create, Update, Remove, Wait>;

  explicit Membership(MembershipOptions options);

  /// What is known beside the Leases.
  struct Facts {
    Timestamp wall;          ///< For the times that people read.
    bool is_drained = true;  ///< No work goes on on keys that next_members() does not give to this replica.
    bool is_behind = false;  ///< It may not know what there is to do.
  };
  /// What to do now, until an answer comes. What is no Wait counts as sent, until its answer is told. Whose lease was
  /// over asks the others for its share only when it has seen them and is not behind; until then it looks at them.
  Ask next(Time now, const Facts& facts);
  /// The answers; `now` is when they came.
  void listed(const Result<std::vector<kube::Lease>>& leases, Time now);
  void written(const Result<kube::Lease>& lease, Time now);
  void removed(const Result<void>& done, Time now);

  /// Takes away for good what was held by a lease that is over by now: it comes back only by a round. Every other call
  /// does so first.
  void expire(Time now);
  /// Whether the own lease was over and nothing has been answered since.
  bool was_over() const { return was_over_; }
  /// From here on claims nothing, gives the lease back once all is drained, and is_released() then.
  void release(Time now);
  bool is_released() const { return part_ == Part::Released; }  ///< Then nothing is under way.

  Holdings holdings() const;
  bool has_authority(Time now) const;
  /// Among whom the keys are to be shared as far as is known now.
  const Members& next_members() const { return next_; }
  /// Whether another replica was ever seen that this one has not forgotten.
  bool knows_others() const { return !peers_.empty(); }
  /// Why the last request failed, or who has the own name; absent when all went well.
  const std::optional<Error>& failure() const { return failure_; }
  /// Why the others can't be seen; absent as long as the latest list, or one of lately, was answered.
  std::optional<Error> blindness(Time now) const;
  const LeaseTimes& times() const { return options_.times; }

 private:
  struct Peer {
    kube::Lease lease;
    std::optional<Members> claim;  ///< Absent: unreadable, or never seen.
    Time changed_at;               ///< When it was first seen as it is.
    bool is_missing = false;       ///< No longer listed, and not seen to be given back.
    bool is_dead = false;
    bool is_alive() const { return !is_dead && (is_missing || !lease.holder.empty()); }
  };
  /// What the own name's Lease is, as far as is known.
  enum class Own { Unknown, Absent, Free, Ours, Anothers };
  /// What this replica has to do with the group.
  enum class Part { Shares, Releases, Released };

  /// A list that is under way.
  struct Look {
    Time sent;
    bool is_beside_write;           ///< At some moment: what the write is told says more of the own Lease.
    std::optional<Members> proves;  ///< The claim that was published before it, and is the only one since.
  };

  Ask look(Time now);
  Ask write(Time now, const Facts& facts);
  Ask idle(Time now, Time due);
  Ask give_back(Time now, Timestamp wall);
  kube::Lease own_lease(Timestamp wall) const;
  std::optional<kube::Lease> garbage(Time now) const;
  bool holds_back(Time now) const;
  void prove_nothing();
  bool is_published() const;
  bool is_settled() const;
  Time next_death() const;
  std::chrono::milliseconds pause_after(const Error& error) const;

  void failed(const Error& error, Time now);
  void lose_lease();
  void follow(const std::vector<kube::Lease>& leases, const Look& look, Time now);
  void follow_own(const std::vector<kube::Lease>& leases, Time now);
  void see(const kube::Lease& lease, Time now);
  void see_own(const kube::Lease& lease, Time now);
  void miss(const std::vector<kube::Lease>& leases, Time now);
  void schedule(Time now);
  Members names_in_claims() const;
  void take_as_alive(const Members& named, Time now);
  void judge(Peer& peer) const;
  std::chrono::milliseconds dead_after(const Peer& peer) const;
  Members alive() const;

  MembershipOptions options_;
  Own own_ = Own::Unknown;
  kube::Lease lease_;                  ///< The own name's Lease, as it was last answered.
  std::map<std::string, Peer> peers_;  ///< By name; the own name's while another process has it, too.
  Members next_;                       ///< Among whom the keys are to be shared.
  std::optional<Members> writing_;     ///< The claim of the write that is under way; absent: it gives the Lease back.
  std::vector<Members> claims_;        ///< Those that the own Lease may have at the API server; the last is the newest.
  std::optional<Members> proven_;      ///< The claim that a list was begun after.
  std::vector<Members> since_proof_;   ///< Those sent since then: what one of them lacked is not proven.
  std::optional<Time> renewed_;        ///< When the last renewal that was answered was sent.
  Time in_force_since_{};              ///< When the first of those that went on since without a gap was answered.
  std::optional<Time> last_list_;      ///< When the last list that was answered was sent.
  Time seen_{};                        ///< When that was answered.
  std::optional<Look> look_;
  bool is_writing_ = false;  ///< Or removing a lease.
  Time last_write_{};        ///< When a write was last sent.
  Time write_again_{};       ///< Not before, after one that failed.
  Time due_{};
  bool looks_next_ = true;  ///< Whether a list is to be sent.
  Time tidy_due_{};         ///< When the next dead lease may be removed.
  Time tidied_{};           ///< When the removal of one was last sent.
  bool is_backing_off_ = false;
  bool was_refused_ = false;  ///< The last write came too late: somebody else's was there.
  bool was_over_ = false;
  bool is_behind_ = false;  ///< As it was told last.
  Part part_ = Part::Shares;
  std::optional<Error> failure_;
  std::optional<Error> list_failure_;  ///< Of the latest list.
};

}  // namespace slipway::cluster
