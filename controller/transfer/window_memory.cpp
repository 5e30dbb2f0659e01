#include "controller/transfer/window_memory.h"

namespace slipway::transfer {

bool WindowMemory::take(std::size_t bytes) {
  if (!take_here(bytes)) return false;
  if (whole_ == nullptr || whole_->take(bytes)) return true;
  taken_ -= bytes;
  return false;
}

bool WindowMemory::take_here(std::size_t bytes) {
  if (bytes > most_of_one_) return false;
  const std::size_t most = most_;
  std::size_t taken = taken_.load();
  do {
    if (taken > most || bytes > most - taken) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + bytes));
  return true;
}

void WindowMemory::give_back(std::size_t bytes) {
  taken_ -= bytes;
  if (whole_ != nullptr) whole_->give_back(bytes);
}

std::shared_ptr<WindowMemory> TenantsWindows::of(const std::string& tenant) {
  const auto tenants = tenants_.lock();
  std::erase_if(tenants->parts, [](const auto& each) { return each.second.expired(); });
  if (!tenants->first) tenants->first = tenant;
  tenants->are_several = tenants->are_several || tenant != *tenants->first;
  auto& kept = tenants->parts[tenant];
  std::shared_ptr<WindowMemory> part = kept.lock();
  if (part == nullptr) kept = part = std::make_shared<WindowMemory>(most_, most_of_one_, &whole_);
  for (const auto& [name, each] : tenants->parts)
    if (const auto present = each.lock()) present->limit_to(most_of_tenant(*tenants));
  return part;
}

std::size_t TenantsWindows::most_of_tenant(const Tenants& tenants) const {
  return tenants.are_several ? most_ / 2 : most_ - most_ / 4;
}

}  // namespace slipway::transfer
