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
  const Time sent = hands_.steady.now();
  const bool is_in_force = has_lease(sent);
  if (is_in_force && is_alone_) return hands_.own.list(longest, stop);
  is_alone_ = false;
  auto all = hands_.all.list_all(where_they_live(), longest, stop);
  if (!all) return std::unexpected(with_the_right_that_is_missing(std::move(all.error())));
  follow(*all, sent);
  yields_to_.reset();
  if (const auto rival = live_rival(sent)) {
    const Error error = works_already(*rival);
    const bool is_second = rival->group < group_;
    if (is_second || !is_in_force) yields_to_ = error;
    // Which of two that were away at once goes on must not be a matter of who looks first.
    if (is_second || rival->is_renewed) let_go(*all, sent, longest, stop);
    return std::unexpected(error);
  }
  is_alone_ = is_in_force;
  std::erase_if(*all, [&](const kube::Lease& lease) { return group_of(lease) != group_; });
  return all;
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
  if (yields_to_ && !gives_back) return std::unexpected(*yields_to_);
  const Time sent = hands_.steady.now();
  if (!gives_back && was_lost_unseen(sent)) return std::unexpected(was_over());
  auto written = send();
  if (!written) return written;
  // Others may have taken this replica for dead meanwhile.
  if (!has_lease(sent)) is_alone_ = false;
  renewed_ = gives_back ? std::nullopt : std::optional(sent);
  return written;
}

bool ExclusiveLeases::has_lease(Time now) const {
  return renewed_ && now - *renewed_ < times_.authority;
}

/// Whether the Lease was over since it was last renewed, and nobody was looked for after that.
bool ExclusiveLeases::was_lost_unseen(Time now) const {
  return renewed_ && !has_lease(now) && (!last_look_ || *last_look_ < *renewed_ + times_.authority);
}

/// Gives the own Lease back, so that nobody waits for it, when others may have taken its holder for dead anyway: what
/// was sent just before it was over has come to an end as well. What comes of it shows the next list.
void ExclusiveLeases::let_go(const std::vector<kube::Lease>& leases, Time sent, std::chrono::milliseconds longest,
                             const std::stop_token& stop) {
  if (renewed_ && sent - *renewed_ < times_.dead_after()) return;
  const auto own = std::ranges::find_if(
      leases, [&](const kube::Lease& lease) { return group_of(lease) == group_ && lease.holder == holder_; });
  if (own == leases.end()) return;
  kube::Lease free = *own;
  free.holder.clear();
  if (hands_.own.update(free, longest, stop)) renewed_.reset();
}

/// As the last look showed them: while nothing was seen, nobody was seen to be dead.
std::set<std::string> ExclusiveLeases::where_they_live() const {
  std::set<std::string> namespaces;
  for (const auto& [name, rival] : rivals_)
    if (is_live(rival, *last_look_)) namespaces.insert(rival.lease.namespace_name);
  return namespaces;
}

void ExclusiveLeases::follow(const std::vector<kube::Lease>& leases, Time sent) {
  const Time now = hands_.steady.now();
  // While nothing was seen, nobody was seen to be dead.
  const bool is_new_here = !last_look_ || sent - *last_look_ > times_.authority;
  decltype(rivals_) there;
  for (const kube::Lease& lease : leases) {
    const Group group = group_of(lease);
    if (group == group_) continue;
    const std::pair name{lease.namespace_name, lease.name};
    const auto before = rivals_.find(name);
    const bool is_known = !is_new_here && before != rivals_.end();
    const bool is_unchanged = is_known && before->second.lease.resource_version == lease.resource_version;
    const Time changed_at = is_unchanged ? before->second.changed_at : now;
    there.insert({name, {lease, group, changed_at, is_known && (!is_unchanged || before->second.is_renewed)}});
  }
  rivals_ = std::move(there);
  last_look_ = sent;
}

bool ExclusiveLeases::is_live(const Rival& rival, Time sent) const {
  return !rival.lease.holder.empty() && sent - rival.changed_at < times_.dead_after(rival.lease.duration);
}

/// The one that sorts first.
std::optional<ExclusiveLeases::Rival> ExclusiveLeases::live_rival(Time sent) const {
  std::optional<Rival> first;
  for (const auto& [name, rival] : rivals_) {
    if (!is_live(rival, sent)) continue;
    if (!first || rival.group < first->group) first = rival;
  }
  return first;
}

}  // namespace slipway::cluster
