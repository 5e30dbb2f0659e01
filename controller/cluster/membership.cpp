#include "controller/cluster/membership.h"

#include <algorithm>
#include <utility>

#include "crds/base/error_class.h"
#include "crds/base/text.h"

namespace slipway::cluster {
namespace {

/// How a claim is written. Who shares keys by another rule writes another word.
constexpr std::string_view kClaimVersion = "v1";
constexpr std::size_t kLongestName = 253;

std::string text_of(const Members& members) {
  std::string text{kClaimVersion};
  for (const std::string& member : members) text += ' ' + member;
  return text;
}

std::optional<Members> claim_of(const kube::Lease& lease) {
  const auto found = lease.annotations.find(std::string(kShardMembers));
  if (found == lease.annotations.end()) return std::nullopt;
  std::string_view rest = found->second;
  if (!rest.starts_with(kClaimVersion)) return std::nullopt;
  rest.remove_prefix(kClaimVersion.size());
  Members members;
  while (rest.starts_with(' ')) {
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find(' '));
    members.emplace(name);
    rest.remove_prefix(name.size());
  }
  return rest.empty() ? std::optional(std::move(members)) : std::nullopt;
}

bool contains(const std::vector<Members>& claims, const Members& claim) {
  return std::ranges::find(claims, claim) != claims.end();
}

void add_once(std::vector<Members>& claims, const Members& claim) {
  if (!contains(claims, claim)) claims.push_back(claim);
}

Error held_by_another(const kube::Lease& lease) {
  return {.cls = ErrorClass::Conflict,
          .message = "the Lease " + lease.name + " is held by " + quoted(lease.holder),
          .remedy = "wait until it has run out; where two processes have one host name, give each its own",
          .reason = {},
          .retry_after = {}};
}

}  // namespace

bool is_group_of_one_host(std::string_view group) {
  return group.starts_with(kGroupOfOneHost) &&
         (group.size() == kGroupOfOneHost.size() || group[kGroupOfOneHost.size()] == '-');
}

std::string lease_name(std::string_view group, std::string_view host) {
  std::string name = lower_case(host);
  const std::string prefix = lower_case(group) + '-';
  if (!name.starts_with(prefix)) name = prefix + name;
  name.resize(std::min(name.size(), kLongestName));
  std::ranges::replace_if(name, [](char c) { return !is_alphanumeric(c) && c != '-'; }, '-');
  const auto last = std::ranges::find_if(name.rbegin(), name.rend(), is_alphanumeric);
  name.erase(last.base(), name.end());
  return name;
}

bool Holdings::holds(std::string_view shard_key, Time now) const {
  if (claims.empty() || now >= until) return false;
  const auto gives_it = [&](const Members& claim) { return owner_of(shard_key, claim) == self; };
  const auto wants_it = [&](const Other& other) {
    return !other.claim || owner_of(shard_key, *other.claim) == other.name;
  };
  return std::ranges::all_of(claims, gives_it) && std::ranges::none_of(others, wants_it);
}

Membership::Membership(MembershipOptions options) : options_(std::move(options)) {}

Membership::Ask Membership::next(Time now, const Facts& facts) {
  expire(now);
  is_behind_ = facts.is_behind;
  if (part_ != Part::Shares) return give_back(now, facts.wall);
  const bool looks_first = own_ == Own::Unknown || own_ == Own::Anothers || holds_back(now);
  const bool looks = (looks_first || looks_next_) && !look_;
  if (looks && now >= due_) return look(now);
  if (looks_first || is_writing_) return looks ? idle(now, due_) : Wait{Time::max()};
  const bool publishes = own_ == Own::Ours && !looks && !is_backing_off_ && facts.is_drained && !is_published();
  // A list holds up no renewal, neither one that takes long nor one that waits because the one before failed.
  const bool is_beside_list = looks || look_;
  const Time due = is_beside_list ? std::max<Time>(last_write_ + options_.times.round, write_again_) : due_;
  if (now >= due || publishes) return write(now, facts);
  return idle(now, looks ? std::min(due, due_) : due);
}

Membership::Ask Membership::look(Time now) {
  looks_next_ = false;
  look_ = Look{.sent = now, .is_beside_write = is_writing_, .proves = {}};
  if (own_ == Own::Ours && has_authority(now) && claims_.size() == 1) look_->proves = claims_.front();
  return List{};
}

Membership::Ask Membership::idle(Time now, Time due) {
  if (look_ || is_writing_) return Wait{due};
  auto dead = garbage(now);
  if (!dead) return Wait{due};
  tidy_due_ = now + options_.times.round;
  tidied_ = now;
  is_writing_ = true;
  return Remove{std::move(*dead)};
}

/// While there are others, who have the share meanwhile.
bool Membership::holds_back(Time now) const {
  return (was_over_ || is_behind_) && !has_authority(now) && !alive().empty();
}

Membership::Ask Membership::write(Time now, const Facts& facts) {
  // What goes away is claimed for as long as work on it goes on.
  const bool keeps_claim = own_ == Own::Ours && !facts.is_drained && !claims_.empty();
  writing_ = keeps_claim ? claims_.back() : next_;
  last_write_ = now;
  is_writing_ = true;
  if (look_) look_->is_beside_write = true;
  kube::Lease lease = own_lease(facts.wall);
  add_once(claims_, *writing_);
  add_once(since_proof_, *writing_);
  if (claims_.size() != 1) prove_nothing();
  if (own_ == Own::Absent) return Create{std::move(lease)};
  return Update{std::move(lease)};
}

kube::Lease Membership::own_lease(Timestamp wall) const {
  const bool is_ours = own_ == Own::Ours;
  const bool is_there = own_ != Own::Absent;
  return {.namespace_name = options_.namespace_name,
          .name = options_.name,
          .resource_version = is_there ? lease_.resource_version : "",
          .labels = {{std::string(kReplicaGroup), options_.group}},
          .annotations = {{std::string(kShardMembers), text_of(writing_.value_or(Members{}))}},
          .holder = options_.holder,
          .duration = std::chrono::ceil<std::chrono::seconds>(options_.times.lease),
          .acquired = is_ours ? lease_.acquired : wall,
          .renewed = wall,
          .transitions = is_there ? lease_.transitions + (is_ours ? 0 : 1) : 0};
}

/// The list that is under way was begun before the present claim was published, or before the lease was over.
void Membership::prove_nothing() {
  if (look_) look_->proves.reset();
}

Membership::Ask Membership::give_back(Time now, Timestamp wall) {
  if (look_ || is_writing_) return Wait{Time::max()};
  const bool never_had_one = lease_.resource_version.empty() && claims_.empty();
  const bool is_free = own_ == Own::Free && !alive().empty();
  const bool is_anothers = own_ == Own::Absent || own_ == Own::Anothers;
  if (never_had_one || is_free || is_anothers) part_ = Part::Released;
  if (is_released()) return Wait{Time::max()};
  if (now < due_) return Wait{due_};
  if (own_ == Own::Unknown) return look(now);
  is_writing_ = true;
  if (own_ == Own::Free) return Remove{lease_};
  writing_.reset();
  kube::Lease lease = own_lease(wall);
  lease.holder.clear();
  return Update{std::move(lease)};
}

void Membership::written(const Result<kube::Lease>& lease, Time now) {
  expire(now);
  is_writing_ = false;
  const auto claim = std::exchange(writing_, std::nullopt);
  if (!lease) return failed(lease.error(), now);
  lease_ = *lease;
  failure_.reset();
  is_backing_off_ = was_refused_ = was_over_ = false;
  if (!claim) {
    // It stays until the others have seen that it is free: one that is gone may be anything.
    lose_lease();
    own_ = Own::Free;
    return;
  }
  own_ = Own::Ours;
  claims_ = {*claim};
  if (!renewed_) in_force_since_ = now;
  renewed_ = last_write_;
  looks_next_ = true;
  due_ = now;
}

void Membership::removed(const Result<void>& done, Time now) {
  expire(now);
  is_writing_ = false;
  if (!done) tidy_due_ = now + options_.times.forget_after;
  if (part_ == Part::Releases && own_ == Own::Free) part_ = Part::Released;
}

void Membership::failed(const Error& error, Time now) {
  failure_ = error;
  const bool is_refused = error.cls == ErrorClass::Conflict || error.cls == ErrorClass::NotFound;
  if (is_refused) {
    if (error.cls == ErrorClass::NotFound) lose_lease();
    own_ = Own::Unknown;
    due_ = was_refused_ ? now + options_.times.quick_round : now;
    was_refused_ = true;
    return;
  }
  is_backing_off_ = true;
  due_ = write_again_ = now + pause_after(error);
}

std::chrono::milliseconds Membership::pause_after(const Error& error) const {
  const std::chrono::milliseconds pause = is_passing(error.cls) ? options_.times.quick_round : options_.times.round;
  // Never so long that the Lease runs out meanwhile, whatever the answer asks: two small requests a round burden
  // nobody.
  return error.retry_after ? std::clamp<std::chrono::milliseconds>(*error.retry_after, pause, options_.times.round)
                           : pause;
}

void Membership::listed(const Result<std::vector<kube::Lease>>& leases, Time now) {
  expire(now);
  const Look look = *std::exchange(look_, std::nullopt);
  if (!leases) {
    failure_ = list_failure_ = leases.error();
    is_backing_off_ = true;
    due_ = now + pause_after(leases.error());
    // Not seeing the others is no reason to let the own lease run out.
    looks_next_ = looks_next_ || now - last_write_ < options_.times.round;
    return;
  }
  was_over_ = false;
  list_failure_.reset();
  if (now >= write_again_) {
    is_backing_off_ = false;
    failure_.reset();
  }
  follow(*leases, look, now);
  const bool is_sure = own_ == Own::Ours && has_authority(now) && claims_.size() == 1;
  if (is_sure && look.proves == claims_.front()) {
    proven_ = look.proves;
    since_proof_.clear();
  }
  schedule(now);
}

void Membership::schedule(Time now) {
  if (own_ == Own::Anothers) {
    failure_ = held_by_another(lease_);
    due_ = std::min(now + options_.times.round, next_death());
  } else if (own_ == Own::Ours && has_authority(now)) {
    due_ = is_settled() ? last_write_ + options_.times.round : now + options_.times.quick_round;
    due_ = std::min(due_, next_death());
  } else {
    due_ = was_refused_ || holds_back(now) ? now + options_.times.quick_round : now;
  }
  // Where a renewal was answered meanwhile, another list is owed.
  due_ = looks_next_ ? now : std::max(due_, write_again_);
}

void Membership::follow(const std::vector<kube::Lease>& leases, const Look& look, Time now) {
  // While nothing was seen, nobody was seen to be dead.
  const bool is_new_here = !last_list_ || look.sent - seen_ > options_.times.authority;
  // Nor was whoever came meanwhile, or while the own lease was not in force, and is named by others alone by now.
  const bool may_know_less = is_new_here || !renewed_ || *last_list_ < in_force_since_;
  last_list_ = look.sent;
  seen_ = now;
  for (auto& [name, peer] : peers_)
    if (is_new_here && peer.is_alive()) peer.changed_at = now;
  for (const kube::Lease& lease : leases)
    if (lease.name != options_.name) see(lease, now);
  miss(leases, now);
  if (!look.is_beside_write) follow_own(leases, now);
  const Members named = names_in_claims();
  if (may_know_less) take_as_alive(named, now);
  std::erase_if(peers_, [&](const auto& peer) {
    return peer.second.is_missing && peer.second.is_dead && !named.contains(peer.first);
  });
  next_.clear();
  if (part_ != Part::Shares) return;
  next_ = alive();
  next_.insert(options_.name);
}

void Membership::follow_own(const std::vector<kube::Lease>& leases, Time now) {
  const auto found = std::ranges::find(leases, options_.name, &kube::Lease::name);
  if (found != leases.end()) return see_own(*found, now);
  const auto other = peers_.find(options_.name);
  if (own_ == Own::Ours) lose_lease();
  own_ = other != peers_.end() && other->second.is_alive() ? Own::Anothers : Own::Absent;
}

void Membership::see(const kube::Lease& lease, Time now) {
  const auto [place, is_new] = peers_.try_emplace(lease.name);
  Peer& peer = place->second;
  if (is_new || peer.is_missing || peer.lease.resource_version != lease.resource_version)
    peer = {.lease = lease, .claim = claim_of(lease), .changed_at = now};
  else
    judge(peer);
}

void Membership::see_own(const kube::Lease& lease, Time now) {
  lease_ = lease;
  if (lease.holder == options_.holder) {
    own_ = Own::Ours;
    peers_.erase(lease.name);
    const auto claim = claim_of(lease);
    if (claim && contains(claims_, *claim)) return;
    // Somebody edited it.
    proven_.reset();
    claims_.clear();
    if (claim) claims_.push_back(*claim);
    return;
  }
  lose_lease();
  see(lease, now);
  own_ = peers_.at(lease.name).is_alive() ? Own::Anothers : Own::Free;
}

/// A lease that was given back is there to be seen; one that is gone without that was removed by somebody, and its
/// holder may be at work for as long as if it had been renewed just now.
void Membership::miss(const std::vector<kube::Lease>& leases, Time now) {
  for (auto& [name, peer] : peers_) {
    const auto has_name = [&](const kube::Lease& lease) { return lease.name == name; };
    if (std::ranges::any_of(leases, has_name)) continue;
    if (!peer.is_alive()) {
      peer.is_dead = peer.is_missing = true;
    } else if (!peer.is_missing) {
      peer.is_missing = true;
      peer.changed_at = now;
    } else {
      judge(peer);
    }
  }
}

Members Membership::names_in_claims() const {
  Members named;
  for (const auto& [name, peer] : peers_)
    if (peer.is_alive() && peer.claim) named.insert(peer.claim->begin(), peer.claim->end());
  named.erase(options_.name);
  return named;
}

/// Whom the others know is alive until this replica, which was not here to see it, has waited for it in vain: its lease
/// may have been removed. One that is named later had no lease for as long as this replica looked.
void Membership::take_as_alive(const Members& named, Time now) {
  for (const std::string& name : named) {
    const auto [place, is_new] = peers_.try_emplace(name);
    if (!is_new) continue;
    place->second.lease.name = name;
    place->second.changed_at = now;
    place->second.is_missing = true;
  }
}

void Membership::judge(Peer& peer) const {
  // The list shows how it was when it was asked for or later.
  if (peer.is_alive() && *last_list_ - peer.changed_at >= dead_after(peer)) peer.is_dead = true;
}

std::chrono::milliseconds Membership::dead_after(const Peer& peer) const {
  return options_.times.dead_after(peer.lease.duration);
}

Members Membership::alive() const {
  Members names;
  for (const auto& [name, peer] : peers_)
    if (name != options_.name && peer.is_alive()) names.insert(name);
  return names;
}

Membership::Time Membership::next_death() const {
  Time next = Time::max();
  for (const auto& [name, peer] : peers_)
    if (peer.is_alive()) next = std::min<Time>(next, peer.changed_at + dead_after(peer));
  return next;
}

std::optional<kube::Lease> Membership::garbage(Time now) const {
  if (!has_authority(now) || now < tidy_due_) return std::nullopt;
  // Only a list tells that what was removed is gone.
  if (!last_list_ || *last_list_ < tidied_) return std::nullopt;
  for (const auto& [name, peer] : peers_) {
    const bool is_over = name != options_.name && !peer.is_alive() && !peer.is_missing &&
                         now - peer.changed_at >= options_.times.forget_after;
    // One of the replicas is enough.
    if (is_over && owner_of(name, next_) == options_.name) return peer.lease;
  }
  return std::nullopt;
}

bool Membership::is_published() const {
  return !claims_.empty() && claims_.back() == next_;
}

bool Membership::is_settled() const {
  const auto agrees = [&](const auto& peer) { return !peer.second.is_alive() || peer.second.claim == next_; };
  return claims_.size() == 1 && is_published() && proven_ == next_ && std::ranges::all_of(peers_, agrees);
}

void Membership::lose_lease() {
  prove_nothing();
  renewed_.reset();
  proven_.reset();
  claims_.clear();
}

void Membership::expire(Time now) {
  if (!renewed_ || now < *renewed_ + options_.times.authority) return;
  prove_nothing();
  renewed_.reset();
  proven_.reset();
  was_over_ = true;
}

void Membership::release(Time now) {
  expire(now);
  if (part_ == Part::Shares) part_ = Part::Releases;
  next_.clear();
  due_ = now;
}

std::optional<Error> Membership::blindness(Time now) const {
  const bool saw_them = last_list_ && now - *last_list_ < options_.times.authority;
  return saw_them ? std::nullopt : list_failure_;
}

bool Membership::has_authority(Time now) const {
  return renewed_ && now < *renewed_ + options_.times.authority;
}

Holdings Membership::holdings() const {
  Holdings held{.self = options_.name, .until = {}, .claims = {}, .others = {}};
  if (renewed_) held.until = *renewed_ + options_.times.authority;
  if (!proven_) return held;
  held.claims.push_back(*proven_);
  for (const Members& claim : since_proof_) add_once(held.claims, claim);
  for (const Members& claim : claims_) add_once(held.claims, claim);
  add_once(held.claims, next_);
  // A claim that is the own one gives each key to one of the two.
  for (const auto& [name, peer] : peers_)
    if (peer.is_alive() && peer.claim != proven_) held.others.push_back({name, peer.claim});
  return held;
}

}  // namespace slipway::cluster
