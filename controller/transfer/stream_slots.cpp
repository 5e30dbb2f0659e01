#include "controller/transfer/stream_slots.h"

namespace slipway::transfer {

StreamSlots::Slot::Slot(StreamSlots& slots, OfRequest& request, const std::stop_token& stop)
    : slots_(slots), request_(request) {
  auto taken = slots_.taken_.lock();
  held_ = taken.wait(slots_.given_back_, stop, [&] { return request_.taken == 0 || *taken < slots_.most_; });
  if (!held_) return;
  ++*taken;
  ++request_.taken;
}

StreamSlots::Slot::~Slot() {
  if (!held_) return;
  {
    auto taken = slots_.taken_.lock();
    --*taken;
    --request_.taken;
  }
  slots_.given_back_.notify_all();
}

}  // namespace slipway::transfer
