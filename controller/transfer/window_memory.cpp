#include "controller/transfer/window_memory.h"

#include <algorithm>

namespace slipway::transfer {

bool WindowMemory::take(std::size_t bytes) {
  if (bytes > most_of_one_) return false;
  std::size_t taken = taken_.load();
  do {
    if (bytes > most_ - taken) return false;
  } while (!taken_.compare_exchange_weak(taken, taken + bytes));
  return true;
}

LargeWindow::Turn::Turn(LargeWindow& window, OfRequest& request) : window_(window), request_(request) {
  window_.row_.lock()->waiting.push_back(&request_);
}

LargeWindow::Turn::~Turn() {
  {
    auto row = window_.row_.lock();
    if (held_)
      row->is_taken = false;
    else
      row->waiting.erase(std::ranges::find(row->waiting, &request_));
  }
  window_.moved_.notify_all();
}

bool LargeWindow::Turn::wait(const std::stop_token& stop) {
  auto row = window_.row_.lock();
  held_ = row.wait(window_.moved_, stop, [&] {
    return !row->is_taken && *std::ranges::min_element(row->waiting, {}, &OfRequest::last) == &request_;
  });
  if (!held_) return false;
  row->waiting.erase(std::ranges::find(row->waiting, &request_));
  row->is_taken = true;
  request_.last = ++row->turns;
  return true;
}

bool LargeWindow::Turn::keeps_others_waiting() const {
  const auto row = window_.row_.lock();
  return std::ranges::any_of(row->waiting, [this](const OfRequest* each) { return each != &request_; });
}

}  // namespace slipway::transfer
