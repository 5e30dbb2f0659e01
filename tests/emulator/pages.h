#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "crds/base/result.h"
#include "tests/emulator/target.h"

namespace slipway::emulator {

/// Which part of a list a request asks for.
struct PageRequest {
  std::optional<std::size_t> most;  ///< Nothing: all.
  std::string last;                 ///< The last name seen; empty: from the start.
};

/// Reads `n` and `last`; Invalid when `n` is not a number. `usual` is the size when `n` is absent.
Result<PageRequest> parse_page(const Target& target, std::optional<std::size_t> usual);

struct Page {
  std::vector<std::string> names;
  bool more = false;
  bool operator==(const Page&) const = default;
};

/// The part of `sorted` that comes after `last`; a `last` that is gone does no harm.
Page page_of(const std::vector<std::string>& sorted, const PageRequest& request);
/// As page_of(), for a list in another order than by name.
Page page_of_ordered(const std::vector<std::string>& ordered, const PageRequest& request);

/// The value of a Link header (RFC 8288) to what comes after `page`, relative, every parameter spelled out as ACR does.
std::string next_link(const Target& target, const Page& page, const PageRequest& request);

}  // namespace slipway::emulator
