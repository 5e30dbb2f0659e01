#include "controller/cli/story.h"

#include <sstream>

#include "crds/base/text.h"

namespace slipway::cli {

namespace {

constexpr std::size_t kNameWidth = 20;

}  // namespace

void Story::say(std::string_view name, const std::string& value) {
  if (value.empty()) return;
  std::string line(indent_, ' ');
  line += std::string{name} + ':';
  if (line.size() < kNameWidth) line.resize(kNameWidth, ' ');
  text_ += line + ' ' + visible(value) + '\n';
}

void Story::begin(std::string_view section) {
  text_ += std::string(indent_, ' ') + std::string{section} + ":\n";
  indent_ += 2;
}

void Story::end() {
  indent_ -= 2;
}

void Story::show(const Table& table) {
  std::istringstream lines{to_text(table)};
  for (std::string line; std::getline(lines, line);) text_ += std::string(indent_, ' ') + line + '\n';
}

}  // namespace slipway::cli
