#pragma once

#include <string>

namespace slipway::registry {

/// What a request to a registry is made for.
struct Errand {
  std::string scope;       ///< The token that it needs: "repository:a/b:pull"; several parted by a space; may be empty.
  std::string visit = {};  ///< Named in X-Request-Id, also where the token is fetched; may be empty.
  /// It belongs to what has begun and would be lost: it does not wait for its turn at a silent host (HostSilence).
  bool is_under_way = false;

  /// As whom it asks for a turn at a silent host; empty: it waits for none.
  std::string asks_as() const { return is_under_way ? std::string() : visit; }
};

}  // namespace slipway::registry
