#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slipway::cli {

/// Rows under a header, printed as kubectl prints them.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  ///< Each as long as the header; empty cells print as "-".
};

/// Columns three spaces apart, no space at the end of a line, control characters made visible.
std::string to_text(const Table& table);

/// Cells that `text` takes on a terminal, counting each code point as one.
std::size_t display_width(std::string_view text);

}  // namespace slipway::cli
