#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include "controller/runtime/guarded.h"
#include "crds/base/digest.h"

namespace slipway::transfer {

/// Which layers this process has decompressed and found to be what a diff id says. Both are digests, so it holds
/// wherever such a layer is. Remembers a bounded number, the oldest goes first. Thread-safe.
class CheckedLayers {
 public:
  explicit CheckedLayers(std::size_t most);

  bool holds(const Digest& layer, const std::string& diff_id) const;
  void add(const Digest& layer, const std::string& diff_id);

 private:
  struct State {
    std::map<Digest, std::string> diff_ids;
    std::deque<Digest> order;
  };
  const std::size_t most_;
  mutable runtime::Guarded<State> state_;
};

}  // namespace slipway::transfer
