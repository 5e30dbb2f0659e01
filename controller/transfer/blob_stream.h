#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "controller/transfer/blob_feed.h"
#include "controller/transfer/rate_limit.h"

namespace slipway::transfer {

/// Sends one blob from a source to a store and stays with it until it is there and checked, or cannot be. Used once.
///
///   situation                                   answer
///   the source is cut                           it is read on by Range, the upload stays open
///   the source gives other bytes, fails         the upload is cancelled, its error
///   the destination is cut, holds the upload    read again from its last byte on; what was hashed is not hashed again
///   it does not say what it holds               asked again for as long as there is patience, then the error
///   the destination is cut, forgot the upload   there already? else this blob starts again
///   the answer to the last request is lost      there already? else as above
///   the destination got other bytes than went   this blob starts again, once
class BlobStream {
 public:
  struct Parts {
    ImageSource& from;
    ImageStore& to;
    const content::Descriptor& blob;
    std::optional<LayerCheck::Parts> layer;  ///< Checks the uncompressed layer too.
    const TransferRules& rules;
    const TransferHands& hands;
    RateLimit& limit;
    std::function<void(std::int64_t position)> moved;       ///< Goes back when bytes are sent again. Any thread.
    std::function<void(std::chrono::nanoseconds)> starved;  ///< The source gave nothing for so long. Any thread.
    std::function<void(const std::string& note)> told;      ///< A start from the beginning. Any thread.
    std::function<void(const std::string& note)> waits;     ///< Until the next try. Any thread.
    std::function<void(const std::string& note)> resumed;   ///< A cut that was gone on after. Any thread.
  };
  explicit BlobStream(Parts parts);

  Result<void> run(std::stop_token stop);
  /// Bytes put on the wire, those sent again too.
  std::int64_t bytes_sent() const { return bytes_sent_; }
  /// Bytes that came out of a layer that was sent and found right. Nothing when there was no memory for looking into
  /// it: its diff id is still to be checked.
  std::optional<std::int64_t> unpacked() const { return check_ ? check_->unpacked() : std::nullopt; }

 private:
  enum class End { Sent, Lost, Failed };

  End attempt(const std::stop_token& stop);
  End send_whole(BlobUpload& upload, const std::stop_token& stop);
  End send_in_parts(BlobUpload& upload, const std::stop_token& stop);
  Result<std::int64_t> held_of(BlobUpload& upload, const std::stop_token& stop);
  Result<void> append_from(BlobUpload& upload, std::int64_t offset, const std::stop_token& stop);
  Result<void> with_feed(std::int64_t offset, const std::stop_token& stop,
                         const std::function<Result<void>(const BlobReader&)>& send);
  End failed(Error error);
  bool may_send_once_more();
  bool arrived(const std::stop_token& stop);
  void cut(std::int64_t resumed_at);
  void say_waiting(std::chrono::milliseconds delay, const Error& error);
  void say_resumed(std::int64_t cut_at, std::int64_t resumed_at);

  Parts parts_;
  Patience patience_;
  std::optional<BlobCheck> check_;
  std::int64_t sent_ = 0;  ///< Bytes of the blob that the open upload was given.
  std::int64_t bytes_sent_ = 0;
  std::chrono::nanoseconds own_time_{};  ///< Of the open request: in which the destination waited for us.
  bool source_failed_ = false;
  bool was_damaged_ = false;  ///< On the way to the destination.
  struct Cut {
    std::int64_t at;
    std::int64_t resumed_at;
  };
  std::optional<Cut> cut_;  ///< Of the destination, until it is given a byte again.
  Error error_;
};

}  // namespace slipway::transfer
