#include "controller/transfer/blob_stream.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "crds/base/error_class.h"

namespace slipway::transfer {
namespace {

/// An upload that is given back unless it was finished.
class OpenUpload {
 public:
  explicit OpenUpload(std::unique_ptr<BlobUpload> upload) : upload_(std::move(upload)) {}
  ~OpenUpload() {
    if (upload_ && !closed_) upload_->cancel();
  }
  OpenUpload(const OpenUpload&) = delete;
  OpenUpload& operator=(const OpenUpload&) = delete;
  BlobUpload& operator*() { return *upload_; }
  void close() { closed_ = true; }

 private:
  std::unique_ptr<BlobUpload> upload_;
  bool closed_ = false;
};

std::string in_mebibytes(std::int64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

BlobStream::BlobStream(Parts parts)
    : parts_(std::move(parts)),
      patience_(parts_.rules, parts_.hands, [this](auto delay, const Error& error) { say_waiting(delay, error); }) {}

Result<void> BlobStream::run(std::stop_token stop) {
  for (;;) {
    const End end = attempt(stop);
    if (end == End::Sent) return {};
    if (source_failed_ || stop.stop_requested()) return std::unexpected(error_);
    if (end == End::Failed && may_send_once_more()) {
      parts_.told("layer " + parts_.blob.digest.short_hex() + " damaged on its way, sent again from its start");
      continue;
    }
    if (end == End::Failed && patience_.again(error_, stop) != Patience::Answer::Again) return std::unexpected(error_);
    if (arrived(stop)) return {};
    cut(0);
  }
}

/// The source gave all bytes and they were right: what the registry got was damaged after that.
bool BlobStream::may_send_once_more() {
  if (error_.cls != ErrorClass::Integrity || check_->position() < parts_.blob.size) return false;
  cut_.reset();
  return !std::exchange(was_damaged_, true);
}

/// The answer to the request that ended the upload may be lost while the registry has done it.
bool BlobStream::arrived(const std::stop_token& stop) {
  if (sent_ < parts_.blob.size) return false;
  const Result<bool> there = parts_.to.has_blob(parts_.blob, stop);
  return there && *there;
}

BlobStream::End BlobStream::failed(Error error) {
  error_ = std::move(error);
  return End::Failed;
}

BlobStream::End BlobStream::attempt(const std::stop_token& stop) {
  sent_ = 0;
  check_.emplace(parts_.blob, parts_.layer);
  Result<std::unique_ptr<BlobUpload>> started = parts_.to.start_upload(parts_.blob.digest, stop);
  if (!started) return failed(std::move(started.error()));
  OpenUpload upload(std::move(*started));
  const bool whole = parts_.blob.size <= parts_.rules.whole_up_to;
  const End end = whole ? send_whole(*upload, stop) : send_in_parts(*upload, stop);
  if (end == End::Sent) upload.close();
  return end;
}

BlobStream::End BlobStream::send_whole(BlobUpload& upload, const std::stop_token& stop) {
  Result<void> sent =
      with_feed(0, stop, [&](const BlobReader& reader) { return upload.send_whole(parts_.blob, reader, stop); });
  return sent ? End::Sent : failed(std::move(sent.error()));
}

BlobStream::End BlobStream::send_in_parts(BlobUpload& upload, const std::stop_token& stop) {
  for (std::int64_t at = 0;;) {
    const std::chrono::nanoseconds began = parts_.hands.elapsed();
    own_time_ = {};
    Result<void> step = append_from(upload, at, stop);
    if (step) step = upload.finish(parts_.blob.digest, stop);
    if (step) return End::Sent;
    const std::chrono::nanoseconds waited = parts_.hands.elapsed() - began - own_time_;
    if (source_failed_ || patience_.again(step.error(), stop) != Patience::Answer::Again)
      return failed(std::move(step.error()));
    error_ = std::move(step.error());
    Result<std::int64_t> held = held_of(upload, stop);
    if (!held && is_passing(held.error().cls)) return failed(std::move(held.error()));
    if (!held || *held < 0 || *held > sent_) return End::Lost;
    if (is_progress(parts_.rules, *held - at, waited)) patience_.renew();
    at = *held;
    cut(at);
  }
}

/// Where nobody answers, that says nothing of the upload: the registry may hold it still.
Result<std::int64_t> BlobStream::held_of(BlobUpload& upload, const std::stop_token& stop) {
  for (;;) {
    Result<std::int64_t> held = upload.acknowledged(stop);
    if (held || patience_.again(held.error(), stop) != Patience::Answer::Again) return held;
  }
}

Result<void> BlobStream::append_from(BlobUpload& upload, std::int64_t offset, const std::stop_token& stop) {
  const std::int64_t left = parts_.blob.size - offset;
  if (left == 0) return {};
  return with_feed(offset, stop, [&](const BlobReader& reader) { return upload.append(reader, left, stop); });
}

/// What the source did counts more than what the destination makes of it.
Result<void> BlobStream::with_feed(std::int64_t offset, const std::stop_token& stop,
                                   const std::function<Result<void>(const BlobReader&)>& send) {
  const std::chrono::nanoseconds began = parts_.hands.elapsed();
  BlobFeed feed({.from = parts_.from,
                 .blob = parts_.blob,
                 .check = *check_,
                 .rules = parts_.rules,
                 .hands = parts_.hands,
                 .waits = [this](auto delay, const Error& error) { say_waiting(delay, error); },
                 .resumed = [this](std::int64_t at) { say_resumed(at, at); }},
                offset, stop);
  own_time_ += parts_.hands.elapsed() - began;
  std::int64_t position = offset;
  const BlobReader reader = [&](std::span<std::byte> space) -> Result<std::size_t> {
    const std::chrono::nanoseconds asked = parts_.hands.elapsed();
    Result<std::size_t> count = feed.take(space.first(parts_.limit.piece_of(space.size())), stop);
    parts_.starved(parts_.hands.elapsed() - asked);
    if (!count || *count == 0) return count;
    if (!parts_.limit.pass(*count, stop)) return fail(ErrorClass::Cancelled, "stopped");
    own_time_ += parts_.hands.elapsed() - asked;
    if (const auto survived = std::exchange(cut_, std::nullopt)) say_resumed(survived->at, survived->resumed_at);
    position += static_cast<std::int64_t>(*count);
    bytes_sent_ += static_cast<std::int64_t>(*count);
    sent_ = std::max(sent_, position);
    parts_.moved(position);
    return count;
  };
  Result<void> sent = send(reader);
  std::optional<Error> at_source = feed.end();
  if (!at_source) return sent;
  source_failed_ = true;
  error_ = *at_source;
  return std::unexpected(std::move(*at_source));
}

/// Without a byte since the last one it is the same cut.
void BlobStream::cut(std::int64_t resumed_at) {
  if (cut_)
    cut_->resumed_at = resumed_at;
  else if (sent_ > 0)
    cut_ = Cut{.at = sent_, .resumed_at = resumed_at};
}

void BlobStream::say_waiting(std::chrono::milliseconds delay, const Error& error) {
  parts_.waits(while_waiting(parts_.blob.digest, delay, error));
}

void BlobStream::say_resumed(std::int64_t cut_at, std::int64_t resumed_at) {
  const std::string note = "layer " + parts_.blob.digest.short_hex() + " cut at " + in_mebibytes(cut_at);
  if (resumed_at == 0) return parts_.told(note + ", sent again from its start");
  const std::string at = in_mebibytes(resumed_at);
  parts_.resumed(note + ", resumed" + (at == in_mebibytes(cut_at) ? "" : " at " + at));
}

}  // namespace slipway::transfer
