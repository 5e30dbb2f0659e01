#include "controller/cluster/exclusive_leases.h"

#include <algorithm>

namespace slipway::cluster {
namespace {

/// Lists of every namespace's Leases are for the start; they need not come as often as those of the own group.
constexpr std::chrono::seconds kLookAgain{3};

Error with_the_right_that_is_missing(Error error) {
  if (error.cls == ErrorClass::Forbidden)
    error.remedy = "whether another installation works on this cluster can't be seen: " + error.remedy;
  return error;
}

Error was_over() {
  return {.cls = ErrorClass::Conflict,
          .message = "the own Lease was over: whether another installation works meanwhile is looked at first",
          .remedy = "nothing to do: that takes a moment",
          .reason = {},
          .retry_after = {}};
}

}  // namespace

ExclusiveLeases::ExclusiveLeases(const MembershipOptions& options, const Hands& hands)
    : group_(group_of(options.namespace_name, options.group)),
      holder_(options.holder),
      times_(options.times),
      hands_(hands) {}

ExclusiveLeases::Group ExclusiveLeases::group_of(const std::string& namespace_name, const std::string& name) {
  return {is_group_of_one_host(name), namespace_name, name};
}

ExclusiveLeases::Group ExclusiveLeases::group_of(const kube::Lease& lease) {
  const auto label = lease.labels.find(std::string(kReplicaGroup));
  return group_of(lease.namespace_name, label == lease.labels.end() ? "" : label->second);
}

Error ExclusiveLeases::works_already(const Rival& rival) {
  return {.cls = ErrorClass::Conflict,
          .message = "another installation of Slipway works on this cluster: " + rival.group.name + " in namespace " +
                     rival.group.namespace_name + " holds the Lease " + rival.lease.name,
          .remedy = "remove one of the two; this one begins by itself once the other is gone",
          .reason = {},
          .retry_after = kLookAgain};
}

Result<std::vector<kube::Lease>> ExclusiveLeases::list(std::chrono::milliseconds longest, const std::stop_token& stop) {
  const Look look = begin_look();
  if (!look.is_needed) return hands_.own.list(longest, stop);
  auto all = hands_.all.list_all(look.also, longest, stop);
  if (!all) return std::unexpected(with_the_right_that_is_missing(std::move(all.error())));
  if (const auto rival = end_look(*all, look)) {
    // Which of two that were away at once goes on must not be a matter of who looks first.
    if (rival->group < group_ || rival->is_renewed) let_go(*all, look.sent, longest, stop);
    return std::unexpected(works_already(*rival));
  }
  std::erase_if(*all, [&](const kube::Lease& lease) { return group_of(lease) != group_; });
  return all;
}

ExclusiveLeases::Look ExclusiveLeases::begin_look() {
  const auto seen = seen_.lock();
  const Time sent = hands_.steady.now();
  const bool is_in_force = has_lease(*seen, sent);
  const bool is_needed = !is_in_force || !seen->is_alone;
  if (is_needed) seen->is_alone = false;
  return {.sent = sent,
          .is_in_force = is_in_force,
          .is_needed = is_needed,
          .also = is_needed ? where_they_live(*seen) : std::set<std::string>{},
          .lapses = seen->lapses};
}

/// The live one of another group that is in the way.
std::optional<ExclusiveLeases::Rival> ExclusiveLeases::end_look(const std::vector<kube::Lease>& leases,
                                                                const Look& look) {
  const auto seen = seen_.lock();
  follow(*seen, leases, look.sent);
  seen->yields_to.reset();
  auto rival = live_rival(*seen, look.sent);
  if (rival && (rival->group < group_ || !look.is_in_force)) seen->yields_to = works_already(*rival);
  seen->is_alone = !rival && look.is_in_force && seen->lapses == look.lapses;
  return rival;
}

Result<kube::Lease> ExclusiveLeases::create(const kube::Lease& lease, std::chrono::milliseconds longest,
                                            const std::stop_token& stop) {
  return write(lease, [&] { return hands_.own.create(lease, longest, stop); });
}

Result<kube::Lease> ExclusiveLeases::update(const kube::Lease& lease, std::chrono::milliseconds longest,
                                            const std::stop_token& stop) {
  return write(lease, [&] { return hands_.own.update(lease, longest, stop); });
}

Result<void> ExclusiveLeases::remove(const kube::Lease& lease, std::chrono::milliseconds longest,
                                     const std::stop_token& stop) {
  return hands_.own.remove(lease, longest, stop);
}

template <class Write>
Result<kube::Lease> ExclusiveLeases::write(const kube::Lease& lease, const Write& send) {
  const bool gives_back = lease.holder.empty();
  const Time sent = hands_.steady.now();
  {
    const auto seen = seen_.lock();
    if (seen->yields_to && !gives_back) return std::unexpected(*seen->yields_to);
    if (!gives_back && was_lost_unseen(*seen, sent)) return std::unexpected(was_over());
  }
  auto written = send();
  if (!written) return written;
  const auto seen = seen_.lock();
  // Others may have taken this replica for dead by the time at which it was answered.
  if (!has_lease(*seen, hands_.steady.now())) {
    seen->is_alone = false;
    ++seen->lapses;
  }
  seen->renewed = gives_back ? std::nullopt : std::optional(sent);
  return written;
}

bool ExclusiveLeases::has_lease(const Seen& seen, Time now) const {
  return seen.renewed && now - *seen.renewed < times_.authority;
}

/// Whether the Lease was over since it was last renewed, and nobody was looked for after that.
bool ExclusiveLeases::was_lost_unseen(const Seen& seen, Time now) const {
  return seen.renewed && !has_lease(seen, now) &&
         (!seen.last_look || *seen.last_look < *seen.renewed + times_.authority);
}

/// Gives the own Lease back, so that nobody waits for it, when others may have taken its holder for dead anyway: what
/// was sent just before it was over has come to an end as well. What comes of it shows the next list.
void ExclusiveLeases::let_go(const std::vector<kube::Lease>& leases, Time sent, std::chrono::milliseconds longest,
                             const std::stop_token& stop) {
  const auto renewed = seen_.lock()->renewed;
  if (renewed && sent - *renewed < times_.dead_after()) return;
  const auto own = std::ranges::find_if(
      leases, [&](const kube::Lease& lease) { return group_of(lease) == group_ && lease.holder == holder_; });
  if (own == leases.end()) return;
  kube::Lease free = *own;
  free.holder.clear();
  if (hands_.own.update(free, longest, stop)) seen_.lock()->renewed.reset();
}

/// As the last look showed them: while nothing was seen, nobody was seen to be dead.
std::set<std::string> ExclusiveLeases::where_they_live(const Seen& seen) const {
  std::set<std::string> namespaces;
  for (const auto& [name, rival] : seen.rivals)
    if (is_live(rival, *seen.last_look)) namespaces.insert(rival.lease.namespace_name);
  return namespaces;
}

void ExclusiveLeases::follow(Seen& seen, const std::vector<kube::Lease>& leases, Time sent) const {
  const Time now = hands_.steady.now();
  // While nothing was seen, nobody was seen to be dead.
  const bool is_new_here = !seen.last_look || sent - seen.answered > times_.authority;
  decltype(seen.rivals) there;
  for (const kube::Lease& lease : leases) {
    const Group group = group_of(lease);
    if (group == group_) continue;
    const std::pair name{lease.namespace_name, lease.name};
    const auto before = seen.rivals.find(name);
    const bool is_known = !is_new_here && before != seen.rivals.end();
    const bool is_unchanged = is_known && before->second.lease.resource_version == lease.resource_version;
    const Time changed_at = is_unchanged ? before->second.changed_at : now;
    there.insert({name, {lease, group, changed_at, is_known && (!is_unchanged || before->second.is_renewed)}});
  }
  seen.rivals = std::move(there);
  seen.last_look = sent;
  seen.answered = now;
}

bool ExclusiveLeases::is_live(const Rival& rival, Time sent) const {
  return !rival.lease.holder.empty() && sent - rival.changed_at < times_.dead_after(rival.lease.duration);
}

/// The one that sorts first.
std::optional<ExclusiveLeases::Rival> ExclusiveLeases::live_rival(const Seen& seen, Time sent) const {
  std::optional<Rival> first;
  for (const auto& [name, rival] : seen.rivals) {
    if (!is_live(rival, sent)) continue;
    if (!first || rival.group < first->group) first = rival;
  }
  return first;
}

}  // namespace slipway::cluster
