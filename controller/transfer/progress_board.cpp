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
  {
    auto state = state_.lock();
    const std::int64_t before = std::exchange(state->positions[blob.digest], position);
    if (position == before) return;
    state->waits.erase(blob.digest);
    state->totals.bytes_done += position - before;
  }
  tell();
}

void ProgressBoard::done(const content::Descriptor& blob, BlobOutcome outcome) {
  {
    auto state = state_.lock();
    const std::int64_t rest = blob.size - std::exchange(state->positions[blob.digest], blob.size);
    state->totals.bytes_done += rest;
    if (outcome != BlobOutcome::Sent) state->totals.bytes_there += rest;
    ++state->totals.blobs_done;
    state->waits.erase(blob.digest);
    state->report.outcomes[blob.digest] = outcome;
  }
  tell();
}

void ProgressBoard::resumed(const std::string& note) {
  ++state_.lock()->report.resumed;
  told(note);
}

void ProgressBoard::told(const std::string& note) {
  state_.lock()->notes.push_back(note);
  tell();
}

void ProgressBoard::waits(const content::Descriptor& blob, const std::string& note) {
  state_.lock()->waits[blob.digest] = note;
  told(note);
}

void ProgressBoard::add_bytes_sent(std::int64_t bytes) {
  state_.lock()->report.bytes_sent += bytes;
}

void ProgressBoard::tell() {
  if (!listener_) return;
  {
    auto state = state_.lock();
    state->has_news = true;
    if (std::exchange(state->is_telling, true)) return;
  }
  tell_news();
}

void ProgressBoard::tell_all() {
  tell();
  while (listener_ && !state_.lock()->notes.empty()) tell();
}

/// Bounded, because whoever tells has a blob of its own to move on: the next one tells what is left.
void ProgressBoard::tell_news() {
  constexpr int kMostInTurn = 8;
  try {
    for (int told = 0; told < kMostInTurn; ++told) {
      const auto news = take_news();
      if (!news) return;
      listener_(*news);
    }
  } catch (...) {
    state_.lock()->is_telling = false;
    throw;
  }
  state_.lock()->is_telling = false;
}

std::optional<TransferProgress> ProgressBoard::take_news() {
  auto state = state_.lock();
  state->is_telling = state->has_news;
  if (!state->has_news) return std::nullopt;
  TransferProgress news = state->totals;
  if (!state->waits.empty()) news.waiting = state->waits.begin()->second;
  if (!state->notes.empty()) {
    news.note = std::move(state->notes.front());
    state->notes.pop_front();
  }
  state->has_news = !state->notes.empty();
  return news;
}

BlobTransferReport ProgressBoard::report() {
  return state_.lock()->report;
}

}  // namespace slipway::transfer
