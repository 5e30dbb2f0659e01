#include "crds/base/quantity.h"

#include <array>
#include <charconv>
#include <string>
#include <utility>

#include "crds/base/text.h"

namespace slipway {
namespace {

struct Suffix {
  std::string_view text;
  double factor;
};
constexpr std::array<Suffix, 13> kSuffixes{{{"", 1},
                                            {"k", 1e3},
                                            {"M", 1e6},
                                            {"G", 1e9},
                                            {"T", 1e12},
                                            {"P", 1e15},
                                            {"E", 1e18},
                                            {"Ki", 1024.0},
                                            {"Mi", 1048576.0},
                                            {"Gi", 1073741824.0},
                                            {"Ti", 1099511627776.0},
                                            {"Pi", 1125899906842624.0},
                                            {"Ei", 1152921504606846976.0}}};
constexpr double kLargest = 9e18;

}  // namespace

Result<std::int64_t> parse_quantity(std::string_view text) {
  const auto invalid = [&] {
    return fail(ErrorClass::Invalid, quoted(text) + " is no quantity", "write e.g. 1048576, 20M or 1.5Gi");
  };
  const auto end = text.find_first_not_of("0123456789.");
  const auto number = text.substr(0, end);
  const auto suffix = end == std::string_view::npos ? std::string_view{} : text.substr(end);
  double value = 0;
  const auto [last, error] =
      std::from_chars(number.data(), number.data() + number.size(), value, std::chars_format::fixed);
  if (error != std::errc{} || last != number.data() + number.size()) return invalid();
  for (const auto& [name, factor] : kSuffixes) {
    if (name != suffix) continue;
    const double units = value * factor;
    if (units < 1 || units > kLargest) return invalid();
    return static_cast<std::int64_t>(units);
  }
  return invalid();
}

}  // namespace slipway
