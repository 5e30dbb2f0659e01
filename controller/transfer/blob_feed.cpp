#include "controller/transfer/blob_feed.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "controller/telemetry/log.h"

namespace slipway::transfer {
namespace {

std::size_t ring_size(const TransferRules& rules, std::int64_t bytes) {
  return std::min(rules.ring_bytes, static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)));
}

Error no_thread(const std::system_error& refused) {
  return {.cls = ErrorClass::Unavailable,
          .message = std::string("a transfer's thread could not be started: ") + refused.what(),
          .remedy = "raise the process's limit of threads or lower transfer.concurrency; it is tried again",
          .reason = {},
          .retry_after = {}};
}

}  // namespace

BlobFeed::BlobFeed(Parts parts, std::int64_t offset, const std::stop_token& stop)
    : parts_(std::move(parts)), start_(offset), at_(offset), ring_(ring_size(parts_.rules, parts_.blob.size - offset)) {
  const std::int64_t left = parts_.blob.size - offset;
  if (left <= parts_.rules.at_once_up_to && left <= static_cast<std::int64_t>(parts_.rules.ring_bytes))
    run(stop);
  else
    start_thread();
}

void BlobFeed::start_thread() {
  try {
    thread_ = std::jthread(telemetry::in_this_reconcile([this](const std::stop_token& asked) { run(asked); }));
  } catch (const std::system_error& refused) {
    error_ = no_thread(refused);
    ring_.close(error_);
  }
}

BlobFeed::~BlobFeed() {
  (void)end();
}

std::optional<Error> BlobFeed::end() {
  ring_.give_up();
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return error_;
}

void BlobFeed::run(const std::stop_token& stop) {
  Result<void> read = read_guarded(stop);
  if (read) return ring_.close();
  if (read.error().cls != ErrorClass::Cancelled) error_ = read.error();
  ring_.close(std::move(read.error()));
}

Result<void> BlobFeed::read_guarded(const std::stop_token& stop) {
  try {
    return read_all(stop);
  } catch (const std::exception& broken) {
    return fail(ErrorClass::Internal, parts_.from.name() + ": " + broken.what(), "report it as a bug");
  }
}

Result<void> BlobFeed::read_all(const std::stop_token& stop) {
  if (parts_.blob.size == 0) return parts_.check.take_nothing();
  Patience patience(parts_.rules, parts_.hands, parts_.waits);
  while (at_ < parts_.blob.size) {
    const std::int64_t before = at_;
    const std::chrono::nanoseconds began = parts_.hands.elapsed();
    Result<void> read = read_once(stop);
    if (read) break;
    if (parts_.check.has_failed()) return read;
    const std::chrono::nanoseconds waited = parts_.hands.elapsed() - began - std::exchange(held_back_, {});
    if (is_progress(parts_.rules, at_ - before, waited)) patience.renew();
    if (at_ > start_) is_cut_ = true;
    const Patience::Answer answer = patience.again(read.error(), stop);
    if (answer == Patience::Answer::Stopped) return fail(ErrorClass::Cancelled, "stopped");
    if (answer == Patience::Answer::Spent) return read;
  }
  if (at_ == parts_.blob.size) return {};
  return fail(ErrorClass::Integrity,
              parts_.from.name() + ": " + parts_.blob.digest.str() + " ends before its " +
                  std::to_string(parts_.blob.size) + " bytes",
              "push the image to the source again");
}

Result<void> BlobFeed::read_once(const std::stop_token& stop) {
  const BlobSink sink = [this, &stop](std::span<const std::byte> bytes) -> Result<void> {
    if (Result<void> good = parts_.check.take(at_, bytes); !good) return good;
    if (!bytes.empty() && std::exchange(is_cut_, false)) parts_.resumed(at_);
    const std::chrono::nanoseconds came = parts_.hands.elapsed();
    if (!ring_.put(bytes, stop)) return fail(ErrorClass::Cancelled, "stopped");
    held_back_ += parts_.hands.elapsed() - came;
    at_ += static_cast<std::int64_t>(bytes.size());
    return {};
  };
  return parts_.from.read_blob(parts_.blob, at_, sink, stop);
}

}  // namespace slipway::transfer
