#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "crds/base/result.h"

namespace slipway {

/// A point in time, UTC. Values only: nothing here reads a clock.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Parses RFC 3339 with any offset and 0 to 9 fraction digits (finer than a millisecond is cut off).
Result<Timestamp> parse_timestamp(std::string_view text);

/// RFC 3339 in UTC with seconds, e.g. "2026-11-24T09:00:00Z"; milliseconds only when they are not zero.
std::string to_string(Timestamp time);

/// Parses the duration pattern of all resources: one or more of <integer><unit>, unit one of y d h m s, largest
/// first, each at most once and of at most 9 digits ("90s", "30d", "7y", "1h30m"). A day is 24 h, a year 365 days. "0"
/// and "0s" are zero. Longer than kLongestDuration is Invalid, so adding one to a Timestamp never overflows.
Result<std::chrono::seconds> parse_duration(std::string_view text);

/// The text in the largest units possible, e.g. "30d", "1h30m", "0s"; parses back to the same duration. Only a negative
/// duration, which parse_duration() never gives, has a '-' in front.
std::string format_duration(std::chrono::seconds duration);

inline constexpr std::chrono::seconds kLongestDuration = std::chrono::hours{24} * 365 * 1000;

/// The pattern that the schema of every duration field carries: what parse_duration() accepts, but for the longest.
inline constexpr std::string_view kDurationPattern =
    "^(0|[0-9]{1,9}y([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,9}s)?|[0-9]{1,9}d([0-9]{1,9}h)?([0-9]{1,9}m)?"
    "([0-9]{1,9}s)?|[0-9]{1,9}h([0-9]{1,9}m)?([0-9]{1,9}s)?|[0-9]{1,9}m([0-9]{1,9}s)?|[0-9]{1,9}s)$";

/// The end (exclusive) of what a date or time bound means: a bare date "2026-12-31" lasts through that day, UTC.
Result<Timestamp> parse_until(std::string_view text);

}  // namespace slipway
