#include "reconcilers/publish/progress_keeper.h"

#include "reconcilers/publish/status.h"

namespace slipway::publish {
namespace {

constexpr std::chrono::seconds kFirst{2};
constexpr std::chrono::seconds kEvery{10};

Timestamp::rep count(Timestamp time) {
  return time.time_since_epoch().count();
}

}  // namespace

ProgressKeeper::ProgressKeeper(const ImagePublication& publication, ProgressWatcher& watcher, ObjectWriter& writer,
                               const Clock& clock)
    : publication_(publication),
      watcher_(watcher),
      writer_(writer),
      clock_(clock),
      next_write_(count(clock.now() + kFirst)) {}

void ProgressKeeper::progress(const TransferProgress& progress) {
  const ObjectKey key{ResourceKind::ImagePublication, publication_.metadata.namespace_name, publication_.metadata.name};
  watcher_.progress(key, progress);
  const auto now = clock_.now();
  auto next = next_write_.load();
  if (count(now) < next || !next_write_.compare_exchange_strong(next, count(now + kEvery))) return;
  auto shown = publication_;
  shown.status = status_in_progress(publication_, progress, now);
  // Progress is for people: what can't be written now is not worth ending a transfer for.
  static_cast<void>(writer_.write_status(shown));
}

}  // namespace slipway::publish
