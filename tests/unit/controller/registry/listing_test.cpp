#include "controller/registry/listing.h"

#include "controller/registry/paging.h"
#include "tests/catch.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

namespace {

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(1'800'000'000'000ms); }
};

struct World {
  tests::ScriptedTransport network;
  FixedClock clock;
  registry::Connection connection{network, clock, registry::TokenOptions{.host = "r.io"}};

  void then(const std::string& body, const std::string& link = "") {
    if (link.empty())
      network.then(200, {}, body);
    else
      network.then(200, {{"Link", link}}, body);
  }
};

}  // namespace

TEST_CASE("Tags are read page by page, however the next one is written") {
  const std::string link = GENERATE("</v2/a/b/tags/list?n=1000&last=v1>; rel=\"next\"",
                                    "<https://r.io/v2/a/b/tags/list?n=1000&last=v1>; rel=\"next\"",
                                    "<http://r.io/v2/a/b/tags/list?n=1000&last=v1>; rel=next",
                                    "<list?n=1000&last=v1>; rel=\"next\"", "<?n=1000&last=v1>; rel=\"next\"");
  CAPTURE(link);
  World world;
  world.then(R"({"name":"a/b","tags":["v1"]})", link);
  world.then(R"({"name":"a/b","tags":["v2","latest"]})");
  CHECK(registry::list_tags(world.connection, "a/b", {}) == Names{"v1", "v2", "latest"});
  CHECK(world.network.requests[0].url == "https://r.io/v2/a/b/tags/list?n=1000");
  CHECK(world.network.requests[1].url == "https://r.io/v2/a/b/tags/list?n=1000&last=v1");
}

TEST_CASE("A repository without tags, and none") {
  World world;
  world.then(R"({"name":"a/b","tags":null})");
  world.then(R"({"name":"a/b","tags":[]})");
  world.network.then(404, {}, R"({"errors":[{"code":"NAME_UNKNOWN"}]})");
  for (int i = 0; i < 3; ++i) CHECK(registry::list_tags(world.connection, "a/b", {}) == Names{});
}

TEST_CASE("What is no list is Integrity") {
  const std::string body = GENERATE("", "[]", "{}", R"({"tags":"v1"})", R"({"tags":[1]})", R"({"tags":["a b"]})",
                                    R"({"tags":["\u001b[2J"]})", R"({"tags":["../x"]})", R"({"tags":[""]})");
  CAPTURE(body);
  World world;
  world.then(body);
  const auto tags = registry::list_tags(world.connection, "a/b", {});
  REQUIRE(!tags);
  CHECK(tags.error().cls == ErrorClass::Integrity);
}

TEST_CASE("A page of very many values is not taken, whatever they are") {
  const bool are_many = GENERATE(false, true);
  std::string names = "\"v1\"";
  std::string members = "\"a\":0";
  for (int i = 1; i < (are_many ? 21'000 : 19'000); ++i) {
    names += ",\"v1\"";
    members += ",\"" + std::to_string(i) + "\":0";
  }
  World world;
  world.then("{\"tags\":[" + names + "]}");
  CHECK(registry::list_tags(world.connection, "a/b", {}).has_value() != are_many);
  world.then("{\"tags\":[\"v1\"],\"more\":{" + members + "}}");
  CHECK(registry::list_tags(world.connection, "a/b", {}).has_value() != are_many);
}

TEST_CASE("Pages that lead away or in a circle are not followed") {
  const std::string link =
      GENERATE("<https://evil.io/v2/a/b/tags/list>; rel=\"next\"", "<//evil.io/next>; rel=\"next\"",
               "<https://r.io:444/next>; rel=\"next\"", "<ftp://r.io/next>; rel=\"next\"",
               "</v2/a/b/tags/list?n=1000>; rel=\"next\"", "<>; rel=\"next\"");
  CAPTURE(link);
  World world;
  world.then(R"({"tags":["v1"]})", link);
  const auto tags = registry::list_tags(world.connection, "a/b", {});
  REQUIRE(!tags);
  CHECK(tags.error().cls == ErrorClass::Integrity);
  CHECK(world.network.requests.size() == 1);
}

TEST_CASE("A list without end ends, at the bound it goes on") {
  registry::Paging paging("https://r.io/list?p=0", 3);
  for (int page = 1; page <= 3; ++page) {
    http::Response response{.status = 200, .headers = {}, .body = {}};
    response.headers.set("Link", "</list?p=" + std::to_string(page) + ">; rel=\"next\"");
    const Result<bool> more = paging.advance(response);
    CHECK(more.has_value() == (page < 3));
  }
  CHECK(paging.url() == "https://r.io/list?p=2");
}

TEST_CASE("Other links are not the next page") {
  registry::Paging paging("https://r.io/list");
  http::Response response{.status = 200, .headers = {}, .body = {}};
  response.headers.add("Link", "</list?p=0>; rel=\"prev\"");
  response.headers.add("Link", "</list");
  CHECK(paging.advance(response) == false);
}

TEST_CASE("The catalog is read for whoever may") {
  World world;
  world.then(R"({"repositories":["a/b","c"]})");
  world.network.then(404);
  world.then(R"({"repositories":["A"]})");
  CHECK(registry::list_repositories(world.connection, {}) == Names{"a/b", "c"});
  CHECK(registry::list_repositories(world.connection, {}).error().cls == ErrorClass::NotFound);
  CHECK(registry::list_repositories(world.connection, {}).error().cls == ErrorClass::Integrity);
  CHECK(world.network.requests[0].url == "https://r.io/v2/_catalog?n=1000");
}
