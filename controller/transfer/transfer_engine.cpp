#include "controller/transfer/transfer_engine.h"

#include <utility>

#include "controller/transfer/image_transfer.h"

namespace slipway::transfer {

TransferEngine::TransferEngine(TransferHands hands, TransferRules rules) : means_(std::move(hands), rules) {}

Result<BlobTransferReport> TransferEngine::transfer(ImageSource& from, ImageStore& to,
                                                    const BlobTransferRequest& request, std::stop_token stop) {
  const RateLimit::Hold limit(means_.limits.of(to.host()), request.max_bytes_per_second);
  ImageTransfer image(means_, from, to, request);
  Result<BlobTransferReport> report = image.run(stop);
  if (request.on_end) request.on_end(image.report());
  return report;
}

}  // namespace slipway::transfer
