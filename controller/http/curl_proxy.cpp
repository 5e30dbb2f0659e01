#include "controller/http/curl_proxy.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "crds/base/text.h"

namespace slipway::http {
namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

constexpr std::array<std::string_view, 7> kSchemes{"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"};

/// One part as libcurl takes it, empty when it takes none.
std::string part_of(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> held(text, &curl_free);
  return held.get();
}

/// Whether libcurl will understand a part once its %XX are decoded: else it goes on without any proxy.
bool can_be_decoded(CURLU* url, CURLUPart which, CURLUcode when_absent) {
  char* text = nullptr;
  const CURLUcode got = curl_url_get(url, which, &text, CURLU_URLDECODE);
  const std::unique_ptr<char, decltype(&curl_free)> held(text, &curl_free);
  if (got == when_absent) return true;
  return got == CURLUE_OK && std::ranges::none_of(std::string_view(held.get()), is_control);
}

bool can_be_decoded(CURLU* url) {
  return can_be_decoded(url, CURLUPART_USER, CURLUE_NO_USER) &&
         can_be_decoded(url, CURLUPART_PASSWORD, CURLUE_NO_PASSWORD) &&
         can_be_decoded(url, CURLUPART_HOST, CURLUE_NO_HOST);
}

}  // namespace

Result<void> check_proxy(const std::string& name, const std::string& text) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  const bool is_url = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                                          CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) == CURLUE_OK;
  const bool fits = is_url && can_be_decoded(url.get()) && !part_of(url.get(), CURLUPART_HOST).empty() &&
                    std::ranges::find(kSchemes, lower_case(part_of(url.get(), CURLUPART_SCHEME))) != kSchemes.end();
  if (fits) return {};
  return fail(ErrorClass::Invalid, name + " is not the address of a proxy",
              "write http://host:port or http://user:password@host:port, with %XX for what is neither letter nor digit "
              "in user and password, and no control character among them");
}

}  // namespace slipway::http
