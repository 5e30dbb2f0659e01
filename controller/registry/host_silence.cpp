#include "controller/registry/host_silence.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include "controller/http/curl_failure.h"
#include "controller/http/waited_here.h"
#include "reconcilers/reasons.h"

namespace slipway::registry {
namespace {

/// What fails sooner holds nobody up.
constexpr std::chrono::seconds kInVain{8};
/// Of what is more, nothing is known.
constexpr std::size_t kMostParts = 1'000;

bool is_failure(const Result<http::Response>& result) {
  return !result || result->status >= 500;
}

/// Whether it says nothing of how soon the host answers. A blob that is cut has had its answer.
bool tells_nothing(const http::Request& request, const Result<http::Response>& result) {
  if (request.now_or_never) return true;
  if (request.body_reader || request.body_writer) return is_failure(result);
  return !result && result.error().cls != ErrorClass::Unavailable;
}

}  // namespace

Result<HostSilence::Place> HostSilence::enter(const std::string& visit, const std::string& part) {
  const Time now = hands_.clock.now();
  std::optional<SilenceRow> row;
  {
    auto state = state_.lock();
    row = row_of(*state, part);
    if (visit.empty() || !row) return Place(*this, part, std::nullopt, now);
    Turn& turn = state->turns[*row];
    if (has_turn(turn, visit)) {
      if (turn.out == 0) ++turn.number;
      turn.asking = visit;
      ++turn.out;
      return Place(*this, part, Taken{.row = *row, .turn = turn.number}, now);
    }
  }
  return put_off(*row, visit);
}

Result<void> HostSilence::admit(const std::string& visit, const std::string& part) {
  std::optional<SilenceRow> row;
  {
    auto state = state_.lock();
    row = row_of(*state, part);
    if (visit.empty() || !row || has_turn(state->turns[*row], visit)) return {};
  }
  return put_off(*row, visit);
}

std::unexpected<Error> HostSilence::put_off(SilenceRow row, const std::string& visit) {
  hands_.watcher.put_off(shared_from_this(), row, visit);
  return fail_because(
      std::string(reason::kHostSilent),
      {.cls = ErrorClass::Unavailable,
       .message =
           host_ + " gives no answer in time; another resource waits for one, and this one asks when that is over",
       .remedy = std::string(http::kNetworkRemedy),
       .reason = {},
       .retry_after = {}});
}

std::optional<SilenceRow> HostSilence::row_of(const State& state, const std::string& part) {
  if (state.hanging.contains(part)) return SilenceRow::Hanging;
  if (!state.is_silent) return std::nullopt;
  return state.answered.contains(part) ? SilenceRow::Answered : SilenceRow::Untried;
}

bool HostSilence::is_taken(SilenceRow row) const {
  const auto state = state_.lock();
  const auto turn = state->turns.find(row);
  const bool is_asked_for = row == SilenceRow::Hanging ? !state->hanging.empty() : state->is_silent;
  return is_asked_for && turn != state->turns.end() && turn->second.out > 0;
}

bool HostSilence::leave(const Taken& taken) {
  auto state = state_.lock();
  Turn& turn = state->turns[taken.row];
  if (turn.number != taken.turn || turn.out == 0) return false;
  return --turn.out == 0 && !state->hanging.empty();
}

void HostSilence::note_hanging(State& state, const std::string& part) {
  state.answered.erase(part);
  if (state.hanging.size() < kMostParts) state.hanging.insert(part);
}

void HostSilence::note_answered(State& state, const std::string& part, Time now) {
  state.answered_at = now;
  if (state.answered.size() < kMostParts || state.answered.contains(part)) state.answered[part] = now;
}

HostSilence::Change HostSilence::note(const Ended& request, Time now) {
  auto state = state_.lock();
  const bool was_silent = state->is_silent;
  if (request.is_in_vain) {
    const auto answered = state->answered.find(request.part);
    if (answered != state->answered.end() && answered->second >= request.began) return Change::None;
    note_hanging(*state, request.part);
    if (state->answered_at >= request.began) return Change::None;
    state->is_silent = true;
    return was_silent ? Change::None : Change::Began;
  }
  if (request.is_answered) note_answered(*state, request.part, now);
  state->is_silent = false;
  state->turns[SilenceRow::Answered].out = state->turns[SilenceRow::Untried].out = 0;
  const bool was_hanging = state->hanging.contains(request.part);
  if (was_hanging) {
    state->hanging.clear();
    state->turns[SilenceRow::Hanging].out = 0;
  }
  return was_silent || was_hanging ? Change::Over : Change::None;
}

HostSilence::Place::Place(HostSilence& silence, std::string part, std::optional<Taken> taken, Time began)
    : silence_(&silence), part_(std::move(part)), taken_(taken), began_(began), waited_before_(http::waited_here()) {}

void HostSilence::Place::over(const http::Request& request, const Result<http::Response>& result) {
  const Time now = silence_->hands_.clock.now();
  Change change = Change::None;
  if (!tells_nothing(request, result)) {
    const auto waited = http::waited_here() - waited_before_;
    const bool is_in_vain = is_failure(result) && now - began_ - waited >= kInVain;
    change = silence_->note(
        {.part = part_, .began = began_, .is_answered = result.has_value(), .is_in_vain = is_in_vain}, now);
  }
  const auto taken = std::exchange(taken_, std::nullopt);
  const bool is_free = taken && silence_->leave(*taken);
  SilenceWatcher& watcher = silence_->hands_.watcher;
  if (change == Change::Began) watcher.began(silence_->host_);
  if (change == Change::Over) watcher.is_over(silence_->host_);
  if (is_free) watcher.is_free(silence_->host_, taken->row);
}

}  // namespace slipway::registry
