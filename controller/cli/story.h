#pragma once

#include <string>
#include <string_view>

#include "controller/cli/table.h"

namespace slipway::cli {

/// Text in the manner of `kubectl describe`: a name and its value a line, sections indented, tables inside.
class Story {
 public:
  /// Nothing is said when `value` is empty.
  void say(std::string_view name, const std::string& value);
  void begin(std::string_view section);
  void end();
  void show(const Table& table);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::size_t indent_ = 0;
};

}  // namespace slipway::cli
