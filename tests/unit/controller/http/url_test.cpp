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

TEST_CASE("where a reference leads") {
  const auto [reference, leads_to] = GENERATE(values<std::pair<std::string, std::string>>({
      {"", "https://r.io/v2/a/list?n=1"},
      {"#part", "https://r.io/v2/a/list?n=1"},
      {"?n=2", "https://r.io/v2/a/list?n=2"},
      {"other?x", "https://r.io/v2/a/other?x"},
      {"/x", "https://r.io/x"},
      {"//s.io/x", "https://s.io/x"},
      {"http://s.io", "http://s.io/"},
      {"x:y", ""},
      {"javascript:alert(1)", ""},
      {"https://user@s.io/", ""},
  }));
  CAPTURE(reference);
  const auto target = Url::parse("https://r.io/v2/a/list?n=1")->resolve(reference);
  CHECK((target ? target->str() : "") == leads_to);
}

TEST_CASE("an error shows an address without its query, and without what a registry gives once") {
  struct Row {
    std::string url;
    std::string shown;
  };
  const Row rows[] = {
      {"https://r.io/v2/a/blobs/uploads/ed251fcd?_state=s", "https://r.io/v2/a/blobs/uploads/…?REDACTED"},
      {"https://r.io/v2/a/blobs/uploads/ed251fcd", "https://r.io/v2/a/blobs/uploads/…"},
      {"https://r.io/v2/a/blobs/uploads/?mount=m", "https://r.io/v2/a/blobs/uploads/?REDACTED"},
      {"https://r.io/v2/a/blobs/uploads/manifests/1", "https://r.io/v2/a/blobs/uploads/manifests/1"},
      {"https://r.io/v2/uploads/blobs/sha256:1", "https://r.io/v2/uploads/blobs/sha256:1"},
      {"https://g.dev/artifacts-downloads/namespaces/p/downloads/AI3W",
       "https://g.dev/artifacts-downloads/namespaces/p/downloads/…"},
      {"https://g.dev/artifacts-uploads/namespaces/p/uploads/AJ-x==?d=1",
       "https://g.dev/artifacts-uploads/namespaces/p/uploads/…?REDACTED"},
      {"https://r.io", "https://r.io"},
      {"", ""}};
  for (const auto& row : rows) {
    INFO(row.url);
    CHECK(redacted(row.url) == row.shown);
  }
  CHECK(without_query("https://r.io/v2/a/blobs/uploads/ed251fcd?_state=s") ==
        "https://r.io/v2/a/blobs/uploads/ed251fcd?REDACTED");
}
