#include "controller/http/url.h"

#include <algorithm>

#include "crds/base/host.h"
#include "crds/base/text.h"

namespace slipway::http {
namespace {

constexpr std::size_t kLongestUrl = 16u << 10;

std::unexpected<Error> bad_url(std::string_view text, std::string_view why) {
  const std::string_view shown = text.substr(0, text.find('?'));
  return fail(ErrorClass::Invalid, quoted(shown) + ": " + std::string(why),
              "an absolute http or https URL is expected");
}

bool is_plain(char c) {
  return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '\\';
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

/// Brackets are around the whole host or not there at all.
bool is_bracketed_well(std::string_view authority, std::size_t last) {
  if (last == std::string_view::npos) return authority.find('[') == std::string_view::npos;
  const bool once = authority.rfind('[') == 0 && authority.find(']') == last;
  return once && (last + 1 == authority.size() || authority[last + 1] == ':');
}

Result<void> check_authority(std::string_view authority, std::string_view whole) {
  if (authority.empty()) return bad_url(whole, "no host");
  if (authority.find('@') != std::string_view::npos) return bad_url("", "user information in a URL is not followed");
  const std::size_t bracket = authority.rfind(']');
  if (!is_bracketed_well(authority, bracket)) return bad_url(whole, "bad host");
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == 0) return bad_url(whole, "no host");
  if (colon != std::string_view::npos && !is_port(authority.substr(colon + 1))) return bad_url(whole, "bad port");
  return {};
}

std::string_view before_fragment(std::string_view text) {
  return text.substr(0, text.find('#'));
}

/// Whether `part`, which follows `place` in an address, is for one request, or one upload, alone.
bool is_given_once(std::string_view place, std::string_view part) {
  if (part.empty()) return false;
  if (place.ends_with("/blobs/uploads")) return true;
  const bool is_googles = place.find("/artifacts-") != std::string_view::npos;
  return is_googles && (place.ends_with("/uploads") || place.ends_with("/downloads"));
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > kLongestUrl) return bad_url(text, "longer than 16 KiB");
  if (!std::all_of(text.begin(), text.end(), is_plain)) return bad_url(text, "not a URL");
  text = before_fragment(text);
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return bad_url(text, "no scheme");
  Url url;
  url.scheme = lower_case(text.substr(0, mark));
  if (url.scheme != "http" && url.scheme != "https") return bad_url(text, "neither http nor https");
  const std::string_view rest = text.substr(mark + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  url.authority = lower_case(rest.substr(0, end));
  if (Result<void> good = check_authority(url.authority, text); !good) return std::unexpected(good.error());
  const std::string_view target = rest.substr(end);
  const std::size_t question = target.find('?');
  url.path = std::string(target.substr(0, question));
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = std::string(target.substr(question + 1));
  return url;
}

Result<Url> Url::resolve(std::string_view reference) const {
  reference = before_fragment(reference);
  if (reference.empty()) return *this;
  if (reference.starts_with("//")) return parse(scheme + ":" + std::string(reference));
  if (const std::size_t colon = reference.find(':');
      colon != std::string_view::npos && reference.find_first_of("/?") > colon)
    return parse(reference);
  const std::string base = scheme + "://" + authority;
  if (reference.starts_with("/")) return parse(base + std::string(reference));
  if (reference.starts_with("?")) return parse(base + path + std::string(reference));
  return parse(base + path.substr(0, path.rfind('/') + 1) + std::string(reference));
}

std::string Url::host() const {
  if (authority.starts_with("[")) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

std::string Url::port() const {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) return authority.substr(colon + 1);
  return std::to_string(default_port(scheme == "http"));
}

std::string Url::endpoint() const {
  return canonical_address(authority).endpoint(scheme == "http");
}

std::string Url::str() const {
  return scheme + "://" + authority + path + (query.empty() ? "" : "?" + query);
}

bool same_origin(const Url& a, const Url& b) {
  return a.scheme == b.scheme && a.host() == b.host() && a.port() == b.port();
}

std::string redacted(std::string_view url) {
  const std::string_view path = url.substr(0, url.find('?'));
  const std::size_t last = path.rfind('/');
  if (last == std::string_view::npos || !is_given_once(url.substr(0, last), path.substr(last + 1)))
    return without_query(url);
  return std::string(path.substr(0, last)) + "/…" + (path.size() < url.size() ? "?REDACTED" : "");
}

std::string without_query(std::string_view url) {
  const std::size_t question = url.find('?');
  return std::string(url.substr(0, question)) + (question == std::string_view::npos ? "" : "?REDACTED");
}

std::string encode_query_value(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

bool is_loopback(const Url& url) {
  return is_loopback_host(url.host());
}

}  // namespace slipway::http
