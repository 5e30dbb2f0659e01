#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::emulator {

/// Reads the members of one map; remembers the first thing that is wrong, and refuses what nobody asked for.
class Fields {
 public:
  /// `place` names the map in messages, e.g. "faults[0]". `node` must outlive this.
  Fields(const Node& node, std::string place);

  /// True when the field is there and was read.
  bool optional(std::string_view name, std::string& value);
  bool optional(std::string_view name, std::uint64_t& value);
  bool optional(std::string_view name, bool& value);
  bool optional(std::string_view name, std::vector<std::string>& value);
  void required(std::string_view name, std::string& value);
  /// A member that the caller reads; null when it is absent.
  const Node* child(std::string_view name);
  void refuse(std::string_view name, const std::string& why);

  /// `value`, or Invalid with the first problem.
  template <class T>
  Result<T> finish(T value) {
    check_unknown();
    if (!problem_.empty()) return fail(ErrorClass::Invalid, problem_, "see tests/emulator/README.md");
    return value;
  }

 private:
  void check_unknown();
  const Node& node_;
  std::string place_;
  std::string problem_;
  std::set<std::string, std::less<>> asked_;
};

}  // namespace slipway::emulator
