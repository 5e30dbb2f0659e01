#pragma once

#include <utility>

#include "controller/transfer/blob_whereabouts.h"
#include "controller/transfer/checked_layers.h"
#include "controller/transfer/large_window.h"
#include "controller/transfer/rate_limit.h"
#include "controller/transfer/rules.h"
#include "controller/transfer/stream_slots.h"
#include "controller/transfer/window_memory.h"

namespace slipway::transfer {

/// What the transfers of the whole process share. Thread-safe.
struct SharedMeans {
  SharedMeans(TransferHands given, TransferRules bounds)
      : hands(std::move(given)),
        rules(bounds),
        whereabouts(rules.most_known_blobs),
        checked(rules.most_known_blobs),
        slots(rules.most_streams),
        limits(hands),
        windows(rules.streamed_windows, rules.largest_streamed),
        large_window(rules.largest_window, hands.elapsed) {}

  const TransferHands hands;
  const TransferRules rules;
  BlobWhereabouts whereabouts;
  CheckedLayers checked;
  StreamSlots slots;
  RateLimits limits;
  TenantsWindows windows;    ///< Of the layers that are streamed.
  LargeWindow large_window;  ///< Of the one that is checked by itself.
};

}  // namespace slipway::transfer
