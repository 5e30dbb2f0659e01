#include "controller/http/url.h"

#include <string>

#include "tests/catch.h"

using namespace slipway::http;

TEST_CASE("a URL's host stays on this machine only when it is this machine") {
  struct Row {
    std::string url;
    bool loopback;
  };
  const Row rows[] = {
      {"http://127.0.0.1:5000/v2/", true},      {"http://[::1]:5000/", true},        {"http://LOCALHOST./", true},
      {"http://127.evil.example/", false},      {"http://127.0.0.1.nip.io/", false}, {"http://0x7f.1/", false},
      {"http://localhost.evil.example/", false}};
  for (const auto& row : rows) {
    INFO(row.url);
    const auto url = Url::parse(row.url);
    REQUIRE(url.has_value());
    CHECK(is_loopback(*url) == row.loopback);
  }
}

TEST_CASE("brackets stand around the whole host") {
  for (const std::string text : {"http://[::1].evil.example/", "http://[::1]evil.example:80/", "http://a[::1]/",
                                 "http://[::1/", "http://::1]/", "http://[::1]]/", "http://[[::1]/"}) {
    INFO(text);
    CHECK_FALSE(Url::parse(text).has_value());
  }
  CHECK(Url::parse("http://[::1]/").has_value());
  CHECK(Url::parse("http://[::1]:80/").has_value());
}
