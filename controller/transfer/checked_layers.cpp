#include "controller/transfer/checked_layers.h"

#include <algorithm>

namespace slipway::transfer {

CheckedLayers::CheckedLayers(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

bool CheckedLayers::holds(const Digest& layer, const std::string& diff_id) const {
  const auto state = state_.lock();
  const auto found = state->diff_ids.find(layer);
  return found != state->diff_ids.end() && found->second == diff_id;
}

void CheckedLayers::add(const Digest& layer, const std::string& diff_id) {
  const auto state = state_.lock();
  if (!state->diff_ids.insert_or_assign(layer, diff_id).second) return;
  state->order.push_back(layer);
  if (state->order.size() <= most_) return;
  state->diff_ids.erase(state->order.front());
  state->order.pop_front();
}

}  // namespace slipway::transfer
