#include "controller/registry/host_silence.h"

#include <chrono>

#include "controller/http/curl_failure.h"
#include "controller/http/waited_here.h"
#include "reconcilers/reasons.h"

namespace slipway::registry {
namespace {

/// What fails sooner holds nobody up.
constexpr std::chrono::seconds kInVain{8};

std::unexpected<Error> put_off(const std::string& host) {
  return fail_because(
      std::string(reason::kHostSilent),
      {.cls = ErrorClass::Unavailable,
       .message =
           host + " gives no answer in time; another resource waits for one, and this one asks when that is over",
       .remedy = std::string(http::kNetworkRemedy),
       .reason = {},
       .retry_after = {}});
}

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

Result<HostSilence::Place> HostSilence::enter(const std::string& visit) {
  const Time now = hands_.clock.now();
  {
    auto state = state_.lock();
    if (!state->is_silent || visit.empty()) return Place(*this, std::nullopt, now);
    if (state->out == 0 || state->asking == visit) {
      if (state->out == 0) ++state->turn;
      state->asking = visit;
      ++state->out;
      return Place(*this, state->turn, now);
    }
  }
  hands_.watcher.put_off(shared_from_this(), visit);
  return put_off(host_);
}

bool HostSilence::is_taken() const {
  const auto state = state_.lock();
  return state->is_silent && state->out > 0;
}

bool HostSilence::leave(std::uint64_t turn) {
  auto state = state_.lock();
  if (state->turn != turn || state->out == 0) return false;
  return --state->out == 0 && state->is_silent;
}

HostSilence::Change HostSilence::note(const Ended& request, Time now) {
  auto state = state_.lock();
  if (request.is_in_vain && state->answered_at >= request.began) return Change::None;
  if (!request.is_in_vain) state->out = 0;
  if (!request.is_in_vain && request.is_answered) state->answered_at = now;
  const bool was_silent = std::exchange(state->is_silent, request.is_in_vain);
  if (was_silent == request.is_in_vain) return Change::None;
  return request.is_in_vain ? Change::Began : Change::Over;
}

HostSilence::Place::Place(HostSilence& silence, std::optional<std::uint64_t> turn, Time began)
    : silence_(&silence), turn_(turn), began_(began), waited_before_(http::waited_here()) {}

void HostSilence::Place::over(const http::Request& request, const Result<http::Response>& result) {
  const Time now = silence_->hands_.clock.now();
  Change change = Change::None;
  if (!tells_nothing(request, result)) {
    const auto waited = http::waited_here() - waited_before_;
    const bool is_in_vain = is_failure(result) && now - began_ - waited >= kInVain;
    change = silence_->note({.began = began_, .is_answered = result.has_value(), .is_in_vain = is_in_vain}, now);
  }
  const auto turn = std::exchange(turn_, std::nullopt);
  const bool is_free = turn && silence_->leave(*turn);
  SilenceWatcher& watcher = silence_->hands_.watcher;
  if (change == Change::Began) watcher.began(silence_->host_);
  if (change == Change::Over) watcher.is_over(silence_->host_);
  if (is_free) watcher.is_free(silence_->host_);
}

}  // namespace slipway::registry
