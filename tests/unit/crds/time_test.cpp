#include "crds/base/time.h"

#include "tests/catch.h"

namespace slipway {

namespace {

using std::chrono::seconds;

/// A time as it is written back, "-" when the text is none.
std::string time_of(std::string_view text) {
  const auto time = parse_timestamp(text);
  return time ? to_string(*time) : "-";
}

std::string until_of(std::string_view text) {
  const auto time = parse_until(text);
  return time ? to_string(*time) : "-";
}

/// A duration as it is written back, "-" when the text is none.
std::string duration_of(std::string_view text) {
  const auto duration = parse_duration(text);
  return duration ? format_duration(*duration) : "-";
}

}  // namespace

TEST_CASE("times are RFC 3339 with any offset and are written in UTC") {
  CHECK(time_of("2026-11-24T09:00:00Z") == "2026-11-24T09:00:00Z");
  CHECK(time_of("2026-11-24t09:00:00z") == "2026-11-24T09:00:00Z");
  CHECK(time_of("2026-11-24T00:30:00+01:00") == "2026-11-23T23:30:00Z");
  CHECK(time_of("2026-12-31T23:30:00-00:45") == "2027-01-01T00:15:00Z");
  CHECK(time_of("2026-11-24T09:00:00.5Z") == "2026-11-24T09:00:00.500Z");
  CHECK(time_of("2026-11-24T09:00:00.123999999Z") == "2026-11-24T09:00:00.123Z");
  CHECK(time_of("2026-11-24T09:00:00.000Z") == "2026-11-24T09:00:00Z");
}

TEST_CASE("times end at the bounds of the calendar and the clock") {
  CHECK(time_of("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00Z");
  CHECK(time_of("2026-02-29T00:00:00Z") == "-");
  CHECK(time_of("2100-02-29T00:00:00Z") == "-");
  CHECK(time_of("2026-04-30T23:59:59Z") == "2026-04-30T23:59:59Z");
  CHECK(time_of("2026-04-31T00:00:00Z") == "-");
  CHECK(time_of("2026-00-01T00:00:00Z") == "-");
  CHECK(time_of("2026-13-01T00:00:00Z") == "-");
  CHECK(time_of("2026-01-00T00:00:00Z") == "-");
  CHECK(time_of("2026-01-01T24:00:00Z") == "-");
  CHECK(time_of("2026-01-01T23:60:00Z") == "-");
  CHECK(time_of("2026-01-01T00:00:00+23:59") == "2025-12-31T00:01:00Z");
  CHECK(time_of("2026-01-01T00:00:00+24:00") == "-");
  CHECK(time_of("2026-01-01T00:00:00+01:60") == "-");
}

TEST_CASE("times are of the years 1 to 9999 in UTC, and those at the ends are read back as they are written") {
  for (const std::string end : {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"})
    CHECK(time_of(end) == end);
  CHECK(time_of("0000-12-31T23:59:00-00:01") == "0001-01-01T00:00:00Z");
  for (const auto* beyond : {"0000-12-31T23:59:59Z", "0000-01-01T00:00:00+23:59", "0001-01-01T00:00:00+00:01",
                             "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:00-00:01"})
    CHECK(time_of(beyond) == "-");
  CHECK(until_of("9999-12-31") == "9999-12-31T23:59:59.999Z");
  CHECK(until_of("0001-01-01") == "0001-01-02T00:00:00Z");
  CHECK(until_of("0000-12-31") == "-");
}

TEST_CASE("what is nearly a time is none") {
  for (const auto* text : {"", "2026-11-24", "2026-11-24T09:00:00", "2026-11-24 09:00:00Z", "2026-11-24T09:00Z",
                           "2026-11-24T09:00:00.Z", "2026-11-24T09:00:00.1234567890Z", "2026-11-24T09:00:00Z ",
                           " 2026-11-24T09:00:00Z", "2026-11-24T09:00:00+0100", "26-11-24T09:00:00Z"}) {
    CAPTURE(text);
    CHECK(time_of(text) == "-");
  }
  CHECK(parse_timestamp("soon").error().cls == ErrorClass::Invalid);
  CHECK(parse_timestamp("soon").error().message == "\"soon\" is not a time");
}

TEST_CASE("a date bound lasts through its day") {
  CHECK(until_of("2026-12-31") == "2027-01-01T00:00:00Z");
  CHECK(until_of("2024-02-28") == "2024-02-29T00:00:00Z");
  CHECK(until_of("2026-12-31T18:00:00Z") == "2026-12-31T18:00:00Z");
  CHECK(until_of("2026-02-29") == "-");
  CHECK(until_of("2026-12") == "-");
  CHECK(until_of("") == "-");
}

TEST_CASE("durations are written in the largest units") {
  CHECK(duration_of("0") == "0s");
  CHECK(duration_of("0s") == "0s");
  CHECK(duration_of("59s") == "59s");
  CHECK(duration_of("60s") == "1m");
  CHECK(duration_of("90s") == "1m30s");
  CHECK(duration_of("24h") == "1d");
  CHECK(duration_of("364d") == "364d");
  CHECK(duration_of("365d") == "1y");
  CHECK(duration_of("1y2d3h4m5s") == "1y2d3h4m5s");
  CHECK(format_duration(seconds{-90}) == "-1m30s");
}

TEST_CASE("durations have one order, bounded digits and a longest") {
  CHECK(duration_of("999999999s") == "31y259d1h46m39s");
  CHECK(duration_of("1000000000s") == "-");
  CHECK(duration_of("1000y") == "1000y");
  CHECK(duration_of("1000y1s") == "-");
  CHECK(duration_of("1001y") == "-");
  for (const auto* text :
       {"", "s", "1", "10", "00", "1m1h", "1s1s", "1w", "1M", "-1s", "+1s", "1.5h", " 1s", "1s ", "1h 1m"}) {
    CAPTURE(text);
    CHECK(duration_of(text) == "-");
  }
}

}  // namespace slipway
