#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "controller/audit/medium.h"
#include "controller/runtime/room_to_write.h"

namespace slipway::audit {

/// A chain as lines on a descriptor that is read by others, standard output mostly. It ends with the process, and lasts
/// as long as whoever collects the lines keeps them. What failed is tried anew with the next lines: what came through
/// in part counts as written, and its rest goes out first then. A slow reader is waited for as long as `patience`
/// in all, see RoomToWrite: after that it fails at once until something is read again.
class StreamMedium final : public Medium {
 public:
  /// `descriptor` is not closed, and nothing else writes to it.
  explicit StreamMedium(int descriptor, std::chrono::milliseconds patience = std::chrono::seconds{10})
      : descriptor_(descriptor), room_(descriptor, patience) {}

  Result<ChainEnd> begin() override { return ChainEnd{.head = head_, .mended = {}}; }
  Result<void> append(std::string_view lines, const Head& last) override;
  Result<void> make_durable() override { return {}; }
  void end() noexcept override {}

 private:
  Result<void> write(std::string_view& text);

  const int descriptor_;
  runtime::RoomToWrite room_;
  Head head_;
  std::string rest_;  ///< What of the chain up to `head_` is still to be written.
};

}  // namespace slipway::audit
