#include "controller/registry/fallback_turns.h"

namespace slipway::registry {

std::unique_ptr<FallbackTurns::Turn> FallbackTurns::take(const std::string& tag, const std::stop_token& stop) {
  auto held = held_.lock();
  if (!held.wait(ended_, stop, [&] { return !held->contains(tag); })) return nullptr;
  held->insert(tag);
  return std::make_unique<Turn>(*this, tag);
}

FallbackTurns::Turn::~Turn() {
  turns_.held_.lock()->erase(tag_);
  turns_.ended_.notify_all();
}

}  // namespace slipway::registry
