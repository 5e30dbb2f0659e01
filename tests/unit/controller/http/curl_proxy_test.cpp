#include "controller/http/curl_proxy.h"

#include "tests/catch.h"

using slipway::ErrorClass;
using slipway::http::check_proxy;

TEST_CASE("Which addresses of proxies can be used") {
  const auto [text, fits] = GENERATE(values<std::pair<std::string, bool>>({
      {"http://p:1", true},
      {"p:1", true},
      {"p", true},
      {"http://user:p%40w@p.example:3128/", true},
      {"https://[::1]:3128", true},
      {"SOCKS5h://p:1080", true},
      {"http://user:s3cret@bad host", false},
      {"http://user:s3cret@p:port", false},
      {"http://user:s3cret@p:99999", false},
      {"http://user:s3cret@", false},
      {"ftp://user:s3cret@p", false},
      {"http://user:s3cr\net@p", false},
      {"http://user:s3cr%20et@p", true},
      {"http://user:s3cr%c3%a9@p", true},
      {"http://user:s3cr%zz@p", true},
      {"http://user:@p", true},
      {"http://user:s3cr%00et@p", false},
      {"http://user:s3cr%01et@p", false},
      {"http://user:s3cr%0aet@p", false},
      {"http://user:s3cr%1Fet@p", false},
      {"http://user:s3cr%7fet@p", false},
      {"http://us%01er:s3cret@p", false},
      {"us%0der:s3cret@p:3128", false},
  }));
  CAPTURE(text);
  const auto checked = check_proxy("HTTPS_PROXY", text);
  REQUIRE(checked.has_value() == fits);
  if (fits) return;
  CHECK(checked.error().cls == ErrorClass::Invalid);
  CHECK_THAT(checked.error().message, Catch::StartsWith("HTTPS_PROXY "));
  CHECK_THAT(checked.error().message + checked.error().remedy, !Catch::Contains("s3cr"));
}
