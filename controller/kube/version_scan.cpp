#include "controller/kube/version_scan.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace slipway::kube {
namespace {

using runtime::ObjectVersion;

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

/// Goes through a JSON text. What it answers with false or nothing ends the way.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  /// `take` gets each key, has to go past its value, and says whether it could.
  template <class Take>
  bool take_members(Take take) {
    if (!skip('{')) return false;
    if (skip('}')) return true;
    do {
      const auto key = plain_text();
      if (!key || !skip(':') || !take(*key)) return false;
    } while (skip(','));
    return skip('}');
  }

  /// A string that stands there as it is meant.
  std::optional<std::string_view> plain_text() {
    if (!skip('"')) return std::nullopt;
    const std::string_view text = rest_.substr(0, rest_.find('"'));
    if (text.size() == rest_.size() || text.contains('\\') || !std::ranges::all_of(text, is_printable))
      return std::nullopt;
    rest_.remove_prefix(text.size() + 1);
    return text;
  }

  bool skip_value() {
    skip_space();
    if (rest_.starts_with('"')) return skip_text();
    if (rest_.starts_with('{') || rest_.starts_with('[')) return skip_nested();
    const std::size_t length = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
    rest_.remove_prefix(length);
    return length > 0;
  }

  bool is_at_end() {
    skip_space();
    return rest_.empty();
  }

 private:
  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  bool skip(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// A quote behind an odd number of backslashes is part of the string.
  bool skip_text() {
    for (std::size_t at = 1; (at = rest_.find('"', at)) != std::string_view::npos; ++at) {
      const std::size_t before = rest_.find_last_not_of('\\', at - 1);
      if ((at - before) % 2 == 0) continue;
      rest_.remove_prefix(at + 1);
      return true;
    }
    return false;
  }

  bool skip_nested() {
    for (std::size_t depth = 0;;) {
      const std::size_t at = rest_.find_first_of("\"{}[]");
      if (at == std::string_view::npos) return false;
      rest_.remove_prefix(at);
      if (rest_.front() == '"') {
        if (!skip_text()) return false;
        continue;
      }
      const bool opens = rest_.front() == '{' || rest_.front() == '[';
      rest_.remove_prefix(1);
      depth = opens ? depth + 1 : depth - 1;
      if (depth == 0) return true;
    }
  }

  std::string_view rest_;
};

bool take_metadata(Cursor& cursor, ObjectVersion& version) {
  return cursor.take_members([&](std::string_view key) {
    std::string_view* const wanted = key == "namespace"         ? &version.namespace_name
                                     : key == "name"            ? &version.name
                                     : key == "uid"             ? &version.uid
                                     : key == "resourceVersion" ? &version.resource_version
                                                                : nullptr;
    if (wanted == nullptr) return cursor.skip_value();
    const auto text = cursor.plain_text();
    if (!text || text->empty() || !wanted->empty()) return false;
    *wanted = *text;
    return true;
  });
}

bool take_object(Cursor& cursor, ObjectVersion& version) {
  bool has_metadata = false;
  const bool is_object = cursor.take_members([&](std::string_view key) {
    if (key != "metadata") return cursor.skip_value();
    return !std::exchange(has_metadata, true) && take_metadata(cursor, version);
  });
  return is_object && !version.name.empty() && !version.uid.empty() && !version.resource_version.empty();
}

}  // namespace

std::optional<ObjectVersion> version_of_object(std::string_view json) {
  Cursor cursor(json);
  ObjectVersion version;
  if (!take_object(cursor, version) || !cursor.is_at_end()) return std::nullopt;
  return version;
}

std::optional<ObjectVersion> version_of_change(std::string_view line) {
  Cursor cursor(line);
  ObjectVersion version;
  bool is_change = false;
  bool has_object = false;
  const bool is_event = cursor.take_members([&](std::string_view key) {
    if (key == "type") return !std::exchange(is_change, true) && cursor.plain_text() == "MODIFIED";
    if (key == "object") return !std::exchange(has_object, true) && take_object(cursor, version);
    return cursor.skip_value();
  });
  if (!is_event || !is_change || !has_object || !cursor.is_at_end()) return std::nullopt;
  return version;
}

}  // namespace slipway::kube
