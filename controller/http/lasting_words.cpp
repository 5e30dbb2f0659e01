#include "controller/http/lasting_words.h"

#include <algorithm>
#include <array>
#include <optional>

#include "crds/base/text.h"

namespace slipway::http {
namespace {

constexpr std::size_t kNone = std::string_view::npos;
constexpr std::size_t kShortestId = 8;
constexpr std::size_t kLongestId = 64;
/// Of a body: an error's words are shorter.
constexpr std::size_t kMostOfABody = 4u << 10;

bool is_part_of_word(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_';
}

/// Where the name begins that ends at `end`, however it is written ("CorrelationId", "correlation-id", "Request ID").
std::size_t begin_of_name(std::string_view words, std::size_t end, std::string_view name) {
  constexpr std::string_view kBetween = "-_ \"'";
  std::size_t at = end;
  for (std::size_t left = name.size(); left > 0; --at) {
    if (at == 0) return kNone;
    if (lower_case(words.substr(at - 1, 1)).front() == name[left - 1])
      --left;
    else if (kBetween.find(words[at - 1]) == kNone)
      return kNone;
  }
  while (at > 0 && is_part_of_word(words[at - 1])) --at;
  return at;
}

/// A name and an id in a text: [begin, end), and the id alone.
struct NamedId {
  std::size_t begin;
  std::size_t end;
  std::string_view id;
};

/// The one whose name ends at `mark`, which is a ':' or a '='.
std::optional<NamedId> named_id_at(std::string_view words, std::size_t mark) {
  static constexpr std::array<std::string_view, 4> kNames{"correlationid", "requestid", "traceid", "activityid"};
  std::size_t begin = kNone;
  for (const std::string_view name : kNames) begin = std::min(begin, begin_of_name(words, mark, name));
  const std::size_t first = words.find_first_not_of(" \"'", mark + 1);
  if (begin == kNone || first == kNone) return std::nullopt;
  std::size_t end = first;
  while (end < words.size() && is_part_of_word(words[end])) ++end;
  if (end - first < kShortestId) return std::nullopt;
  return NamedId{.begin = begin, .end = end, .id = words.substr(first, end - first)};
}

std::optional<NamedId> find_named_id(std::string_view words, std::size_t from) {
  for (std::size_t mark = words.find_first_of(":=", from); mark != kNone; mark = words.find_first_of(":=", mark + 1))
    if (const auto found = named_id_at(words, mark)) return found;
  return std::nullopt;
}

void take_ids_out(std::string& words) {
  for (std::size_t from = 0; const auto found = find_named_id(words, from);) {
    std::size_t begin = found->begin;
    std::size_t end = found->end;
    while (begin > 0 && std::string_view(" ,;([").find(words[begin - 1]) != kNone) --begin;
    while (end < words.size() && std::string_view("\"')]").find(words[end]) != kNone) ++end;
    words.erase(begin, end - begin);
    from = begin;
  }
}

/// A number between two texts, and what stands for all three.
struct Measure {
  std::string_view before;
  std::string_view after;
  std::string_view instead;
};

/// As libcurl has them: "after 21 ms", "after 2001 milliseconds with 0 out of 9 bytes received", "transfer closed with
/// 9 bytes remaining to read", "end of response with 9 bytes missing".
constexpr std::array kMeasures{
    Measure{.before = " after ", .after = " milliseconds", .instead = ""},
    Measure{.before = " after ", .after = " ms", .instead = ""},
    Measure{.before = " with ", .after = " out of ", .instead = " with "},
    Measure{.before = " with ", .after = " bytes received", .instead = ""},
    Measure{.before = " with ", .after = " bytes remaining", .instead = " with bytes remaining"},
    Measure{.before = " with ", .after = " bytes missing", .instead = " with bytes missing"},
};

void take_out(std::string& words, const Measure& measure) {
  for (std::size_t at = words.find(measure.before); at != kNone; at = words.find(measure.before, at + 1)) {
    const std::size_t first = at + measure.before.size();
    const std::size_t end = words.find_first_not_of("0123456789", first);
    if (end == kNone || end == first || !std::string_view(words).substr(end).starts_with(measure.after)) continue;
    words.replace(at, end + measure.after.size() - at, measure.instead);
  }
}

/// Go's words for a connection: "read tcp 10.0.0.4:41234->10.0.0.9:443: connection reset by peer".
void take_own_ports_out(std::string& words) {
  constexpr std::string_view kArrow = "->";
  for (std::size_t arrow = words.find(kArrow); arrow != kNone; arrow = words.find(kArrow, arrow + kArrow.size())) {
    std::size_t begin = arrow;
    while (begin > 0 && is_digit(words[begin - 1])) --begin;
    if (begin == arrow || begin == 0 || words[begin - 1] != ':') continue;
    words.erase(begin - 1, arrow - begin + 1);
    arrow = begin - 1;
  }
}

/// A log shows it, and who sends it chooses the words.
bool looks_like_id(std::string_view text) {
  return text.size() >= kShortestId && text.size() <= kLongestId &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '-' || (c >= 'a' && c <= 'f'); });
}

std::string as_id(std::string_view text) {
  const std::string id = lower_case(text);
  return looks_like_id(id) ? id : std::string();
}

}  // namespace

std::string lasting_words(std::string words) {
  take_ids_out(words);
  for (const Measure& measure : kMeasures) take_out(words, measure);
  take_own_ports_out(words);
  return words;
}

std::string correlation_id(const Response& response) {
  if (const std::string* const told = response.headers.find("X-Ms-Correlation-Request-Id")) return as_id(*told);
  if (response.status < 400) return {};
  const auto found = find_named_id(std::string_view(response.body).substr(0, kMostOfABody), 0);
  return found ? as_id(found->id) : std::string();
}

}  // namespace slipway::http
