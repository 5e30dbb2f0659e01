#include "controller/transfer/checked_layers.h"

#include <algorithm>

namespace slipway::transfer {

CheckedLayers::CheckedLayers(std::size_t most) : most_(std::max<std::size_t>(most, 1)) {}

std::optional<std::int64_t> CheckedLayers::unpacked(const Digest& layer, const std::string& diff_id) const {
  const auto state = state_.lock();
  const auto found = state->layers.find(layer);
  if (found == state->layers.end() || found->second.diff_id != diff_id) return std::nullopt;
  return found->second.unpacked;
}

void CheckedLayers::add(const Digest& layer, const std::string& diff_id, std::int64_t unpacked) {
  const auto state = state_.lock();
  if (!state->layers.insert_or_assign(layer, Checked{.diff_id = diff_id, .unpacked = unpacked}).second) return;
  state->order.push_back(layer);
  if (state->order.size() <= most_) return;
  state->layers.erase(state->order.front());
  state->order.pop_front();
}

}  // namespace slipway::transfer
