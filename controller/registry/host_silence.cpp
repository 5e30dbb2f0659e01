#include "controller/registry/host_silence.h"

#include <chrono>

#include "controller/http/curl_failure.h"

namespace slipway::registry {
namespace {

/// What fails sooner holds nobody up.
constexpr std::chrono::seconds kInVain{8};

}  // namespace

Result<HostSilence::Place> HostSilence::enter(const std::string& host, const std::string& visit) {
  auto state = state_.lock();
  if (!state->is_silent || visit.empty()) return Place();
  if (state->out > 0 && state->asking != visit)
    return fail(ErrorClass::Unavailable,
                host + " gives no answer; another resource waits for one, and this one asks when that is over",
                std::string(http::kNetworkRemedy));
  if (state->out == 0) ++state->turn;
  state->asking = visit;
  ++state->out;
  return Place(*this, state->turn);
}

void HostSilence::leave(std::uint64_t turn) {
  auto state = state_.lock();
  if (state->turn == turn && state->out > 0) --state->out;
}

/// A blob that is cut has had its answer, and a transfer has a patience of its own.
void HostSilence::note(const http::Request& request, const Result<http::Response>& result, Timestamp began,
                       Timestamp now) {
  if (!result && (result.error().cls != ErrorClass::Unavailable || request.body_reader || request.body_writer)) return;
  auto state = state_.lock();
  if (result) state->answered_at = now;
  const bool in_vain = !result && now - began >= kInVain;
  if (in_vain && state->answered_at >= began) return;
  state->is_silent = in_vain;
  if (!in_vain) state->out = 0;
}

}  // namespace slipway::registry
