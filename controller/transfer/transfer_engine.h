#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <string>

#include "controller/transfer/blob_whereabouts.h"
#include "controller/transfer/checked_layers.h"
#include "controller/transfer/progress_board.h"
#include "controller/transfer/rate_limit.h"
#include "controller/transfer/rules.h"
#include "controller/transfer/window_memory.h"
#include "reconcilers/ports/blob_transfer.h"

namespace slipway::transfer {

/// BlobTransfer for the whole process: there is one, and every publication uses it. Each request has up to
/// `concurrency` threads of its own while it runs, and each blob that is sent one more; the number of blobs under way
/// is bounded over all requests. Thread-safe.
///
/// Per blob, the first that works:
///   1. mounted from a repository where this process knows it to be and may read (one request)
///   2. somebody in this process is busy with it at that registry: waited for, then it is there or is mounted. Not for
///      long behind one who does not get on, and not where it turns out to be there already (HEAD)
///   3. it is there already (HEAD; not asked of those in the request's `unasked`)
///   4. mounted from one of the request's `mount_from`, and asked for its size (HEAD)
///   5. streamed
///
/// `deep`: a layer is decompressed as it is streamed, else read where it is; one that this process found right before,
/// in whatever repository, is not read again. The memory that zstd takes for it is bounded over all requests: a layer
/// for which none is left, or that wants more than others, is read where it is once it is there, one at a time.
class TransferEngine final : public BlobTransfer {
 public:
  explicit TransferEngine(TransferHands hands, TransferRules rules = {});
  ~TransferEngine() override;

  Result<BlobTransferReport> transfer(ImageSource& from, ImageStore& to, const BlobTransferRequest& request,
                                      std::stop_token stop) override;

 private:
  class Job;
  class Slot;

  RateLimit& limit_of(const std::string& host);

  const TransferHands hands_;
  const TransferRules rules_;
  BlobWhereabouts whereabouts_;
  CheckedLayers checked_;
  WindowMemory windows_;      ///< Of the layers that are streamed.
  LargeWindow large_window_;  ///< Of the one that is checked by itself.
  runtime::Guarded<int> streams_;
  std::condition_variable_any stream_ended_;
  runtime::Guarded<std::map<std::string, std::unique_ptr<RateLimit>>> limits_;  ///< By host, one per registry in use.
};

}  // namespace slipway::transfer
