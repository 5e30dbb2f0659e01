#include "controller/registry/host_silences.h"

namespace slipway::registry {
namespace {

HostSilence::Hands hands_of_nobody() {
  static const runtime::SystemSteadyClock clock;
  static SilenceWatcher nobody;
  return {clock, nobody};
}

}  // namespace

HostSilences::HostSilences() : hands_(hands_of_nobody()) {}

std::shared_ptr<HostSilence> HostSilences::of(const std::string& host) {
  return hosts_.lock()->find_or_make(host, [&] { return std::make_shared<HostSilence>(host, hands_); });
}

}  // namespace slipway::registry
