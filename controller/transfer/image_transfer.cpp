#include "controller/transfer/image_transfer.h"

#include <algorithm>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "controller/telemetry/log.h"
#include "controller/transfer/blob_way.h"
#include "crds/base/error_class.h"

namespace slipway::transfer {

ImageTransfer::ImageTransfer(SharedMeans& means, ImageSource& from, ImageStore& to, const BlobTransferRequest& request)
    : running_{.means = means,
               .from = from,
               .to = to,
               .request = request,
               .board = ProgressBoard(request.blobs, request.on_progress),
               .turns = {.tenant = request.tenant}},
      layers_(running_),
      blobs_(request.blobs) {
  std::stable_sort(blobs_.begin(), blobs_.end(), [](const auto& a, const auto& b) { return a.size > b.size; });
}

Result<BlobTransferReport> ImageTransfer::run(const std::stop_token& stop) {
  for (const content::Descriptor& blob : blobs_)
    if (blob.size < 0)
      return fail(ErrorClass::Integrity, blob.digest.str() + " has a negative size", "push the image again");
  if (stop.stop_requested()) return stopped();
  const std::stop_callback pass_on(stop, [this] { abandoned_.request_stop(); });
  without_throwing([this] { running_.board.tell(); });
  const int wanted = std::max(1, running_.request.concurrency);
  work_together(std::min(static_cast<std::size_t>(wanted), blobs_.size()));
  without_throwing([this] { running_.board.tell_all(); });
  if (std::optional<Error> error = state_.lock()->error) return std::unexpected(std::move(*error));
  if (stop.stop_requested()) return stopped();
  return running_.board.report();
}

/// The calling thread is one of the workers, and works alone where the machine refuses others.
void ImageTransfer::work_together(std::size_t workers) {
  std::vector<std::jthread> others;
  while (others.size() + 1 < workers && is_joined(others)) {
  }
  work(abandoned_.get_token());
}

bool ImageTransfer::is_joined(std::vector<std::jthread>& others) {
  try {
    others.emplace_back(telemetry::in_this_reconcile([this] { work(abandoned_.get_token()); }));
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void ImageTransfer::work(const std::stop_token& stop) {
  without_throwing([&] { place_all(stop); });
}

/// What a thread throws would end the process.
void ImageTransfer::without_throwing(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& broken) {
    give_up(
        fail(ErrorClass::Internal, std::string("the transfer broke: ") + broken.what(), "report it as a bug").error());
  }
}

void ImageTransfer::place_all(const std::stop_token& stop) {
  while (const content::Descriptor* blob = stop.stop_requested() ? nullptr : next()) {
    Result<BlobOutcome> outcome = place(*blob, stop);
    if (!outcome) return give_up(std::move(outcome.error()));
    running_.board.done(*blob, *outcome);
  }
}

Result<BlobOutcome> ImageTransfer::place(const content::Descriptor& blob, const std::stop_token& stop) {
  Result<BlobOutcome> outcome = BlobWay(running_, layers_, blob, stop).go();
  if (!outcome) return outcome;
  Result<void> good = layers_.look_into(blob, /*was_sent=*/*outcome == BlobOutcome::Sent, stop);
  if (!good) return std::unexpected(std::move(good.error()));
  return outcome;
}

/// What failed passes, but not within this attempt: nothing more is begun.
const content::Descriptor* ImageTransfer::next() {
  auto state = state_.lock();
  return !state->error && state->next < blobs_.size() ? &blobs_[state->next++] : nullptr;
}

/// The first error counts, unless it passes and a later one does not. What passes lets the others end what they have
/// begun, which the next attempt finds there; else all are stopped, and say so.
void ImageTransfer::give_up(Error error) {
  const bool passes = is_passing(error.cls);
  {
    auto state = state_.lock();
    const bool counts = !state->error || (is_passing(state->error->cls) && !passes && !abandoned_.stop_requested());
    if (counts) state->error = std::move(error);
  }
  if (!passes) abandoned_.request_stop();
}

}  // namespace slipway::transfer
