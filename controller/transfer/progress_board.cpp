#include "controller/transfer/progress_board.h"

#include <utility>

namespace slipway::transfer {

ProgressBoard::ProgressBoard(const std::vector<content::Descriptor>& blobs, ProgressListener listener)
    : listener_(std::move(listener)) {
  auto state = state_.lock();
  state->totals.blobs_total = static_cast<int>(blobs.size());
  for (const content::Descriptor& blob : blobs) state->totals.bytes_total += blob.size;
}

void ProgressBoard::moved(const content::Descriptor& blob, std::int64_t position) {
  TransferProgress totals;
  {
    auto state = state_.lock();
    std::int64_t& farthest = state->farthest[blob.digest];
    if (position <= farthest) return;
    state->totals.bytes_done += position - farthest;
    farthest = position;
    totals = state->totals;
  }
  tell(std::move(totals), {});
}

void ProgressBoard::done(const content::Descriptor& blob, BlobOutcome outcome) {
  TransferProgress totals;
  {
    auto state = state_.lock();
    std::int64_t& farthest = state->farthest[blob.digest];
    state->totals.bytes_done += blob.size - farthest;
    farthest = blob.size;
    ++state->totals.blobs_done;
    state->report.outcomes[blob.digest] = outcome;
    totals = state->totals;
  }
  tell(std::move(totals), {});
}

void ProgressBoard::resumed(const std::string& note) {
  TransferProgress totals;
  {
    auto state = state_.lock();
    ++state->report.resumed;
    totals = state->totals;
  }
  tell(std::move(totals), note);
}

void ProgressBoard::add_bytes_sent(std::int64_t bytes) {
  auto state = state_.lock();
  state->report.bytes_sent += bytes;
}

void ProgressBoard::tell() {
  tell(TransferProgress(state_.lock()->totals), {});
}

void ProgressBoard::tell(TransferProgress totals, std::string note) {
  if (!listener_) return;
  totals.note = std::move(note);
  listener_(totals);
}

BlobTransferReport ProgressBoard::report() {
  return state_.lock()->report;
}

}  // namespace slipway::transfer
