#include "controller/transfer/window_memory.h"

namespace slipway::transfer {

bool WindowMemory::take(std::size_t bytes) {
  if (bytes > most_of_one_) return false;
  std::size_t taken = taken_.load();
  do {
    if (bytes > most_ - taken) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + bytes));
  return true;
}

LargeWindow::Turn::Turn(LargeWindow& window, const std::stop_token& stop) : window_(window) {
  auto taken = window_.is_taken_.lock();
  held_ = taken.wait(window_.ended_, stop, [&] { return !*taken; });
  if (held_) *taken = true;
}

LargeWindow::Turn::~Turn() {
  if (!held_) return;
  *window_.is_taken_.lock() = false;
  window_.ended_.notify_one();
}

}  // namespace slipway::transfer
