#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "crds/base/result.h"

namespace slipway::kube {

/// Lines out of a body that arrives in pieces, split at any byte (Kubernetes API concepts, "Efficient detection of
/// changes": a watch is one JSON document a line). Empty lines are passed over. One thread.
class WatchStream {
 public:
  using LineTaker = std::function<Result<void>(std::string_view line)>;
  explicit WatchStream(LineTaker take, std::size_t longest_line = 8u << 20)
      : take_(std::move(take)), longest_line_(longest_line) {}

  /// The taker's first error, or Integrity for a line over the bound; nothing more may be fed then.
  Result<void> feed(std::span<const std::byte> bytes);
  /// Unavailable when the body ended within a line.
  Result<void> finish() const;

 private:
  const LineTaker take_;
  const std::size_t longest_line_;
  std::string line_;
};

}  // namespace slipway::kube
