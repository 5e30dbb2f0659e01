#include "crds/base/time.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "crds/base/text.h"

namespace slipway {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

/// What an API server takes, and what has four digits of a year.
constexpr Timestamp kFirst = sys_days{std::chrono::year{1} / 1 / 1};
constexpr Timestamp kLast = sys_days{std::chrono::year{10'000} / 1 / 1} - milliseconds{1};

constexpr std::string_view kTimestampRemedy = "write an RFC 3339 time, e.g. 2026-11-24T09:00:00Z";

/// Reads a text from left to right; every step says whether it found what it wanted.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool next_is_digit() const { return !rest_.empty() && is_digit(rest_.front()); }

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(rest_[i])) return std::nullopt;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  std::optional<char> one_of(std::string_view wanted) {
    if (rest_.empty() || wanted.find(rest_.front()) == std::string_view::npos) return std::nullopt;
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }

 private:
  std::string_view rest_;
};

std::optional<sys_days> read_date(Cursor& cursor) {
  const auto year = cursor.digits(4);
  if (!year || !cursor.one_of("-")) return std::nullopt;
  const auto month = cursor.digits(2);
  if (!month || !cursor.one_of("-")) return std::nullopt;
  const auto day = cursor.digits(2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return sys_days{date};
}

std::optional<milliseconds> read_fraction(Cursor& cursor) {
  if (!cursor.one_of(".")) return milliseconds{0};
  if (!cursor.next_is_digit()) return std::nullopt;
  int value = 0;
  int count = 0;
  for (; count < 9 && cursor.next_is_digit(); ++count) {
    const int digit = *cursor.digits(1);
    if (count < 3) value = value * 10 + digit;
  }
  for (; count < 3; ++count) value *= 10;
  if (cursor.next_is_digit()) return std::nullopt;
  return milliseconds{value};
}

std::optional<milliseconds> read_clock(Cursor& cursor) {
  const auto hour = cursor.digits(2);
  if (!hour || *hour > 23 || !cursor.one_of(":")) return std::nullopt;
  const auto minute = cursor.digits(2);
  if (!minute || *minute > 59 || !cursor.one_of(":")) return std::nullopt;
  const auto second = cursor.digits(2);
  if (!second || *second > 59) return std::nullopt;
  const auto fraction = read_fraction(cursor);
  if (!fraction) return std::nullopt;
  return hours{*hour} + minutes{*minute} + seconds{*second} + *fraction;
}

std::optional<minutes> read_offset(Cursor& cursor) {
  if (cursor.one_of("Zz")) return minutes{0};
  const auto sign = cursor.one_of("+-");
  if (!sign) return std::nullopt;
  const auto hour = cursor.digits(2);
  if (!hour || *hour > 23 || !cursor.one_of(":")) return std::nullopt;
  const auto minute = cursor.digits(2);
  if (!minute || *minute > 59) return std::nullopt;
  const minutes offset = hours{*hour} + minutes{*minute};
  return *sign == '-' ? -offset : offset;
}

std::optional<Timestamp> read_timestamp(std::string_view text) {
  Cursor cursor(text);
  const auto date = read_date(cursor);
  if (!date || !cursor.one_of("Tt")) return std::nullopt;
  const auto clock = read_clock(cursor);
  if (!clock) return std::nullopt;
  const auto offset = read_offset(cursor);
  if (!offset || !cursor.at_end()) return std::nullopt;
  const Timestamp time = Timestamp{*date} + *clock - *offset;
  if (time < kFirst || time > kLast) return std::nullopt;
  return time;
}

struct Unit {
  char name;
  std::int64_t seconds;
};

constexpr std::array<Unit, 5> kUnits{
    {{'y', std::int64_t{365} * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr std::size_t kMostDigits = 9;

std::unexpected<Error> not_a_duration(std::string_view text, std::string_view why) {
  return fail(ErrorClass::Invalid, quoted(text) + " is not a duration: " + std::string(why),
              "write whole numbers with a unit, largest unit first, e.g. 90s, 1h30m, 30d, 7y");
}

void append_number(std::string& out, int value, std::size_t width) {
  const std::string digits = std::to_string(value);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

}  // namespace

Result<Timestamp> parse_timestamp(std::string_view text) {
  if (const auto time = read_timestamp(text)) return *time;
  return fail(ErrorClass::Invalid, quoted(text) + " is not a time", std::string(kTimestampRemedy));
}

std::string to_string(Timestamp time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string out;
  append_number(out, static_cast<int>(date.year()), 4);
  append_number(out += '-', static_cast<int>(static_cast<unsigned>(date.month())), 2);
  append_number(out += '-', static_cast<int>(static_cast<unsigned>(date.day())), 2);
  append_number(out += 'T', static_cast<int>(clock.hours().count()), 2);
  append_number(out += ':', static_cast<int>(clock.minutes().count()), 2);
  append_number(out += ':', static_cast<int>(clock.seconds().count()), 2);
  const auto fraction = static_cast<int>(clock.subseconds().count());
  if (fraction != 0) append_number(out += '.', fraction, 3);
  return out += 'Z';
}

Result<seconds> parse_duration(std::string_view text) {
  if (text == "0") return seconds{0};
  if (text.empty()) return not_a_duration(text, "it is empty");
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t start = i;
    std::int64_t value = 0;
    for (; i < text.size() && i - start <= kMostDigits && is_digit(text[i]); ++i) value = value * 10 + (text[i] - '0');
    if (i == start) return not_a_duration(text, "a whole number is expected at " + quoted(text.substr(start)));
    if (i - start > kMostDigits) return not_a_duration(text, "a number has more than 9 digits");
    if (i == text.size()) return not_a_duration(text, "a unit (y, d, h, m or s) is missing at the end");
    while (next_unit < kUnits.size() && kUnits[next_unit].name != text[i]) ++next_unit;
    if (next_unit == kUnits.size())
      return not_a_duration(text, "unit " + quoted(text.substr(i, 1)) + " is unknown, repeated or out of order");
    total += value * kUnits[next_unit++].seconds;
  }
  if (seconds{total} > kLongestDuration) return not_a_duration(text, "it is longer than 1000y");
  return seconds{total};
}

std::string format_duration(seconds duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string out;
  if (rest < 0) out = "-";
  for (const Unit& unit : kUnits) {
    const std::int64_t count = rest / unit.seconds;
    rest %= unit.seconds;
    if (count != 0) out += std::to_string(count < 0 ? -count : count) + unit.name;
  }
  return out;
}

Result<Timestamp> parse_until(std::string_view text) {
  Cursor cursor(text);
  const auto date = read_date(cursor);
  if (date && cursor.at_end() && *date >= kFirst) return std::min(Timestamp{*date + days{1}}, kLast);
  if (const auto time = read_timestamp(text)) return *time;
  return fail(ErrorClass::Invalid, quoted(text) + " is neither a date nor a time",
              "write a date (2026-12-31, through the end of that day UTC) or an RFC 3339 time (2026-12-31T18:00:00Z)");
}

}  // namespace slipway
