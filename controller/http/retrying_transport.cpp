#include "controller/http/retrying_transport.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "controller/http/waited_here.h"
#include "crds/base/text.h"

namespace slipway::http {
namespace {

bool is_streamed(const Request& request) {
  return request.body_reader || request.body_writer;
}

bool is_harmless(const Request& request) {
  return request.method != Method::Post && request.method != Method::Patch;
}

bool may_be_cured(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7, IMF-fixdate); the two obsolete forms are none.
std::optional<std::chrono::sys_seconds> parse_date(const std::string& text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr std::string_view kForm = "aaa, 00 aaa 0000 00:00:00 GMT";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool fits = kForm[i] == '0' ? is_digit(text[i]) : kForm[i] == 'a' || kForm[i] == text[i];
    if (!fits) return std::nullopt;
  }
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const auto number = [&text](std::size_t at, std::size_t length) { return std::stoi(text.substr(at, length)); };
  const std::chrono::year_month_day day{std::chrono::year(number(12, 4)),
                                        std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                        std::chrono::day(static_cast<unsigned>(number(5, 2)))};
  if (!day.ok() || number(17, 2) > 23 || number(20, 2) > 59 || number(23, 2) > 60) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(number(17, 2)) + std::chrono::minutes(number(20, 2)) +
         std::chrono::seconds(number(23, 2));
}

}  // namespace

RetryingTransport::RetryingTransport(HttpTransport& next, RetryRules rules, RetryHands hands)
    : next_(next), rules_(rules), hands_(std::move(hands)) {}

Result<Response> RetryingTransport::send(const Request& request, std::stop_token stop) {
  for (int attempt = 1;; ++attempt) {
    const std::chrono::nanoseconds began = elapsed() - waited_here();
    Result<Response> result = next_.send(request, stop);
    // Who waited for the own rate was not kept waiting by the host.
    const auto delay = delay_after(request, result, {.number = attempt, .took = elapsed() - waited_here() - began});
    if (!delay) return result;
    waited_here() += *delay;
    if (!hands_.wait(*delay, stop)) return fail(ErrorClass::Cancelled, "stopped while waiting to try again");
  }
}

std::optional<std::chrono::milliseconds> RetryingTransport::delay_after(const Request& request,
                                                                        const Result<Response>& result,
                                                                        const Attempt& attempt) const {
  if (attempt.number >= rules_.most_attempts || attempt.took > rules_.longest_attempt) return std::nullopt;
  if (request.only_once || is_streamed(request)) return std::nullopt;
  if (!result && result.error().cls != ErrorClass::Unavailable) return std::nullopt;
  if (result && !may_be_cured(result->status)) return std::nullopt;
  if (!is_harmless(request) && !(result && result->status == 429)) return std::nullopt;
  const auto base = rules_.first_delay * (1 << (attempt.number - 1));
  const auto extra =
      std::chrono::milliseconds(static_cast<long>(static_cast<double>(base.count()) * 0.5 * hands_.chance()));
  const auto asked = result ? retry_after(result->headers) : std::nullopt;
  if (!asked) return base + extra;
  if (*asked > rules_.longest_wait) return std::nullopt;
  return std::max<std::chrono::milliseconds>(*asked, base) + extra;
}

std::optional<std::chrono::seconds> retry_after(const Headers& headers) {
  const std::string* text = headers.find("Retry-After");
  if (text == nullptr || text->empty()) return std::nullopt;
  if (const auto date = parse_date(*text)) {
    const std::string* now = headers.find("Date");
    const auto sent = now == nullptr ? std::nullopt : parse_date(*now);
    return sent ? std::optional(std::clamp(*date - *sent, std::chrono::seconds(0), kLongestRetryAfter)) : std::nullopt;
  }
  if (!std::all_of(text->begin(), text->end(), is_digit)) return std::nullopt;
  long seconds = kLongestRetryAfter.count();  // Kept where the number is beyond a long.
  std::from_chars(text->data(), text->data() + text->size(), seconds);
  return std::min(std::chrono::seconds(seconds), kLongestRetryAfter);
}

}  // namespace slipway::http
