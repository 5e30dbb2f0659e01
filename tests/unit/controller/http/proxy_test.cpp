#include "controller/http/proxy.h"

#include "tests/catch.h"

using namespace slipway::http;

TEST_CASE("Which requests go through a proxy") {
  const ProxySettings settings{.https_proxy = "http://p:1",
                               .http_proxy = "http://q:2",
                               .no_proxy =
                                   "internal.io, .corp.io,one.io:8443,10.0.0.0/8,192.0.2.64/26,fd00::/8,*.Star.io,"
                                   "203.0.113.7,[fe80::7],8.0.0.0/33,/8,9.0.0.0/,x/8,7.0.0.0/8x"};
  const auto [url, proxy] = GENERATE(values<std::pair<std::string, std::string>>({
      {"https://r.io/", "http://p:1"},
      {"http://r.io/", "http://q:2"},
      {"https://internal.io/", ""},
      {"https://a.internal.io/", ""},
      {"https://notinternal.io/", "http://p:1"},
      {"https://a.corp.io/", ""},
      {"https://one.io:8443/", ""},
      {"https://one.io/", "http://p:1"},
      {"https://10.96.0.1/", ""},
      {"https://10.96.0.1:6443/", ""},
      {"https://11.0.0.1/", "http://p:1"},
      {"https://192.0.2.127/", ""},
      {"https://192.0.2.63/", "http://p:1"},
      {"https://192.0.2.128/", "http://p:1"},
      {"https://[fdff::1]/", ""},
      {"https://[fe00::1]/", "http://p:1"},
      {"https://[fe80::7]:5000/", ""},
      {"https://203.0.113.7/", ""},
      {"https://a.star.io/", ""},
      {"https://ten.10.0.0.0/", "http://p:1"},
      {"https://8.0.0.0/", "http://p:1"},
      {"https://9.0.0.0/", "http://p:1"},
      {"https://7.0.0.0/", "http://p:1"},
      {"http://127.0.0.1:5000/", ""},
      {"http://localhost:5000/", ""},
      {"http://[::1]:5000/", ""},
  }));
  CAPTURE(url);
  CHECK(proxy_for(*Url::parse(url), settings).value_or("") == proxy);
}
