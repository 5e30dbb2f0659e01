#pragma once

#include <string>

#include "crds/base/digest.h"

namespace slipway {

/// What people are shown of a digest: "sha256:" and its first twelve digits, with the algorithm that it has.
inline std::string brief(const Digest& digest) {
  return std::string(digest.algorithm()) + ":" + digest.short_hex();
}

/// As brief() of the digest that `text` is; else the text itself.
inline std::string in_brief(const std::string& text) {
  const auto digest = Digest::parse(text);
  return digest ? brief(*digest) : text;
}

}  // namespace slipway
