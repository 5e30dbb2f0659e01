#include "controller/runtime/named_turns.h"

namespace slipway::runtime {

std::unique_ptr<NamedTurns::Turn> NamedTurns::take(const std::string& name, const std::stop_token& stop) {
  auto held = table_->held.lock();
  if (!held.wait(table_->ended, stop, [&] { return !held->contains(name); })) return nullptr;
  held->insert(name);
  return std::make_unique<Turn>(table_, name);
}

NamedTurns::Turn::~Turn() {
  table_->held.lock()->erase(name_);
  table_->ended.notify_all();
}

}  // namespace slipway::runtime
