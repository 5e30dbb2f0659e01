#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "controller/transfer/image_layers.h"
#include "controller/transfer/running_transfer.h"

namespace slipway::transfer {

/// One request: all its blobs, the large ones first, on as many threads as it asks for. Used once.
class ImageTransfer {
 public:
  /// What is given outlives this.
  ImageTransfer(SharedMeans& means, ImageSource& from, ImageStore& to, const BlobTransferRequest& request);

  /// All blobs are there and checked, or the first error; nothing runs any more. After an error that passes the blobs
  /// that were begun have come to their own end, and no other was begun.
  Result<BlobTransferReport> run(const std::stop_token& stop);
  /// What was done so far.
  BlobTransferReport report() { return running_.board.report(); }

 private:
  struct State {
    std::size_t next = 0;
    std::optional<Error> error;
  };

  void work_together(std::size_t workers);
  /// By one more, unless the machine refuses a thread.
  bool is_joined(std::vector<std::jthread>& others);
  void work(const std::stop_token& stop);
  void without_throwing(const std::function<void()>& work);
  void place_all(const std::stop_token& stop);
  Result<BlobOutcome> place(const content::Descriptor& blob, const std::stop_token& stop);
  const content::Descriptor* next();
  void give_up(Error error);

  RunningTransfer running_;
  ImageLayers layers_;
  std::vector<content::Descriptor> blobs_;
  std::stop_source abandoned_;  ///< By the outside, or by a blob that fails for good.
  runtime::Guarded<State> state_;
};

}  // namespace slipway::transfer
