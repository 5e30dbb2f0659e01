#include "controller/http/proxy.h"

#include "tests/catch.h"

using namespace slipway::http;

TEST_CASE("Which requests go through a proxy") {
  const ProxySettings settings{
      .https_proxy = "http://p:1", .http_proxy = "http://q:2", .no_proxy = "internal.io, .corp.io,one.io:8443"};
  const auto [url, proxy] = GENERATE(values<std::pair<std::string, std::string>>({
      {"https://r.io/", "http://p:1"},
      {"http://r.io/", "http://q:2"},
      {"https://internal.io/", ""},
      {"https://a.internal.io/", ""},
      {"https://notinternal.io/", "http://p:1"},
      {"https://a.corp.io/", ""},
      {"https://one.io:8443/", ""},
      {"https://one.io/", "http://p:1"},
      {"http://127.0.0.1:5000/", ""},
      {"http://localhost:5000/", ""},
      {"http://[::1]:5000/", ""},
  }));
  CAPTURE(url);
  CHECK(proxy_for(*Url::parse(url), settings).value_or("") == proxy);
}
