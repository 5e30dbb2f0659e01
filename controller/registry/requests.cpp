#include "controller/registry/requests.h"

#include <charconv>

#include "controller/http/url.h"

namespace slipway::registry {
namespace {

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

http::Request request_to(http::Method method, std::string url) {
  http::Request request;
  request.method = method;
  request.url = std::move(url);
  return request;
}

std::optional<std::string> next_page(const http::Headers& headers) {
  for (const std::string& link : headers.all("Link")) {
    const std::size_t open = link.find('<');
    const std::size_t close = link.find('>', open == std::string::npos ? 0 : open);
    if (open == std::string::npos || close == std::string::npos) continue;
    const std::string_view rest = std::string_view(link).substr(close);
    if (rest.find("rel=\"next\"") != std::string_view::npos || rest.find("rel=next") != std::string_view::npos)
      return link.substr(open + 1, close - open - 1);
  }
  return std::nullopt;
}

std::optional<ByteRange> parse_range(std::string_view text) {
  if (text.starts_with("bytes ") || text.starts_with("bytes=")) text.remove_prefix(6);
  text = text.substr(0, text.find('/'));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_count(text.substr(0, dash));
  const auto last = parse_count(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return ByteRange{.first = *first, .last = *last};
}

std::optional<Digest> digest_of(const http::Headers& headers) {
  const std::string* text = headers.find("Docker-Content-Digest");
  if (text == nullptr) return std::nullopt;
  const Result<Digest> digest = Digest::parse(*text);
  return digest ? std::optional(*digest) : std::nullopt;
}

std::optional<std::int64_t> length_of(const http::Headers& headers) {
  const std::string* text = headers.find("Content-Length");
  return text == nullptr ? std::nullopt : parse_count(*text);
}

std::string media_type_of(const http::Headers& headers) {
  const std::string* text = headers.find("Content-Type");
  if (text == nullptr) return {};
  std::string type = text->substr(0, text->find(';'));
  while (type.ends_with(' ')) type.pop_back();
  return type;
}

std::string with_digest(const std::string& url, const Digest& digest) {
  const char joint = url.find('?') == std::string::npos ? '?' : '&';
  return url + joint + "digest=" + http::encode_query_value(digest.str());
}

}  // namespace slipway::registry
