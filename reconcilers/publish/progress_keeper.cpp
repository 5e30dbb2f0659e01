#include "reconcilers/publish/progress_keeper.h"

#include "reconcilers/publish/status.h"
#include "reconcilers/readiness.h"

namespace slipway::publish {
namespace {

constexpr std::chrono::seconds kEvery{10};
constexpr std::chrono::seconds kTurnEvery{2};

}  // namespace

ProgressKeeper::ProgressKeeper(const Visited& visited, ProgressWatcher& watcher, ObjectWriter& writer,
                               const Clock& clock)
    : publication_(visited.publication),
      watcher_(watcher),
      writer_(writer),
      clock_(clock),
      began_(visited.began),
      next_write_(visited.began + kShownAfter) {}

void ProgressKeeper::progress(const TransferProgress& progress) {
  watcher_.progress(key_of(publication_), progress);
  const auto now = clock_.now();
  const bool waits = !progress.waiting.empty();
  const bool turns = waits != shows_waiting_;
  if (now < (turns ? next_turn_ : next_write_) && !(turns && waits)) return;
  shows_waiting_ = waits;
  next_write_ = now + kEvery;
  next_turn_ = now + kTurnEvery;
  auto shown = publication_;
  shown.status = status_in_progress(publication_, progress, {.began = began_, .now = now});
  // Progress is for people: what can't be written now is not worth ending a transfer for.
  static_cast<void>(writer_.write_status(shown));
}

}  // namespace slipway::publish
