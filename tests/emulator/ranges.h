#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace slipway::emulator {

/// Bytes `first` to `last`, both included.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t count() const { return last - first + 1; }
  bool operator==(const ByteRange&) const = default;
};

/// What a Range header (RFC 9110, section 14.2) asks of a body of `size` bytes.
struct RangeRequest {
  enum class Kind { Whole, Part, Unsatisfiable };
  Kind kind = Kind::Whole;  ///< Whole also for what is not understood: several ranges, other units.
  ByteRange part;
  bool operator==(const RangeRequest&) const = default;
};
RangeRequest parse_range(std::string_view header, std::uint64_t size);

/// The Content-Range of an upload as the distribution specification has it: "0-1023", no unit.
std::optional<ByteRange> parse_content_range(std::string_view header);

}  // namespace slipway::emulator
