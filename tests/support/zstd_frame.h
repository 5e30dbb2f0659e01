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

/// A frame of so many blocks of 128 KiB of zeros, each in four bytes.
inline std::string zstd_of_zeros(std::size_t blocks) {
  std::string frame("\x28\xb5\x2f\xfd\x00\x50", 6);
  for (std::size_t block = 1; block <= blocks; ++block) {
    frame += block == blocks ? '\x03' : '\x02';
    frame += std::string("\x00\x10\x00", 3);
  }
  return frame;
}

/// A frame that is skipped, with four bytes in it.
inline std::string skippable_zstd() {
  return {"\x50\x2a\x4d\x18\x04\0\0\0rest", 12};
}

/// A frame of zstd 0.7 that asks for a window of 128 MiB: its magic, its head, and a block that holds 128 KiB of zeros
/// in one byte.
inline std::string old_zstd_of_zeros() {
  return {
      "\x27\xb5\x2f\xfd\x00\x88"
      "\x00\x00\x05\xf2\x00\x00\x00\x00"
      "\xc0\0\0",
      17};
}

/// The head of a frame, whole but for the number of a dictionary, whose window is larger than any.
inline std::string zstd_head_without_bounds() {
  return {"\x28\xb5\x2f\xfd\x03\xff", 6};
}

}  // namespace slipway::tests
