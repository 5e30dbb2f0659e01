#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "reconcilers/ports/blob_transfer.h"

namespace slipway::transfer {

/// Adds up how far the blobs of one request are and tells the listener. A blob that goes back is counted at the
/// farthest it ever was. Thread-safe.
class ProgressBoard {
 public:
  ProgressBoard(const std::vector<content::Descriptor>& blobs, ProgressListener listener);

  void moved(const content::Descriptor& blob, std::int64_t position);
  void done(const content::Descriptor& blob, BlobOutcome outcome);
  void resumed(const std::string& note);
  void add_bytes_sent(std::int64_t bytes);
  /// Tells the totals once more: the first and the last word.
  void tell();
  BlobTransferReport report();

 private:
  struct State {
    TransferProgress totals;
    std::map<Digest, std::int64_t> farthest;
    BlobTransferReport report;
  };
  void tell(TransferProgress totals, std::string note);

  const ProgressListener listener_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::transfer
