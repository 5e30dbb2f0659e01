#pragma once

#include <string>
#include <string_view>

#include "controller/audit/medium.h"

namespace slipway::audit {

/// A chain as lines on a descriptor that is read by others, standard output mostly. It ends with the process, and lasts
/// as long as whoever collects the lines keeps them. What failed is tried anew with the next lines: what came through
/// in part counts as written, and its rest goes out first then.
class StreamMedium final : public Medium {
 public:
  /// `descriptor` is not closed.
  explicit StreamMedium(int descriptor) : descriptor_(descriptor) {}

  Result<ChainEnd> begin() override { return ChainEnd{.head = head_, .mended = {}}; }
  Result<void> append(std::string_view lines, const Head& last) override;
  Result<void> make_durable() override { return {}; }
  void end() noexcept override {}

 private:
  Result<void> write(std::string_view& text) const;

  const int descriptor_;
  Head head_;
  std::string rest_;  ///< What of the chain up to `head_` is still to be written.
};

}  // namespace slipway::audit
