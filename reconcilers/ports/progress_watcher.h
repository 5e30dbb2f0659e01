#pragma once

#include "crds/v1alpha1/object_meta.h"
#include "reconcilers/ports/blob_transfer.h"

namespace slipway {

/// Wants to see how the transfer of an object's content goes: a progress bar, a log. Thread-safe; called from the
/// threads that transfer, so it returns at once; never fails.
class ProgressWatcher {
 public:
  virtual ~ProgressWatcher() = default;
  /// The first call of a transfer has `bytes_done` 0; the last one `blobs_done == blobs_total`, unless it failed.
  virtual void progress(const ObjectKey& object, const TransferProgress& progress) = 0;
};

}  // namespace slipway
