#include "controller/cli/table.h"

#include <algorithm>
#include <cstdint>

#include "crds/base/text.h"

namespace slipway::cli {

namespace {

constexpr std::size_t kGap = 3;

std::string cell_text(const std::string& cell) {
  return cell.empty() ? "-" : visible(cell);
}

std::vector<std::vector<std::string>> cells_of(const Table& table) {
  std::vector<std::vector<std::string>> lines{table.header};
  for (const auto& row : table.rows) {
    std::vector<std::string> line;
    line.reserve(table.header.size());
    for (std::size_t i = 0; i < table.header.size(); ++i) line.push_back(cell_text(i < row.size() ? row[i] : ""));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::size_t> widths_of(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (const auto& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i]));
  return widths;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  const auto starts = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return static_cast<std::size_t>(starts);
}

std::string to_text(const Table& table) {
  if (table.header.empty()) return {};
  const auto lines = cells_of(table);
  const auto widths = widths_of(lines);
  std::string out;
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      text.append(widths[i] - display_width(line[i]) + kGap, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  }
  return out;
}

}  // namespace slipway::cli
