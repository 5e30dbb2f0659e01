#include "crds/base/cron.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "crds/base/text.h"
#include "crds/base/time_zones.h"

namespace slipway {

namespace {

struct Field {
  std::string_view name;
  std::size_t least, most;
  std::span<const std::string_view> words = {};  ///< Of the values from `least` on.
};

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<Field, 5> kFields{{{"minute", 0, 59},
                                        {"hour", 0, 23},
                                        {"day of the month", 1, 31},
                                        {"month", 1, 12, kMonths},
                                        {"day of the week", 0, 7, kWeekdays}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kShorthands{{{"@hourly", "0 * * * *"},
                                                                                    {"@daily", "0 0 * * *"},
                                                                                    {"@midnight", "0 0 * * *"},
                                                                                    {"@weekly", "0 0 * * 0"},
                                                                                    {"@monthly", "0 0 1 * *"},
                                                                                    {"@yearly", "0 0 1 1 *"}}};

using Values = std::bitset<60>;

std::unexpected<Error> wrong(const Field& field, std::string_view found) {
  std::string remedy = "write '*', or numbers from " + std::to_string(field.least) + " to " +
                       std::to_string(field.most) + " as lists (1,15), ranges (1-5) and steps (*/10)";
  return fail(ErrorClass::Invalid, "the " + std::string(field.name) + " " + quoted(found) + " is not of cron's form",
              std::move(remedy));
}

std::optional<std::size_t> number_of(std::string_view text) {
  if (text.empty() || text.size() > 2 || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::size_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<std::size_t>(c - '0');
  return value;
}

std::optional<std::size_t> value_of(const Field& field, std::string_view text) {
  const auto word = std::find(field.words.begin(), field.words.end(), lower_case(text));
  if (word != field.words.end()) return field.least + static_cast<std::size_t>(word - field.words.begin());
  const auto value = number_of(text);
  return value && *value >= field.least && *value <= field.most ? value : std::nullopt;
}

struct Range {
  std::size_t first = 0, last = 0;
};

std::optional<Range> range_of(const Field& field, std::string_view text, bool stepped) {
  if (text == "*") return Range{field.least, field.most};
  const std::size_t dash = text.find('-');
  const auto first = value_of(field, text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return Range{*first, stepped ? field.most : *first};
  const auto last = value_of(field, text.substr(dash + 1));
  return last && *first <= *last ? std::optional(Range{*first, *last}) : std::nullopt;
}

/// One of a list: "*", "5", "1-5", "*/10", "1-30/2", "5/10".
bool add_item(const Field& field, std::string_view text, Values& values) {
  const std::size_t slash = text.find('/');
  const bool stepped = slash != std::string_view::npos;
  const auto range = range_of(field, text.substr(0, slash), stepped);
  const auto step = stepped ? number_of(text.substr(slash + 1)) : std::optional<std::size_t>(1);
  if (!range || !step || *step == 0) return false;
  for (std::size_t value = range->first; value <= range->last; value += *step) values.set(value);
  return true;
}

Result<Values> parse_field(const Field& field, std::string_view text) {
  Values values;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    if (!add_item(field, rest.substr(0, comma), values)) return wrong(field, text);
    if (comma == std::string_view::npos) return values;
    rest.remove_prefix(comma + 1);
  }
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

template <std::size_t N>
std::bitset<N> narrowed(const Values& values) {
  std::bitset<N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = values[i];
  return out;
}

/// Whether some month of the schedule has one of its days.
bool can_happen(const Cron& cron) {
  if (cron.any_day || !cron.any_weekday) return true;
  constexpr std::array<std::size_t, 13> kLongest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (std::size_t month = 1; month <= 12; ++month)
    for (std::size_t day = 1; cron.months[month] && day <= kLongest[month]; ++day)
      if (cron.days[day]) return true;
  return false;
}

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  for (const auto& [word, meaning] : kShorthands)
    if (text == word) text = meaning;
  const auto words = words_of(text);
  if (words.size() != kFields.size())
    return fail(ErrorClass::Invalid,
                "the schedule " + quoted(text) + " has " + std::to_string(words.size()) + " fields",
                "write five: minute, hour, day of the month, month, day of the week");
  std::array<Values, kFields.size()> values;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    auto parsed = parse_field(kFields[i], words[i]);
    if (!parsed) return std::unexpected(parsed.error());
    values[i] = *parsed;
  }
  if (values[4][7]) values[4].set(0);
  const Cron cron{narrowed<60>(values[0]), narrowed<24>(values[1]), narrowed<32>(values[2]), narrowed<13>(values[3]),
                  narrowed<7>(values[4]),  words[2] == "*",         words[4] == "*"};
  if (can_happen(cron)) return cron;
  return fail(ErrorClass::Invalid, "the schedule " + quoted(text) + " names a day that no such month has",
              "write a day that there is");
}

Result<void> check_time_zone(std::string_view text) {
  if (is_time_zone(text)) return {};
  return fail(ErrorClass::Invalid, quoted(text) + " is no time zone", "write an IANA name, e.g. Europe/Berlin or UTC");
}

}  // namespace slipway
