#include "controller/http/curl_proxy.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include "crds/base/text.h"

namespace slipway::http {
namespace {

constexpr std::array<std::string_view, 7> kSchemes{"http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"};

/// One part as libcurl takes it, empty when it takes none.
std::string part_of(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
  const std::unique_ptr<char, decltype(&curl_free)> held(text, &curl_free);
  return held.get();
}

}  // namespace

Result<void> check_proxy(const std::string& name, const std::string& text) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  const bool is_url = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                                          CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME) == CURLUE_OK;
  const bool fits = is_url && !part_of(url.get(), CURLUPART_HOST).empty() &&
                    std::ranges::find(kSchemes, lower_case(part_of(url.get(), CURLUPART_SCHEME))) != kSchemes.end();
  if (fits) return {};
  return fail(ErrorClass::Invalid, name + " is not the address of a proxy",
              "write http://host:port or http://user:password@host:port, with %XX for what is neither letter nor digit "
              "in user and password");
}

}  // namespace slipway::http
