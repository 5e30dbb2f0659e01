#include "tests/emulator/access.h"

#include "tests/catch.h"

using namespace slipway::emulator;

TEST_CASE("what a request needs is asked for in its challenge") {
  struct Row {
    std::string method, target, scope;
  };
  const Row row = GENERATE(values<Row>({
      {"GET", "/v2/", ""},
      {"GET", "/v2/_catalog", "registry:catalog:*"},
      {"GET", "/v2/a/b/tags/list", "repository:a/b:pull"},
      {"HEAD", "/v2/a/manifests/v1", "repository:a:pull"},
      {"GET", "/v2/a/referrers/sha256:00", "repository:a:pull"},
      {"PUT", "/v2/a/manifests/v1", "repository:a:pull,push"},
      {"POST", "/v2/a/blobs/uploads/", "repository:a:pull,push"},
      {"DELETE", "/v2/a/blobs/uploads/1", "repository:a:pull,push"},
      {"POST", "/v2/a/blobs/uploads/?mount=sha256:00&from=b", "repository:a:pull,push repository:b:pull"},
      {"DELETE", "/v2/a/manifests/sha256:00", "repository:a:delete"},
      {"GET", "/acr/v1/a/_tags", "repository:a:metadata_read"},
      {"PATCH", "/acr/v1/a/_tags/v1", "repository:a:metadata_write"},
      {"DELETE", "/acr/v1/a", "repository:a:delete"},
      {"POST", "/oauth2/token", ""},
  }));
  INFO(row.method << " " << row.target);
  const Target target = parse_target(row.target);
  CHECK(scope_of(required_access(row.method, parse_route(target.path), target)) == row.scope);
}

TEST_CASE("scopes are read back, also several in one text") {
  const std::string text = "registry:catalog:* repository:127.0.0.1:5000/a:pull,push";
  CHECK(scope_of(parse_scopes(text)) == text);
  CHECK(parse_scopes("nonsense repository:").empty());
}

TEST_CASE("a token covers what it names") {
  const auto held = parse_scopes("repository:a:pull,push repository:*:delete");
  CHECK(covers(held, parse_scopes("repository:a:pull")));
  CHECK(covers(held, parse_scopes("repository:a:pull,push repository:b:delete")));
  CHECK_FALSE(covers(held, parse_scopes("repository:b:pull")));
  CHECK_FALSE(covers(held, parse_scopes("repository:a:metadata_read")));
  CHECK_FALSE(covers(held, parse_scopes("registry:catalog:*")));
  CHECK(covers(held, {}));
}
