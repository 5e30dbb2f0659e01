#pragma once

#include "controller/transfer/rules.h"
#include "controller/transfer/shared_means.h"
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
/// for which none is left, or that wants more than others, is read where it is once it is there, one at a time. What
/// comes out of it is bounded for each layer, and for all of a request together.
class TransferEngine final : public BlobTransfer {
 public:
  explicit TransferEngine(TransferHands hands, TransferRules rules = {});

  Result<BlobTransferReport> transfer(ImageSource& from, ImageStore& to, const BlobTransferRequest& request,
                                      std::stop_token stop) override;

 private:
  SharedMeans means_;
};

}  // namespace slipway::transfer
