#pragma once

#include <string>

namespace slipway::tests {

/// A frame that asks for a window of 2^`log` bytes to be decompressed: RFC 8878, 3.1.1, one raw block.
inline std::string zstd_with_window(unsigned log, const std::string& plain) {
  const auto block = static_cast<unsigned>(plain.size()) << 3U | 1U;
  std::string frame = std::string("\x28\xb5\x2f\xfd\x00", 5) + static_cast<char>((log - 10) << 3U);
  for (const unsigned shift : {0U, 8U, 16U}) frame += static_cast<char>(block >> shift & 0xffU);
  return frame + plain;
}

}  // namespace slipway::tests
