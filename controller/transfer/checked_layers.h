#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "controller/runtime/guarded.h"
#include "crds/base/digest.h"

namespace slipway::transfer {

/// Which layers this process has decompressed and found to be what a diff id says. Both are digests, so it holds
/// wherever such a layer is. Remembers a bounded number, the oldest goes first. Thread-safe.
class CheckedLayers {
 public:
  explicit CheckedLayers(std::size_t most);

  /// How many bytes came out of it; nothing where it is not known to be that.
  std::optional<std::int64_t> unpacked(const Digest& layer, const std::string& diff_id) const;
  void add(const Digest& layer, const std::string& diff_id, std::int64_t unpacked);

 private:
  struct Checked {
    std::string diff_id;
    std::int64_t unpacked = 0;
  };
  struct State {
    std::map<Digest, Checked> layers;
    std::deque<Digest> order;
  };
  const std::size_t most_;
  mutable runtime::Guarded<State> state_;
};

}  // namespace slipway::transfer
