#pragma once

#include "controller/transfer/other_senders.h"
#include "controller/transfer/progress_board.h"
#include "controller/transfer/shared_means.h"
#include "reconcilers/ports/blob_transfer.h"

namespace slipway::transfer {

/// One request on its way, for all who work at it: what they refer to outlives them.
struct RunningTransfer {
  SharedMeans& means;
  ImageSource& from;
  ImageStore& to;
  const BlobTransferRequest& request;
  ProgressBoard board;
  StreamSlots::OfRequest slots = {};
  TurnRow::OfRequest turns = {};
  OtherSenders::OfRequest others = {};
};

inline std::unexpected<Error> stopped() {
  return fail(ErrorClass::Cancelled, "the transfer was stopped");
}

}  // namespace slipway::transfer
