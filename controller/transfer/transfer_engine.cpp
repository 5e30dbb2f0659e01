#include "controller/transfer/transfer_engine.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <system_error>
#include <thread>
#include <utility>

#include "controller/transfer/blob_stream.h"
#include "controller/transfer/other_senders.h"

namespace slipway::transfer {

/// One blob's share of the process: held while it is streamed. Nobody's slow sources keep a request from its first.
class TransferEngine::Slot {
 public:
  /// `of_request` counts those of one request, under the engine's lock.
  Slot(TransferEngine& engine, int& of_request, const std::stop_token& stop)
      : engine_(engine), of_request_(of_request) {
    auto streams = engine_.streams_.lock();
    held_ = streams.wait(engine_.stream_ended_, stop,
                         [&] { return of_request_ == 0 || *streams < engine_.rules_.most_streams; });
    if (!held_) return;
    ++*streams;
    ++of_request_;
  }
  ~Slot() {
    if (!held_) return;
    {
      auto streams = engine_.streams_.lock();
      --*streams;
      --of_request_;
    }
    engine_.stream_ended_.notify_all();
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  bool held() const { return held_; }

 private:
  TransferEngine& engine_;
  int& of_request_;
  bool held_ = false;
};

/// One request on its way.
class TransferEngine::Job {
 public:
  Job(TransferEngine& engine, ImageSource& from, ImageStore& to, const BlobTransferRequest& request)
      : engine_(engine),
        from_(from),
        to_(to),
        request_(request),
        board_(request.blobs, request.on_progress),
        blobs_(request.blobs) {
    std::stable_sort(blobs_.begin(), blobs_.end(), [](const auto& a, const auto& b) { return a.size > b.size; });
  }

  Result<BlobTransferReport> run(const std::stop_token& stop);
  /// What was done so far.
  BlobTransferReport report() { return board_.report(); }

 private:
  struct State {
    std::size_t next = 0;
    std::optional<Error> error;
    std::set<Digest> postponed;  ///< Sent, but not looked into.
  };
  /// The way of one blob.
  struct Way {
    OtherSenders others;
    bool mounts = true;  ///< Nothing is known against using what others sent to another repository.
    bool asked = false;  ///< Whether it is here already.
  };

  void work_together(std::size_t workers);
  /// By one more, unless the machine refuses a thread.
  bool is_joined(std::vector<std::jthread>& others);
  void work(const std::stop_token& stop);
  void without_throwing(const std::function<void()>& work);
  void place_all(const std::stop_token& stop);
  const content::Descriptor* next();
  void give_up(Error error);
  Result<BlobOutcome> place(const content::Descriptor& blob, const std::stop_token& stop);
  Result<std::optional<BlobOutcome>> find_elsewhere(const content::Descriptor& blob, const std::stop_token& stop);
  Result<std::optional<BlobOutcome>> find_or_send(const content::Descriptor& blob, BlobWhereabouts::Sending& sending,
                                                  Way& way, const std::stop_token& stop);
  Result<std::optional<BlobOutcome>> send_in_slot(const content::Descriptor& blob, BlobWhereabouts::Sending& sending,
                                                  Way& way, const std::stop_token& stop);
  Result<std::optional<BlobOutcome>> wait_for(const content::Descriptor& blob,
                                              const std::shared_ptr<const BlobWhereabouts::Ticket>& other, Way& way,
                                              const std::stop_token& stop);
  bool is_of_use(const BlobWhereabouts::Ticket& other, const Way& way) const;
  Result<std::optional<BlobOutcome>> find_here(const content::Descriptor& blob, const std::stop_token& stop);
  Result<std::optional<BlobOutcome>> mount_and_look(const content::Descriptor& blob, const std::stop_token& stop);
  Result<std::optional<BlobOutcome>> mount_from_any(const content::Descriptor& blob,
                                                    const std::vector<std::string>& repositories,
                                                    const std::stop_token& stop);
  Result<void> send(const content::Descriptor& blob, BlobWhereabouts::Sending& sending, const std::stop_token& stop);
  Result<void> look_into(const content::Descriptor& blob, const std::string& diff_id, BlobOutcome outcome,
                         const std::stop_token& stop);
  Result<void> look_in_turn(const content::Descriptor& blob, const std::string& diff_id, const std::stop_token& stop);
  Result<bool> read_there(const content::Descriptor& blob, BlobCheck& check, const std::stop_token& stop);
  /// What a layer is to be held against: nothing when nobody asks, or when it was found right before.
  std::optional<std::string> diff_id_of(const Digest& layer) const;
  bool may_use(const std::string& repository) const;
  void keep_usable(std::vector<std::string>& repositories) const;
  BlobAt at(const content::Descriptor& blob) const {
    return {.host = to_.host(), .digest = blob.digest, .size = blob.size};
  }

  TransferEngine& engine_;
  ImageSource& from_;
  ImageStore& to_;
  const BlobTransferRequest& request_;
  ProgressBoard board_;
  std::vector<content::Descriptor> blobs_;
  std::stop_source abandoned_;  ///< By the outside, or by the first blob that fails.
  int streams_ = 0;
  runtime::Guarded<State> state_;
};

Result<BlobTransferReport> TransferEngine::Job::run(const std::stop_token& stop) {
  for (const content::Descriptor& blob : blobs_)
    if (blob.size < 0)
      return fail(ErrorClass::Integrity, blob.digest.str() + " has a negative size", "push the image again");
  if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "the transfer was stopped");
  const std::stop_callback pass_on(stop, [this] { abandoned_.request_stop(); });
  board_.tell();
  work_together(std::min(static_cast<std::size_t>(std::max(1, request_.concurrency)), blobs_.size()));
  without_throwing([this] { board_.tell_all(); });
  if (std::optional<Error> error = state_.lock()->error) return std::unexpected(std::move(*error));
  if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "the transfer was stopped");
  return board_.report();
}

/// The calling thread is one of the workers, and works alone where the machine refuses others.
void TransferEngine::Job::work_together(std::size_t workers) {
  std::vector<std::jthread> others;
  while (others.size() + 1 < workers && is_joined(others)) {
  }
  work(abandoned_.get_token());
}

bool TransferEngine::Job::is_joined(std::vector<std::jthread>& others) {
  try {
    others.emplace_back([this] { work(abandoned_.get_token()); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void TransferEngine::Job::work(const std::stop_token& stop) {
  without_throwing([&] { place_all(stop); });
}

/// What a thread throws would end the process.
void TransferEngine::Job::without_throwing(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& broken) {
    give_up(
        fail(ErrorClass::Internal, std::string("the transfer broke: ") + broken.what(), "report it as a bug").error());
  }
}

void TransferEngine::Job::place_all(const std::stop_token& stop) {
  while (const content::Descriptor* blob = stop.stop_requested() ? nullptr : next()) {
    Result<BlobOutcome> outcome = place(*blob, stop);
    if (!outcome) return give_up(std::move(outcome.error()));
    board_.done(*blob, *outcome);
  }
}

const content::Descriptor* TransferEngine::Job::next() {
  auto state = state_.lock();
  return state->next < blobs_.size() ? &blobs_[state->next++] : nullptr;
}

/// The first error is the one that counts: those after it come from stopping.
void TransferEngine::Job::give_up(Error error) {
  {
    auto state = state_.lock();
    if (!state->error) state->error = std::move(error);
  }
  abandoned_.request_stop();
}

Result<BlobOutcome> TransferEngine::Job::place(const content::Descriptor& blob, const std::stop_token& stop) {
  Result<std::optional<BlobOutcome>> found = find_elsewhere(blob, stop);
  Way way{.others = OtherSenders({.rules = engine_.rules_,
                                  .hands = engine_.hands_,
                                  .limit = engine_.limit_of(to_.host()),
                                  .blob_size = blob.size})};
  while (found && !*found) {
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "the transfer was stopped");
    const auto worth = [&](const BlobWhereabouts::Ticket& other) {
      return is_of_use(other, way) && way.others.is_worth_waiting(other);
    };
    BlobWhereabouts::Claim claim = engine_.whereabouts_.claim(at(blob), to_.repository(), worth);
    found = claim.sending ? find_or_send(blob, *claim.sending, way, stop) : wait_for(blob, claim.other, way, stop);
  }
  if (!found) return std::unexpected(std::move(found.error()));
  engine_.whereabouts_.remember(at(blob), to_.repository());
  if (const std::optional<std::string> diff_id = diff_id_of(blob.digest)) {
    if (Result<void> good = look_into(blob, *diff_id, **found, stop); !good)
      return std::unexpected(std::move(good.error()));
    engine_.checked_.add(blob.digest, *diff_id);
  }
  return **found;
}

bool TransferEngine::Job::is_of_use(const BlobWhereabouts::Ticket& other, const Way& way) const {
  return other.repository == to_.repository() || (way.mounts && may_use(other.repository));
}

/// Nothing when it did not end well, or in time. Who sends it to this same repository has asked whether it is there.
Result<std::optional<BlobOutcome>> TransferEngine::Job::wait_for(
    const content::Descriptor& blob, const std::shared_ptr<const BlobWhereabouts::Ticket>& other, Way& way,
    const std::stop_token& stop) {
  const bool is_here = other->repository == to_.repository();
  if (!is_here && !request_.unasked.contains(blob.digest) && !std::exchange(way.asked, true)) {
    const Result<bool> there = to_.has_blob(blob, stop);
    if (!there) return std::unexpected(there.error());
    if (*there) return BlobOutcome::Present;
  }
  if (!way.others.wait_for(other, stop) || !other->succeeded) return std::nullopt;
  if (is_here) return BlobOutcome::Present;
  way.mounts = false;
  return mount_from_any(blob, {other->repository}, stop);
}

/// Where this process has put it before: one request instead of a look and then a mount.
Result<std::optional<BlobOutcome>> TransferEngine::Job::find_elsewhere(const content::Descriptor& blob,
                                                                       const std::stop_token& stop) {
  std::vector<std::string> known = engine_.whereabouts_.repositories_with(at(blob));
  if (std::find(known.begin(), known.end(), to_.repository()) != known.end()) return std::nullopt;
  keep_usable(known);
  if (known.size() > 1) known.resize(1);
  return mount_from_any(blob, known, stop);
}

/// With a claim to it: others wait for it. Nothing when it is better to wait for another.
Result<std::optional<BlobOutcome>> TransferEngine::Job::find_or_send(const content::Descriptor& blob,
                                                                     BlobWhereabouts::Sending& sending, Way& way,
                                                                     const std::stop_token& stop) {
  Result<std::optional<BlobOutcome>> found = find_elsewhere(blob, stop);
  if (found && !*found) found = find_here(blob, stop);
  if (found && !*found) found = send_in_slot(blob, sending, way, stop);
  if (found && *found) sending.succeeded();
  return found;
}

/// Until there is a slot somebody else may have sent it, or have begun.
Result<std::optional<BlobOutcome>> TransferEngine::Job::send_in_slot(const content::Descriptor& blob,
                                                                     BlobWhereabouts::Sending& sending, Way& way,
                                                                     const std::stop_token& stop) {
  const Slot slot(engine_, streams_, stop);
  if (!slot.held()) return fail(ErrorClass::Cancelled, "the transfer was stopped");
  const std::vector<std::string> known = engine_.whereabouts_.repositories_with(at(blob));
  if (std::ranges::find(known, to_.repository()) != known.end()) return BlobOutcome::Present;
  Result<std::optional<BlobOutcome>> found = find_elsewhere(blob, stop);
  if (!found || *found) return found;
  const auto worth = [&](const BlobWhereabouts::Ticket& other) {
    return is_of_use(other, way) && way.others.is_worth_yielding(other);
  };
  if (const std::shared_ptr<const BlobWhereabouts::Ticket> other = sending.begin(worth)) {
    way.others.take_back(other);
    return std::nullopt;
  }
  if (Result<void> sent = send(blob, sending, stop); !sent) return std::unexpected(std::move(sent.error()));
  return BlobOutcome::Sent;
}

Result<std::optional<BlobOutcome>> TransferEngine::Job::find_here(const content::Descriptor& blob,
                                                                  const std::stop_token& stop) {
  const bool asks = !request_.unasked.contains(blob.digest);
  const Result<bool> there = asks ? to_.has_blob(blob, stop) : false;
  if (!there) return std::unexpected(there.error());
  if (*there) return BlobOutcome::Present;
  engine_.whereabouts_.forget(at(blob), to_.repository());
  std::vector<std::string> known = engine_.whereabouts_.repositories_with(at(blob));
  keep_usable(known);
  Result<std::optional<BlobOutcome>> mounted = mount_from_any(blob, known, stop);
  if (!mounted || *mounted) return mounted;
  return mount_and_look(blob, stop);
}

/// A mount does not say how large the blob is, and nobody here has seen it.
Result<std::optional<BlobOutcome>> TransferEngine::Job::mount_and_look(const content::Descriptor& blob,
                                                                       const std::stop_token& stop) {
  std::vector<std::string> candidates = request_.mount_from;
  if (request_.may_mount_from) keep_usable(candidates);
  Result<std::optional<BlobOutcome>> mounted = mount_from_any(blob, candidates, stop);
  if (!mounted || !*mounted) return mounted;
  const Result<bool> there = to_.has_blob(blob, stop);
  if (!there) return std::unexpected(there.error());
  return *there ? mounted : std::nullopt;
}

/// A registry that does not mount opens an upload instead, so only a few are tried. A mount that fails is no mount:
/// what is wrong shows again in the next step.
Result<std::optional<BlobOutcome>> TransferEngine::Job::mount_from_any(const content::Descriptor& blob,
                                                                       const std::vector<std::string>& repositories,
                                                                       const std::stop_token& stop) {
  constexpr int kMostTries = 3;
  int tries = 0;
  for (const std::string& repository : repositories) {
    if (repository == to_.repository() || ++tries > kMostTries) continue;
    const Result<bool> mounted = to_.mount_blob(blob.digest, repository, stop);
    if (mounted && *mounted) return BlobOutcome::Mounted;
    if (!mounted && mounted.error().cls == ErrorClass::Cancelled) return std::unexpected(mounted.error());
    engine_.whereabouts_.forget(at(blob), repository);
  }
  return std::nullopt;
}

Result<void> TransferEngine::Job::send(const content::Descriptor& blob, BlobWhereabouts::Sending& sending,
                                       const std::stop_token& stop) {
  BlobStream stream({.from = from_,
                     .to = to_,
                     .blob = blob,
                     .diff_id = diff_id_of(blob.digest),
                     .windows = engine_.windows_,
                     .rules = engine_.rules_,
                     .hands = engine_.hands_,
                     .limit = engine_.limit_of(to_.host()),
                     .moved =
                         [&](std::int64_t position) {
                           sending.moved(position);
                           board_.moved(blob, position);
                         },
                     .told = [this](const std::string& note) { board_.told(note); },
                     .waits = [&](const std::string& note) { board_.waits(blob, note); },
                     .resumed = [this](const std::string& note) { board_.resumed(note); }});
  Result<void> sent = stream.run(stop);
  board_.add_bytes_sent(stream.bytes_sent());
  if (stream.is_check_postponed()) state_.lock()->postponed.insert(blob.digest);
  return sent ? sent : while_doing("sending " + blob.digest.str(), std::move(sent.error()));
}

/// A layer that was not sent is read where it is, if somebody wants to know what is in it.
Result<void> TransferEngine::Job::look_into(const content::Descriptor& blob, const std::string& diff_id,
                                            BlobOutcome outcome, const std::stop_token& stop) {
  if (outcome == BlobOutcome::Sent)
    return state_.lock()->postponed.contains(blob.digest) ? look_in_turn(blob, diff_id, stop) : Result<void>{};
  {
    const Slot slot(engine_, streams_, stop);
    if (!slot.held()) return fail(ErrorClass::Cancelled, "the transfer was stopped");
    BlobCheck check(blob, diff_id, engine_.windows_);
    const Result<bool> looked = read_there(blob, check, stop);
    if (!looked) return std::unexpected(looked.error());
    if (*looked) return {};
  }
  return look_in_turn(blob, diff_id, stop);
}

Result<void> TransferEngine::Job::look_in_turn(const content::Descriptor& blob, const std::string& diff_id,
                                               const std::stop_token& stop) {
  board_.waits(blob, "layer " + blob.digest.short_hex() +
                         ": decompressing it takes memory that is not left, it is read again when its turn comes");
  const LargeWindow::Turn turn(engine_.large_window_, stop);
  if (!turn.held()) return fail(ErrorClass::Cancelled, "the transfer was stopped");
  BlobCheck check(blob, diff_id, turn.memory());
  const Result<bool> looked = read_there(blob, check, stop);
  if (!looked) return std::unexpected(looked.error());
  if (*looked) return {};
  return fail(ErrorClass::Integrity,
              "layer " + blob.digest.str() + " wants more memory to be decompressed than it gets",
              "compress it with a window of at most 128 MiB, or use `verify: Standard`");
}

/// False when there was no memory to go on with.
Result<bool> TransferEngine::Job::read_there(const content::Descriptor& blob, BlobCheck& check,
                                             const std::stop_token& stop) {
  Patience patience(engine_.rules_, engine_.hands_, [&](std::chrono::milliseconds delay, const Error& error) {
    board_.waits(blob, while_waiting(blob.digest, delay, error));
  });
  while (check.position() < blob.size) {
    const std::int64_t before = check.position();
    const std::chrono::nanoseconds began = engine_.hands_.elapsed();
    const BlobSink sink = [&](std::span<const std::byte> bytes) -> Result<void> {
      Result<void> taken = check.take(check.position(), bytes);
      board_.moved(blob, check.position());
      if (check.is_postponed()) return fail(ErrorClass::Cancelled, "it is read again later");
      return taken;
    };
    Result<void> read = to_.read_blob(blob, before, sink, stop);
    if (check.is_postponed()) return false;
    if (is_progress(engine_.rules_, check.position() - before, engine_.hands_.elapsed() - began)) patience.renew();
    if (read && check.position() < blob.size)
      return fail(ErrorClass::Integrity, blob.digest.str() + " is shorter than its manifest says",
                  "delete that blob at the registry and publish again");
    if (!read && (check.has_failed() || patience.again(read.error(), stop) != Patience::Answer::Again))
      return while_doing("reading " + blob.digest.str(), std::move(read.error()));
  }
  if (blob.size > 0) return true;
  Result<void> nothing = check.take_nothing();
  return nothing ? Result<bool>(true) : std::unexpected(std::move(nothing.error()));
}

std::optional<std::string> TransferEngine::Job::diff_id_of(const Digest& layer) const {
  const auto entry = request_.diff_ids.find(layer);
  if (!request_.deep || entry == request_.diff_ids.end()) return std::nullopt;
  return engine_.checked_.holds(layer, entry->second) ? std::nullopt : std::optional(entry->second);
}

bool TransferEngine::Job::may_use(const std::string& repository) const {
  return request_.may_mount_from && request_.may_mount_from(repository);
}

void TransferEngine::Job::keep_usable(std::vector<std::string>& repositories) const {
  std::erase_if(repositories, [this](const std::string& repository) { return !may_use(repository); });
}

TransferEngine::TransferEngine(TransferHands hands, TransferRules rules)
    : hands_(std::move(hands)),
      rules_(rules),
      whereabouts_(rules.most_known_blobs),
      checked_(rules.most_known_blobs),
      windows_(rules.streamed_windows, rules.largest_streamed),
      large_window_(rules.largest_window),
      streams_(0) {}

TransferEngine::~TransferEngine() = default;

Result<BlobTransferReport> TransferEngine::transfer(ImageSource& from, ImageStore& to,
                                                    const BlobTransferRequest& request, std::stop_token stop) {
  const RateLimit::Hold limit(limit_of(to.host()), request.max_bytes_per_second);
  Job job(*this, from, to, request);
  Result<BlobTransferReport> report = job.run(stop);
  if (request.on_end) request.on_end(job.report());
  return report;
}

RateLimit& TransferEngine::limit_of(const std::string& host) {
  auto limits = limits_.lock();
  std::unique_ptr<RateLimit>& limit = (*limits)[host];
  if (!limit) limit = std::make_unique<RateLimit>(hands_);
  return *limit;
}

}  // namespace slipway::transfer
