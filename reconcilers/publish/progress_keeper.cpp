#include "reconcilers/publish/progress_keeper.h"

#include "reconcilers/publish/status.h"
#include "reconcilers/readiness.h"

namespace slipway::publish {
namespace {

constexpr std::chrono::seconds kEvery{10};

Timestamp::rep count(Timestamp time) {
  return time.time_since_epoch().count();
}

}  // namespace

ProgressKeeper::ProgressKeeper(const Visited& visited, ProgressWatcher& watcher, ObjectWriter& writer,
                               const Clock& clock)
    : publication_(visited.publication),
      watcher_(watcher),
      writer_(writer),
      clock_(clock),
      next_write_(count(visited.began + kShownAfter)) {}

void ProgressKeeper::progress(const TransferProgress& progress) {
  watcher_.progress(key_of(publication_), progress);
  const auto now = clock_.now();
  const bool is_waiting = !progress.waiting.empty();
  const bool turned = is_waiting_.exchange(is_waiting) != is_waiting;
  auto next = next_write_.load();
  if (!turned && count(now) < next) return;
  if (!next_write_.compare_exchange_strong(next, count(now + kEvery)) && !turned) return;
  auto shown = publication_;
  shown.status = status_in_progress(publication_, progress, now);
  // Progress is for people: what can't be written now is not worth ending a transfer for.
  static_cast<void>(writer_.write_status(shown));
}

}  // namespace slipway::publish
