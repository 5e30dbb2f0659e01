#include "controller/transfer/blob_way.h"

#include <algorithm>
#include <utility>

#include "controller/transfer/blob_stream.h"
#include "controller/transfer/patience.h"

namespace slipway::transfer {

BlobWay::BlobWay(RunningTransfer& running, ImageLayers& layers, const content::Descriptor& blob,
                 const std::stop_token& stop)
    : running_(running),
      layers_(layers),
      blob_(blob),
      stop_(stop),
      at_{.host = running.to.host(), .digest = blob.digest, .size = blob.size},
      others_({.rules = running.means.rules,
               .hands = running.means.hands,
               .limit = running.means.limits.of(at_.host),
               .blob_size = blob.size,
               .request = running.others}) {}

Result<BlobOutcome> BlobWay::go() {
  Outcome outcome = mount_from_last(known_repositories());
  while (outcome && !*outcome) outcome = stop_.stop_requested() ? stopped() : send_or_wait();
  if (!outcome) return std::unexpected(std::move(outcome.error()));
  running_.means.whereabouts.remember(at_, running_.to.repository());
  return **outcome;
}

BlobWay::Outcome BlobWay::send_or_wait() {
  const auto worth = [this](const BlobWhereabouts::Ticket& other) {
    return is_of_use(other) && others_.is_worth_waiting(other);
  };
  BlobWhereabouts::Claim claim = running_.means.whereabouts.claim(at_, running_.to.repository(), worth);
  return claim.sending ? send_if_missing(*claim.sending) : wait_for(claim.other);
}

/// With a claim to it: others wait for it. Nothing when it is better to wait for another.
BlobWay::Outcome BlobWay::send_if_missing(BlobWhereabouts::Sending& sending) {
  Outcome outcome = mount_from_last(known_repositories());
  if (outcome && !*outcome) outcome = find_here();
  if (outcome && !*outcome) outcome = mount_from_known();
  if (outcome && !*outcome) outcome = mount_from_given();
  if (outcome && !*outcome) outcome = send_in_slot(sending);
  if (outcome && *outcome) sending.succeeded();
  return outcome;
}

/// Where this process has put it before: one request instead of a look and then a mount. Nothing where that is here.
BlobWay::Outcome BlobWay::mount_from_last(std::vector<std::string> known) {
  if (is_in_own(known)) return std::nullopt;
  keep_usable(known);
  if (known.size() > 1) known.resize(1);
  return mount_from_any(known);
}

BlobWay::Outcome BlobWay::find_here() {
  const bool asks = !running_.request.unasked.contains(blob_.digest);
  const Result<bool> there = asks ? is_there() : false;
  if (!there) return std::unexpected(there.error());
  if (*there) return BlobOutcome::Present;
  running_.means.whereabouts.forget(at_, running_.to.repository());
  return std::nullopt;
}

/// With the patience of an upload: what is sent beside it is worth more than a quick answer that it is not known yet.
Result<bool> BlobWay::is_there() {
  Patience patience(running_.means.rules, running_.means.hands,
                    [this](std::chrono::milliseconds delay, const Error& error) {
                      running_.board.waits(blob_, while_waiting(blob_.digest, delay, error));
                    });
  for (;;) {
    Result<bool> there = running_.to.has_blob(blob_, stop_);
    if (there) return there;
    const auto answer = patience.again(there.error(), stop_);
    if (answer == Patience::Answer::Stopped) return stopped();
    if (answer == Patience::Answer::Spent) return there;
  }
}

BlobWay::Outcome BlobWay::mount_from_known() {
  std::vector<std::string> known = known_repositories();
  keep_usable(known);
  return mount_from_any(known);
}

/// A mount does not say how large the blob is, and nobody here has seen it.
BlobWay::Outcome BlobWay::mount_from_given() {
  std::vector<std::string> candidates = running_.request.mount_from;
  if (running_.request.may_mount_from) keep_usable(candidates);
  Outcome mounted = mount_from_any(candidates);
  if (!mounted || !*mounted) return mounted;
  const Result<bool> there = is_there();
  if (!there) return std::unexpected(there.error());
  return *there ? mounted : std::nullopt;
}

/// A registry that does not mount opens an upload instead, so only a few are tried. A mount that fails is no mount:
/// what is wrong shows again in the next step.
BlobWay::Outcome BlobWay::mount_from_any(const std::vector<std::string>& repositories) {
  constexpr int kMostTries = 3;
  int tries = 0;
  for (const std::string& repository : repositories) {
    if (is_own(repository) || ++tries > kMostTries) continue;
    const Result<bool> mounted = running_.to.mount_blob(blob_.digest, repository, stop_);
    if (mounted && *mounted) return BlobOutcome::Mounted;
    if (!mounted && mounted.error().cls == ErrorClass::Cancelled) return std::unexpected(mounted.error());
    running_.means.whereabouts.forget(at_, repository);
  }
  return std::nullopt;
}

/// Nothing when it did not end well, or in time. Who sends it to this same repository has asked whether it is there.
BlobWay::Outcome BlobWay::wait_for(const std::shared_ptr<const BlobWhereabouts::Ticket>& other) {
  const bool is_here = is_own(other->repository);
  if (!is_here && !running_.request.unasked.contains(blob_.digest) && !std::exchange(asked_, true)) {
    const Result<bool> there = is_there();
    if (!there) return std::unexpected(there.error());
    if (*there) return BlobOutcome::Present;
  }
  if (!others_.wait_for(other, stop_) || !other->succeeded) return std::nullopt;
  if (is_here) return BlobOutcome::Present;
  mounts_ = false;
  return mount_from_any({other->repository});
}

bool BlobWay::is_of_use(const BlobWhereabouts::Ticket& other) const {
  return is_own(other.repository) || (mounts_ && may_use(other.repository));
}

/// Until there is a slot somebody else may have sent it, or have begun.
BlobWay::Outcome BlobWay::send_in_slot(BlobWhereabouts::Sending& sending) {
  const StreamSlots::Slot slot(running_.means.slots, running_.slots, stop_);
  if (!slot.held()) return stopped();
  const std::vector<std::string> known = known_repositories();
  if (is_in_own(known)) return BlobOutcome::Present;
  Outcome mounted = mount_from_last(known);
  if (!mounted || *mounted) return mounted;
  const auto worth = [this](const BlobWhereabouts::Ticket& other) {
    return is_of_use(other) && others_.is_worth_yielding(other);
  };
  if (const std::shared_ptr<const BlobWhereabouts::Ticket> other = sending.begin(worth)) {
    others_.take_back(other);
    return std::nullopt;
  }
  if (Result<void> sent = send(sending); !sent) return std::unexpected(std::move(sent.error()));
  return BlobOutcome::Sent;
}

Result<void> BlobWay::send(BlobWhereabouts::Sending& sending) {
  ProgressBoard& board = running_.board;
  BlobStream stream({.from = running_.from,
                     .to = running_.to,
                     .blob = blob_,
                     .layer = layers_.to_check(blob_.digest),
                     .rules = running_.means.rules,
                     .hands = running_.means.hands,
                     .limit = running_.means.limits.of(at_.host),
                     .moved =
                         [&](std::int64_t position) {
                           sending.moved(position);
                           board.moved(blob_, position);
                         },
                     .starved = [&](std::chrono::nanoseconds more) { sending.starved(more); },
                     .told = [&](const std::string& note) { board.told(note); },
                     .waits = [&](const std::string& note) { board.waits(blob_, note); },
                     .resumed = [&](const std::string& note) { board.resumed(note); }});
  Result<void> sent = stream.run(stop_);
  board.add_bytes_sent(stream.bytes_sent());
  if (!sent) return while_doing("sending " + blob_.digest.str(), std::move(sent.error()));
  if (const std::optional<std::int64_t> unpacked = stream.unpacked()) layers_.found_right(blob_, *unpacked);
  return sent;
}

bool BlobWay::is_in_own(const std::vector<std::string>& repositories) const {
  return std::ranges::any_of(repositories, [this](const std::string& repository) { return is_own(repository); });
}

bool BlobWay::may_use(const std::string& repository) const {
  return running_.request.may_mount_from && running_.request.may_mount_from(repository);
}

void BlobWay::keep_usable(std::vector<std::string>& repositories) const {
  std::erase_if(repositories, [this](const std::string& repository) { return !may_use(repository); });
}

}  // namespace slipway::transfer
