#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "reconcilers/ports/blob_transfer.h"

namespace slipway::transfer {

/// Adds up how far the blobs of one request are and tells the listener. A blob that starts again takes what it had off
/// the total. Thread-safe: one thread at a time tells, the others leave their news to it and go on, so that the
/// listener never hears an older total after a newer one.
class ProgressBoard {
 public:
  ProgressBoard(const std::vector<content::Descriptor>& blobs, ProgressListener listener);

  void moved(const content::Descriptor& blob, std::int64_t position);
  void done(const content::Descriptor& blob, BlobOutcome outcome);
  void resumed(const std::string& note);
  void told(const std::string& note);
  /// The blob waits to be tried again: until it moves or is done.
  void waits(const content::Descriptor& blob, const std::string& note);
  void add_bytes_sent(std::int64_t bytes);
  /// Tells the totals: the first word.
  void tell();
  /// The last word, once nobody else tells: the totals, and every note that is left.
  void tell_all();
  BlobTransferReport report();

 private:
  struct State {
    TransferProgress totals;
    std::map<Digest, std::int64_t> positions;
    BlobTransferReport report;
    std::deque<std::string> notes;  ///< Not told yet.
    std::map<Digest, std::string> waits;
    bool has_news = false;
    bool is_telling = false;
  };
  void tell_news();
  std::optional<TransferProgress> take_news();

  const ProgressListener listener_;
  runtime::Guarded<State> state_;
};

}  // namespace slipway::transfer
