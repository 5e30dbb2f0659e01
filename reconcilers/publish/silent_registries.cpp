#include "reconcilers/publish/silent_registries.h"

#include <chrono>

namespace slipway::publish {
namespace {

constexpr std::chrono::minutes kOldNews{10};

}  // namespace

void SilentRegistries::did_not_answer(const std::string& host, Timestamp now) {
  const std::lock_guard lock(mutex_);
  since_.insert_or_assign(host, now);
}

void SilentRegistries::answered(const std::string& host) {
  const std::lock_guard lock(mutex_);
  since_.erase(host);
}

bool SilentRegistries::contains(const std::string& host, Timestamp now) const {
  const std::lock_guard lock(mutex_);
  const auto found = since_.find(host);
  return found != since_.end() && now - found->second < kOldNews;
}

}  // namespace slipway::publish
