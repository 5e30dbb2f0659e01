#include "crds/base/byte_count.h"

#include <array>
#include <string_view>

namespace slipway {

std::string format_bytes(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::int64_t tenths = bytes * 10 / 1024;
  std::size_t unit = 0;
  for (; tenths >= 10240 && unit + 1 < kUnits.size(); ++unit) tenths /= 1024;
  return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + ' ' + std::string(kUnits[unit]);
}

}  // namespace slipway
