#pragma once

#include <optional>

#include "controller/audit/medium.h"

namespace slipway::audit {

/// A chain as lines on a descriptor that is read by others, standard output mostly. It ends with the process, and lasts
/// as long as whoever collects the lines keeps them.
class StreamMedium final : public Medium {
 public:
  /// `descriptor` is not closed.
  explicit StreamMedium(int descriptor) : descriptor_(descriptor) {}

  Result<ChainEnd> begin() override { return ChainEnd{.head = head_, .mended = {}}; }
  Result<void> append(std::string_view lines, const Head& last) override;
  Result<void> make_durable() override { return {}; }
  void end() noexcept override {}

 private:
  Result<void> write(std::string_view text) const;

  const int descriptor_;
  Head head_;
  std::optional<Error> failure_;  ///< How much of the lines came through is unknown: the chain ends there.
};

}  // namespace slipway::audit
