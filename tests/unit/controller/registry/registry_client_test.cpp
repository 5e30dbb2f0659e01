#include "controller/registry/registry_client.h"

#include <algorithm>
#include <new>
#include <tuple>

#include "controller/http/redirecting_transport.h"
#include "controller/registry/referrer_list.h"
#include "reconcilers/reasons.h"
#include "reconcilers/registry_name.h"
#include "tests/catch.h"
#include "tests/support/scripted_transport.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace slipway;
using registry::Credentials;
using namespace std::chrono_literals;

namespace {

class HandClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time{1'800'000'000'000ms};
};

const Credentials kBasic{.username = "ci", .password = SecretText("pw"), .identity_token = {}};

struct World {
  explicit World(registry::Credentials who = {}, bool without_tls = false)
      : credentials(std::move(who)), plain_http(without_tls) {}

  registry::Credentials credentials;
  bool plain_http;
  tests::ScriptedTransport network;
  HandClock clock;
  tests::ManualSteadyClock steady;
  registry::SilenceWatcher nobody;
  const std::shared_ptr<registry::HostSilences> silences =
      std::make_shared<registry::HostSilences>(registry::HostSilence::Hands{steady, nobody});
  const std::shared_ptr<registry::HostSilence> silence = silences->of(registry_name("r.io", plain_http));
  registry::RegistryClient store{
      std::make_shared<registry::Connection>(
          network, clock,
          registry::TokenOptions{.host = "r.io",
                                 .plain_http = plain_http,
                                 .credentials = credentials,
                                 .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; },
                                 .silences = silences}),
      {.repository = "a/b", .read_only = false, .request_id = "reconcile-1"}};

  /// From now on the registry gives no answer; as long as what is returned lives, another visit waits for one.
  registry::HostSilence::Place others_turn_at_silence() {
    steady.advance(1s);
    auto in_vain = silence->enter("another");
    steady.advance(60s);
    in_vain->over({}, fail(ErrorClass::Unavailable, "timed out", "wait"));
    return std::move(*silence->enter("another", "repository:a"));
  }
};

const Digest kDigest = Digest::of("x");

}  // namespace

TEST_CASE("An answer's status and code decide the class, and its words are shown") {
  struct Row {
    int status;
    std::string body;
    ErrorClass cls;
  };
  const Row row = GENERATE(values<Row>({
      {403, R"({"errors":[{"code":"DENIED","message":"no"}]})", ErrorClass::Unauthorized},
      {405, R"({"errors":[{"code":"REGISTRY_DISALLOWED_OPERATION","message":"locked"}]})", ErrorClass::Refused},
      {413, "too large", ErrorClass::Invalid},
      {429, R"({"errors":[{"code":"TOOMANYREQUESTS","message":"too many requests"}]})", ErrorClass::Throttled},
      {403, R"({"errors":[{"code":"DENIED","message":"quota exceeded"}]})", ErrorClass::QuotaExceeded},
      {507, "", ErrorClass::QuotaExceeded},
      {500, "<html>", ErrorClass::Unavailable},
      {400, R"({"errors":[{"code":"DIGEST_INVALID","message":"bad"}]})", ErrorClass::Integrity},
      {400, R"({"errors":[{"code":"NAME_INVALID","message":"bad"}]})", ErrorClass::Invalid},
      {400, R"({"errors":"none"})", ErrorClass::Invalid},
  }));
  CAPTURE(row.status, row.body);
  World world;
  world.network.then(row.status, {{"Retry-After", "7"}, {"X-Ms-Correlation-Request-Id", "id-1"}}, row.body);
  const auto put = world.store.put_tag("v1", {}, {});
  REQUIRE(!put);
  CHECK(put.error().cls == row.cls);
  CHECK(put.error().retry_after == 7s);
  CHECK(put.error().message.find("PUT https://r.io/v2/a/b/manifests/v1: ") == 0);
  // Another one each time: a status must not differ by it.
  CHECK(put.error().message.find("id-1") == std::string::npos);
  CHECK(!put.error().remedy.empty());
}

TEST_CASE("What a server that speaks TLS answers to a request without is told as that") {
  const auto [without_tls, body, remedy] = GENERATE(table<bool, std::string, std::string>({
      {true, "Client sent an HTTP request to an HTTPS server.\n", "remove plainHTTP"},
      {true, R"({"errors":[{"code":"NAME_INVALID","message":"bad"}]})", "see its message"},
      {false, "Bad Request", "see its message"},
  }));
  CAPTURE(without_tls, body);
  World world({}, without_tls);
  world.network.then(400, {}, body);
  const auto put = world.store.put_tag("v1", {}, {});
  REQUIRE(!put);
  CHECK(put.error().cls == ErrorClass::Invalid);
  CHECK_THAT(put.error().remedy, Catch::Contains(remedy));
}

TEST_CASE("A manifest that is not what its digest says is refused") {
  World world;
  world.network.then(200, {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}, {"Content-Length", "1"}},
                     "y");
  CHECK(world.store.manifest(kDigest, {}).error().cls == ErrorClass::Integrity);
}

TEST_CASE("A manifest that may have been cut off is asked for again") {
  const auto [end, cls] = GENERATE(table<std::string, ErrorClass>({{"", ErrorClass::Unavailable},
                                                                   {"Content-Length", ErrorClass::Integrity},
                                                                   {"Transfer-Encoding", ErrorClass::Integrity}}));
  World world;
  std::vector<std::pair<std::string, std::string>> headers{{"Docker-Content-Digest", Digest::of("whole").str()}};
  if (!end.empty()) headers.emplace_back(end, end == "Content-Length" ? "2" : "chunked");
  world.network.then(200, headers, "wh");
  CHECK(world.store.tagged_manifest("v1", {}).error().cls == cls);
  headers.erase(headers.begin());
  world.network.then(200, headers, "wh");
  CHECK(world.store.manifest(Digest::of("whole"), {}).error().cls == cls);
}

TEST_CASE("A blob of another size than the manifest says is never taken for it") {
  const auto [length, size, there] = GENERATE(values<std::tuple<std::string, std::int64_t, std::optional<bool>>>(
      {{"10", 10, true}, {"10", 9, std::nullopt}, {"10", 11, std::nullopt}, {"", 11, true}}));
  CAPTURE(length, size);
  World world;
  if (length.empty()) world.network.then(200);
  if (!length.empty()) world.network.then(200, {{"Content-Length", length}});
  const auto found = world.store.has_blob({.media_type = "", .digest = kDigest, .size = size}, {});
  if (there) CHECK(found == *there);
  if (!there) CHECK(found.error().cls == ErrorClass::Integrity);
}

TEST_CASE("Whoever a redirect leads to gets no credentials by asking for them") {
  const std::string realm = "Bearer realm=\"https://evil.io/token\",service=r.io";
  World world(kBasic);
  http::RedirectingTransport following(world.network,
                                       [](std::string_view, std::string_view) -> Result<void> { return {}; });
  registry::RegistryClient store(
      std::make_shared<registry::Connection>(
          following, world.clock,
          registry::TokenOptions{.host = "r.io",
                                 .plain_http = false,
                                 .credentials = kBasic,
                                 .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; }}),
      {.repository = "a/b", .read_only = true, .request_id = {}});
  SECTION("at once") {
    world.network.then(307, {{"Location", "https://evil.io/blob"}});
    world.network.then(401, {{"WWW-Authenticate", realm}});
    world.network.then(200, {}, R"({"token":"forged"})");
    world.network.then(404);
  }
  SECTION("after the registry's own challenge") {
    world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
    world.network.then(307, {{"Location", "https://evil.io/blob"}});
    world.network.then(401, {{"WWW-Authenticate", realm}});
    world.network.then(200, {}, R"({"token":"forged"})");
  }
  const auto found = store.has_blob({.media_type = "", .digest = kDigest, .size = 1}, {});
  REQUIRE(!found);
  CHECK(found.error().cls == ErrorClass::Unavailable);
  CHECK(found.error().message.find("r.io redirects to https://evil.io/blob") == 0);
  for (const http::Request& request : world.network.requests)
    if (request.url.find("evil.io") != std::string::npos) CHECK(request.headers.find("Authorization") == nullptr);
  CHECK(world.network.requests.back().url == "https://evil.io/blob");
}

TEST_CASE("The registry's own challenge after a redirect to itself is answered") {
  World world(kBasic);
  http::RedirectingTransport following(world.network,
                                       [](std::string_view, std::string_view) -> Result<void> { return {}; });
  registry::RegistryClient store(
      std::make_shared<registry::Connection>(
          following, world.clock,
          registry::TokenOptions{.host = "r.io", .plain_http = false, .credentials = kBasic, .may_call = {}}),
      {.repository = "a/b", .read_only = true, .request_id = {}});
  world.network.then(307, {{"Location", "/elsewhere"}});
  world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.network.then(200, {{"Content-Length", "1"}});
  CHECK(store.has_blob({.media_type = "", .digest = kDigest, .size = 1}, {}) == true);
}

TEST_CASE("A tag's manifest comes in one request, named as the registry names it when that is right") {
  World world;
  const std::string named = GENERATE(as<std::string>{}, "", Digest::of("x").str(), Digest::of("y").str(), "nonsense");
  CAPTURE(named);
  world.network.then(200, {{"Content-Type", "text/plain"}, {"Content-Length", "1"}, {"Docker-Content-Digest", named}},
                     "x");
  const auto found = world.store.tagged_manifest("v1", {});
  CHECK(world.network.requests.size() == 1);
  CHECK(found.has_value() == (named != Digest::of("y").str()));
  if (!found) CHECK(found.error().cls == ErrorClass::Integrity);
  if (found) CHECK((*found)->descriptor.digest == Digest::of("x"));
}

TEST_CASE("Tags are told by one answer or not at all") {
  using Tags = std::optional<std::set<std::string>>;
  struct Row {
    int status;
    std::string link;
    std::string body;
    Tags expected;
  };
  const Row row = GENERATE(values<Row>({
      {200, "", R"({"name":"a/b","tags":["v1","v2"]})", Tags({"v1", "v2"})},
      {200, "", R"({"name":"a/b","tags":null})", Tags(std::in_place)},
      {404, "", R"({"errors":[{"code":"NAME_UNKNOWN"}]})", Tags(std::in_place)},
      {200, "<?last=v2>; rel=\"next\"", R"({"name":"a/b","tags":["v1","v2"]})", std::nullopt},
      {404, "", "not found", std::nullopt},
      {403, "", "", std::nullopt},
      {405, "", "", std::nullopt},
      {200, "", "<html>", std::nullopt},
      {200, "", R"({"tags":["a b"]})", std::nullopt},
  }));
  CAPTURE(row.status, row.link, row.body);
  World world;
  if (row.link.empty())
    world.network.then(row.status, {}, row.body);
  else
    world.network.then(row.status, {{"Link", row.link}}, row.body);
  const auto tags = world.store.tags({});
  REQUIRE(tags.has_value());
  CHECK((tags.value() == row.expected));
  CHECK(world.network.requests.size() == 1);
}

TEST_CASE("A fallback tag that the list of tags does not hold is not asked for") {
  World world;
  const bool is_listed = GENERATE(false, true);
  CAPTURE(is_listed);
  const std::string tag = "sha256-" + std::string(kDigest.hex());
  world.network.then(200, {}, R"({"name":"a/b","tags":[")" + (is_listed ? tag : "v1") + R"("]})");
  world.network.then(404, {}, "not found");
  world.network.then(404, {}, "");
  REQUIRE(world.store.tags({}));
  CHECK(world.store.referrers(kDigest, {}) == std::vector<content::Descriptor>{});
  CHECK(world.network.requests.size() == (is_listed ? 3 : 2));
}

TEST_CASE("A HEAD without digest is followed by one GET") {
  World world;
  world.network.then(200, {{"Content-Length", "1"}});
  world.network.then(200, {{"Content-Type", "text/plain; charset=utf-8"}}, "x");
  const auto found = world.store.resolve("v1", {});
  REQUIRE(found.value().has_value());
  CHECK((*found)->digest == kDigest);
  CHECK((*found)->media_type == "text/plain");
}

TEST_CASE("Only the range that was asked for is taken") {
  World world;
  content::Descriptor blob{.media_type = "", .digest = kDigest, .size = 10};
  world.network.then(206);
  CHECK(!world.store.read_blob(blob, 4, [](std::span<const std::byte>) -> Result<void> { return {}; }, {}));
  REQUIRE(*world.network.requests[0].headers.find("Range") == "bytes=4-");
  const auto [header, fits] = GENERATE(values<std::pair<std::string, bool>>(
      {{"bytes 4-9/10", true}, {"bytes 3-9/10", false}, {"bytes 5-9/10", false}, {"bytes x", false}, {"", false}}));
  CAPTURE(header);
  http::Headers headers;
  headers.set("Content-Range", header);
  // The caller's frame is gone by now, so a fresh read judges from inside its own send.
  struct Judge final : http::HttpTransport {
    http::Headers given;
    bool taken = false;
    Result<http::Response> send(const http::Request& request, std::stop_token) override {
      const Result<void> judged = request.on_headers(206, given);
      taken = judged.has_value();
      if (!judged) return std::unexpected(judged.error());
      return http::Response{.status = 206, .headers = given, .body = {}};
    }
  } judge;
  judge.given = headers;
  registry::RegistryClient store(
      std::make_shared<registry::Connection>(judge, world.clock, registry::TokenOptions{.host = "r.io"}),
      {.repository = "a/b", .read_only = true, .request_id = {}});
  CHECK(!store.read_blob(blob, 4, [](std::span<const std::byte>) -> Result<void> { return {}; }, {}));
  CHECK(judge.taken == fits);
}

TEST_CASE("An upload stays at the registry's own host, because the token goes there") {
  const auto [location, error] = GENERATE(values<std::pair<std::string, bool>>({
      {"/v2/a/b/blobs/uploads/1?_state=s", false},
      {"https://r.io/v2/a/b/blobs/uploads/1", false},
      {"https://evil.io/v2/a/b/blobs/uploads/1", true},
      {"http://r.io/v2/a/b/blobs/uploads/1", true},
  }));
  CAPTURE(location);
  World world;
  world.network.then(202, {{"Location", location}});
  CHECK(world.store.start_upload(kDigest, {}).has_value() != error);
}

TEST_CASE("The newest Location is used, with its state") {
  World world;
  world.network.then(202, {{"Location", "/u/1?_state=one"}});
  world.network.then(202, {{"Location", "/u/1?_state=two"}});
  world.network.then(201);
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  REQUIRE((*upload)->append([](std::span<std::byte>) -> Result<std::size_t> { return 0; }, std::nullopt, {}));
  REQUIRE((*upload)->finish(kDigest, {}));
  CHECK(world.network.requests[1].url == "https://r.io/u/1?_state=one");
  CHECK(world.network.requests[2].url.starts_with("https://r.io/u/1?_state=two&digest=sha256%3A"));
}

TEST_CASE("An upload that the registry no longer has as it was may be gone on with or begun again") {
  const int status = GENERATE(404, 416);
  CAPTURE(status);
  World world;
  world.network.then(202, {{"Location", "/u/1"}});
  world.network.then(status, {}, R"({"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"unknown"}]})");
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  const BlobReader nothing = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
  SECTION("a piece") {
    CHECK((*upload)->append(nothing, 0, {}).error().cls == ErrorClass::Unavailable);
  }
  SECTION("the end") {
    CHECK((*upload)->finish(kDigest, {}).error().cls == ErrorClass::Unavailable);
  }
  SECTION("all at once") {
    CHECK((*upload)->send_whole({.digest = kDigest, .size = 0}, nothing, {}).error().cls == ErrorClass::Unavailable);
  }
  SECTION("asked for") {
    const auto held = (*upload)->acknowledged({});
    REQUIRE(!held);
    CHECK((held.error().cls == ErrorClass::NotFound) == (status == 404));
  }
}

TEST_CASE("An upload that is refused reads the same each time, whatever address the registry gives it") {
  World world;
  std::vector<Error> errors;
  for (const std::string id : {"ed251fcd?_state=one", "0a1b2c3d?_state=two"}) {
    world.network.then(202, {{"Location", "/v2/a/b/blobs/uploads/" + id}});
    world.network.then(507);
    const auto upload = world.store.start_upload(kDigest, {});
    REQUIRE(upload);
    errors.push_back((*upload)->finish(kDigest, {}).error());
  }
  INFO(errors[0].message);
  CHECK(errors[0] == errors[1]);
  CHECK_THAT(errors[0].message, Catch::StartsWith("PUT https://r.io/v2/a/b/blobs/uploads/…?REDACTED: 507"));
}

TEST_CASE("A sign-in that is refused reads the same before and after the registry's challenge is known") {
  World world(kBasic);
  world.network.then(401, {{"WWW-Authenticate", R"(Bearer realm="https://r.io/token")"}});
  world.network.then(401);
  world.network.then(401);
  const auto first = world.store.has_blob({.media_type = "", .digest = kDigest, .size = 1}, {});
  const auto second = world.store.has_blob({.media_type = "", .digest = kDigest, .size = 1}, {});
  REQUIRE(!first);
  REQUIRE(!second);
  CHECK(world.network.requests.size() == 3);
  INFO(first.error().message << "\n" << second.error().message);
  CHECK(first.error() == second.error());
}

TEST_CASE("The request that closes an upload is not repeated before the upload was looked at, but with a new token") {
  World world;
  world.network.then(202, {{"Location", "/u/1"}});
  world.network.then(401, {{"WWW-Authenticate", R"(Bearer realm="https://r.io/token")"}});
  world.network.then(200, {}, R"({"token":"one"})");
  world.network.then(201);
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  REQUIRE((*upload)->finish(kDigest, {}));
  CHECK(world.network.requests[1].only_once);
  CHECK(*world.network.requests[3].headers.find("Authorization") == "Bearer one");
}

TEST_CASE(
    "A registry that has all bytes of a layer may take minutes to close its upload, and is not silent meanwhile") {
  World world;
  world.network.then(202, {{"Location", "/u/1"}});
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  const BlobReader nothing = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
  const auto of_last = [&world] { return world.network.requests.back(); };
  world.network.then(202, {{"Location", "/u/1"}});
  REQUIRE((*upload)->append(nothing, 0, {}));
  CHECK_FALSE(of_last().answer_wait);
  world.network.then(201);
  SECTION("the end") {
    REQUIRE((*upload)->finish(kDigest, {}));
    CHECK(of_last().body_length == 0);
  }
  SECTION("all at once") {
    REQUIRE((*upload)->send_whole({.digest = kDigest, .size = 0}, nothing, {}));
  }
  REQUIRE(of_last().answer_wait);
  CHECK(of_last().answer_wait->longest == 10min);
  CHECK_THAT(of_last().answer_wait->remedy, Catch::Contains("has all bytes of the layer"));
  // A stream has no bound in all, and its failure does not make the host a silent one.
  CHECK(of_last().body_reader);
  CHECK_FALSE(of_last().total_timeout);
}

TEST_CASE("A piece that goes on after a cut says where it belongs") {
  World world;
  world.network.then(202, {{"Location", "/u/1"}});
  world.network.then(fail(ErrorClass::Unavailable, "cut"));
  const auto [range, length, expected] = GENERATE(values<std::tuple<std::string, std::optional<int>, std::string>>({
      {"0-4", 6, "5-10"},
      {"0-0", 11, "0-10"},
      {"0-10", 0, ""},
      {"0-4", std::nullopt, ""},
  }));
  CAPTURE(range);
  world.network.then(204, {{"Range", range}});
  world.network.then(202, {{"Location", "/u/1"}});
  world.network.then(202, {{"Location", "/u/1"}});
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  const BlobReader nothing = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
  CHECK(!(*upload)->append(nothing, 11, {}));
  REQUIRE((*upload)->acknowledged({}));
  REQUIRE((*upload)->append(nothing, length, {}));
  REQUIRE((*upload)->append(nothing, 1, {}));
  const auto sent = [&](std::size_t index) {
    const std::string* const header = world.network.requests[index].headers.find("Content-Range");
    return header == nullptr ? std::string() : *header;
  };
  CHECK(sent(1).empty());
  CHECK(sent(3) == expected);
  CHECK(sent(4).empty());
}

TEST_CASE("An upload that an earlier candidate for a mount left open is given back") {
  World world;
  world.network.then(202, {{"Location", "/u/1"}});
  const bool mounts = GENERATE(false, true);
  CAPTURE(mounts);
  world.network.then(mounts ? 201 : 202, {{"Location", "/u/2"}});
  world.network.then(204);
  CHECK(world.store.mount_blob(kDigest, "base/one", {}) == false);
  CHECK(world.network.requests.size() == 1);
  CHECK(world.store.mount_blob(kDigest, "base/two", {}) == mounts);
  REQUIRE(world.network.requests.size() == 3);
  CHECK(world.network.requests[2].method == http::Method::Delete);
  CHECK(world.network.requests[2].url == "https://r.io/u/1");
}

TEST_CASE("Giving an upload back waits for no token") {
  World world(kBasic);
  world.network.then(401, {{"WWW-Authenticate", R"(Bearer realm="https://r.io/token")"}});
  world.network.then(200, {}, R"({"token":"one","expires_in":600})");
  world.network.then(202, {{"Location", "/u/1"}});
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  world.network.then(401, {{"WWW-Authenticate", R"(Bearer realm="https://r.io/token")"}});
  SECTION("the one there is is used") {
    (*upload)->cancel();
    REQUIRE(world.network.requests.size() == 4);
    CHECK(*world.network.requests[3].headers.find("Authorization") == "Bearer one");
  }
  SECTION("without one nothing is asked") {
    world.clock.time += 10min;
    (*upload)->cancel();
    CHECK(world.network.requests.size() == 3);
  }
}

TEST_CASE("What is thrown while an upload is given back ends there") {
  class Broken final : public http::HttpTransport {
   public:
    explicit Broken(HttpTransport& next) : next_(next) {}
    Result<http::Response> send(const http::Request& request, std::stop_token stop) override {
      if (request.method == http::Method::Delete) throw std::bad_alloc();
      return next_.send(request, std::move(stop));
    }

   private:
    HttpTransport& next_;
  };
  World world;
  Broken network(world.network);
  registry::RegistryClient store(
      std::make_shared<registry::Connection>(network, world.clock, registry::TokenOptions{.host = "r.io"}),
      {.repository = "a/b", .read_only = false, .request_id = {}});
  world.network.then(202, {{"Location", "/u/1"}});
  const auto upload = store.start_upload(kDigest, {});
  REQUIRE(upload);
  (*upload)->cancel();
  CHECK(world.network.requests.size() == 1);
}

TEST_CASE("Giving an upload back holds nobody up") {
  World world;
  world.network.then(202, {{"Location", "/u/1"}});
  world.network.then(503);
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  (*upload)->cancel();
  const http::Request& asked = world.network.requests.back();
  CHECK(asked.method == http::Method::Delete);
  CHECK(asked.only_once);
  CHECK(asked.now_or_never);
  CHECK(asked.total_timeout <= 1s);
}

TEST_CASE("Pages of referrers are followed on the same host, and not in a circle") {
  const auto [link, good] = GENERATE(values<std::pair<std::string, bool>>({
      {"</v2/a/b/referrers/next>; rel=\"next\"", true},
      {"<https://evil.io/next>; rel=\"next\"", false},
      {"<" + std::string("/v2/a/b/referrers/") + kDigest.str() + ">; rel=\"next\"", false},
  }));
  CAPTURE(link);
  World world;
  const std::string type(content::kOciIndex);
  world.network.then(200, {{"Content-Type", type}, {"Link", link}}, R"({"manifests":[]})");
  world.network.then(200, {{"Content-Type", type}}, R"({"manifests":null})");
  CHECK(world.store.referrers(kDigest, {}).has_value() == good);
  CHECK(world.network.requests.size() == (good ? 2 : 1));
}

TEST_CASE("A list of referrers is bounded, whatever a registry puts into it") {
  World world;
  const std::string type(content::kOciIndex);
  const auto page_of = [&](const std::string& more, const std::string& next = "") {
    std::vector<std::pair<std::string, std::string>> headers{{"Content-Type", type}};
    if (!next.empty()) headers.emplace_back("Link", "</v2/a/b/referrers/" + next + R"(>; rel="next")");
    world.network.then(200, headers, R"({"manifests":[)" + more + "]}");
  };
  const auto entry = [](const std::string& artifact_type, const std::string& annotation) {
    return R"({"mediaType":"x","digest":")" + kDigest.str() + R"(","size":1,"artifactType":")" + artifact_type +
           R"(","annotations":{"a":")" + annotation + R"("}})";
  };
  SECTION("no annotations are kept, nor more of a type than one may have") {
    page_of(entry(std::string(100'000, 'a'), "b"));
    const auto found = world.store.referrers(kDigest, {});
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().annotations.empty());
    CHECK(found->front().artifact_type.size() == 255);
  }
  SECTION("all pages together") {
    for (int page = 0; page < 6; ++page) page_of(entry("a/b", std::string(4'000'000, 'x')), std::to_string(page));
    const auto found = world.store.referrers(kDigest, {});
    REQUIRE_FALSE(found);
    CHECK(found.error().cls == ErrorClass::Integrity);
    CHECK_THAT(found.error().message, Catch::Contains("larger than 16 MiB"));
    CHECK(world.network.requests.size() == 5);
  }
  SECTION("more entries than are held, which is nobody's fault") {
    std::string entries = entry("a/b", "");
    for (int more = 1; more < 1'001; ++more) entries += "," + entry("a/b", "");
    page_of(entries);
    const auto found = world.store.referrers(kDigest, {});
    REQUIRE_FALSE(found);
    CHECK_THAT(found.error().message, Catch::Contains("more than 1,000"));
    CHECK(found.error().remedy == "delete at the registry what is attached to that image and nobody needs");
  }
  SECTION("the pages of many lists") {
    for (int page = 0; page < 3'000; ++page) page_of("", page % 90 == 89 ? "" : std::to_string(page));
    Result<std::vector<content::Descriptor>> found;
    for (int list = 0; list < 30 && found; ++list) found = world.store.referrers(kDigest, {});
    REQUIRE_FALSE(found);
    CHECK_THAT(found.error().message, Catch::Contains("too many pages"));
    CHECK(world.network.requests.size() < 2'100);
  }
}

TEST_CASE("A fallback list of referrers keeps what others say in it, and is never written too long to be read") {
  World world;
  const std::string type(content::kOciIndex);
  const content::ManifestBytes mine{.descriptor = {.media_type = "x", .digest = Digest::of("mine"), .size = 4},
                                    .bytes = "mine"};
  std::vector<content::Descriptor> others(1, {.media_type = "x", .digest = kDigest, .size = 1});
  others[0].annotations["said"] = "by another";
  world.network.then(201);
  SECTION("there is room") {
    world.network.then(200, {{"Content-Type", type}}, registry::referrer_index(others).bytes);
    world.network.then(201);
    world.network.then(200, {{"Content-Type", type}}, registry::referrer_index({mine.descriptor}).bytes);
    CHECK(world.store.put_referrer(mine, {.media_type = "", .digest = kDigest}, {}));
    CHECK(world.network.requests[2].body.contains("by another"));
    return;
  }
  SECTION("1,000 are there") {
    while (others.size() < 1000)
      others.push_back({.media_type = "x", .digest = Digest::of(std::to_string(others.size())), .size = 1});
  }
  SECTION("49,997 values are there") {
    // Beside these: the map, its three members, and of the referrer the map and four members.
    for (int i = 0; i < 49'988; ++i) others[0].annotations[std::to_string(i)];
  }
  SECTION("4 MiB are there") {
    others[0].annotations["said"] = std::string(content::kMaxManifestBytes - 400, 'x');
  }
  world.network.then(200, {{"Content-Type", type}}, registry::referrer_index(others).bytes);
  const auto put = world.store.put_referrer(mine, {.media_type = "", .digest = kDigest}, {});
  REQUIRE_FALSE(put);
  CHECK(put.error().cls == ErrorClass::Refused);
  CHECK_THAT(put.error().message, Catch::Contains("is full"));
  CHECK(world.network.requests.size() == 2);
}

TEST_CASE("Every request names the reconcile that it is made for") {
  World world(kBasic);
  const BlobReader nothing = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
  SECTION("a look, and the token that is fetched for it") {
    world.network.then(401, {{"WWW-Authenticate", R"(Bearer realm="https://r.io/token")"}});
    world.network.then(200, {}, R"({"token":"one"})");
    world.network.then(404);
    REQUIRE(world.store.resolve("v1", {}));
  }
  SECTION("an upload") {
    world.network.then(202, {{"Location", "/u/1"}});
    const auto upload = world.store.start_upload(kDigest, {});
    REQUIRE(upload);
    world.network.then(202, {{"Location", "/u/1"}});
    REQUIRE((*upload)->append(nothing, 0, {}));
    world.network.then(204, {{"Range", "0-4"}});
    REQUIRE((*upload)->acknowledged({}));
    world.network.then(201);
    REQUIRE((*upload)->finish(kDigest, {}));
    world.network.then(204);
    (*upload)->cancel();
  }
  SECTION("a blob that is sent at once to the upload that a mount opened") {
    world.network.then(202, {{"Location", "/u/1"}});
    REQUIRE(world.store.mount_blob(kDigest, "base", {}));
    world.network.then(201);
    REQUIRE((*world.store.start_upload(kDigest, {}))->send_whole({.digest = kDigest, .size = 0}, nothing, {}));
  }
  for (const http::Request& request : world.network.requests) {
    CAPTURE(http::to_string(request.method), request.url);
    const std::string* const id = request.headers.find("X-Request-Id");
    CHECK((id != nullptr && *id == "reconcile-1"));
  }
}

TEST_CASE("A layer that is under way goes on while another visit has the turn at a silent registry") {
  World world;
  const content::Descriptor blob{.media_type = "", .digest = kDigest, .size = 2};
  world.network.then(202, {{"Location", "/u/1"}});
  const auto upload = world.store.start_upload(kDigest, {});
  REQUIRE(upload);
  const auto others = world.others_turn_at_silence();
  const auto put_off = world.store.has_blob(blob, {});
  REQUIRE_FALSE(put_off);
  CHECK(put_off.error().reason == reason::kHostSilent);
  SECTION("at the destination") {
    const BlobReader nothing = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
    world.network.then(202, {{"Location", "/u/1"}});
    CHECK((*upload)->append(nothing, 0, {}));
    world.network.then(204, {{"Range", "0-4"}});
    CHECK((*upload)->acknowledged({}));
    world.network.then(201);
    CHECK((*upload)->finish(kDigest, {}));
  }
  SECTION("at the source") {
    const BlobSink ignore = [](std::span<const std::byte>) -> Result<void> { return {}; };
    const auto from_its_start = world.store.read_blob(blob, 0, ignore, {});
    REQUIRE_FALSE(from_its_start);
    CHECK(from_its_start.error().reason == reason::kHostSilent);
    // It was sent: the answer is the end of the script.
    const auto goes_on = world.store.read_blob(blob, 1, ignore, {});
    REQUIRE_FALSE(goes_on);
    CHECK(goes_on.error().cls == ErrorClass::Internal);
  }
}

TEST_CASE("A referrer that others write over is put again, three times at most") {
  const auto [lost, good] = GENERATE(values<std::pair<int, bool>>({{0, true}, {1, true}, {2, true}, {3, false}}));
  CAPTURE(lost);
  World world;
  const std::string type(content::kOciIndex);
  const std::string another = R"({"manifests":[{"mediaType":"x","digest":")" + kDigest.str() + R"(","size":1}]})";
  content::ManifestBytes manifest{.descriptor = {.media_type = "x", .digest = Digest::of("mine"), .size = 4},
                                  .bytes = "mine"};
  world.network.then(201);
  world.network.then(404);
  for (int i = 0; i < lost; ++i) {
    world.network.then(201);
    world.network.then(200, {{"Content-Type", type}}, another);
  }
  if (good) {
    world.network.then(201);
    world.network.then(200, {{"Content-Type", type}}, registry::referrer_index({manifest.descriptor}).bytes);
  }
  const auto put = world.store.put_referrer(manifest, {.media_type = "", .digest = kDigest}, {});
  CHECK(put.has_value() == good);
  if (!put) CHECK(put.error().cls == ErrorClass::Unavailable);
  CHECK(world.network.requests.size() == static_cast<std::size_t>(2 + 2 * std::min(lost + 1, 3)));
  // The other's entry is kept.
  const http::Request& last = world.network.requests[world.network.requests.size() - 2];
  CHECK((last.body.find(kDigest.str()) != std::string::npos) == (lost > 0));
}

TEST_CASE("A refusal after a good sign-in names repository and action") {
  struct Row {
    http::Method method;
    int status;
    Credentials credentials;
    ErrorClass cls;
    std::string remedy;
  };
  using http::Method;
  const Row row = GENERATE(values<Row>({
      {Method::Put, 401, kBasic, ErrorClass::Forbidden, "give basic user ci the permission to push to a/b"},
      {Method::Head, 401, kBasic, ErrorClass::Forbidden, "give basic user ci the permission to pull from a/b"},
      {Method::Delete, 401, kBasic, ErrorClass::Forbidden, "give basic user ci the permission to delete from a/b"},
      {Method::Put, 401, {}, ErrorClass::Unauthorized, "name credentials that may push to a/b"},
      {Method::Head, 403, kBasic, ErrorClass::Forbidden,
       "give basic user ci the permission to pull from a/b, or allow this address in the registry's firewall"},
  }));
  CAPTURE(row.status, row.remedy);
  World world(row.credentials);
  world.network.then(401, {{"WWW-Authenticate", "Bearer realm=\"https://r.io/token\",service=r.io"}});
  world.network.then(200, {}, R"({"token":"t"})");
  world.network.then(row.status, {{"WWW-Authenticate", "Bearer realm=x,error=\"insufficient_scope\""}},
                     R"({"errors":[{"code":"DENIED","message":"no"}]})");
  std::optional<Error> error;
  if (row.method == Method::Put) error = world.store.put_tag("v1", {}, {}).error();
  if (row.method == Method::Head) error = world.store.resolve("v1", {}).error();
  if (row.method == Method::Delete) error = world.store.remove_tag("v1", {}).error();
  REQUIRE(error);
  CHECK(error->cls == row.cls);
  CHECK(error->remedy == row.remedy);
}

TEST_CASE("A registry that deletes nothing refuses to, which no retry changes") {
  for (const int status : {400, 405}) {
    World world;
    world.network.then(status, {}, R"({"errors":[{"code":"UNSUPPORTED","message":"off"}]})");
    CHECK(world.store.remove_manifest(kDigest, {}).error().cls == ErrorClass::Refused);
  }
}

TEST_CASE("Azure's registry is asked to remove a tag in its own words, and never to delete a manifest by its tag") {
  World world(kBasic);
  const bool is_azure = GENERATE(true, false);
  const std::string realm = is_azure ? "https://r.io/oauth2/token" : "https://r.io/token";
  world.network.then(401, {{"WWW-Authenticate", "Bearer realm=\"" + realm + "\",service=\"r.io\""}});
  world.network.then(200, {}, R"({"access_token":"t"})");
  world.network.then(200, {{"Docker-Content-Digest", kDigest.str()}, {"Content-Length", "2"}, {"Content-Type", "x"}});
  REQUIRE(world.store.resolve("v1", {}));
  world.network.then(200, {}, R"({"access_token":"t2"})");
  world.network.then(202);
  CHECK(world.store.remove_tag("v1", {}));
  const http::Request& last = world.network.requests.back();
  CHECK(last.method == http::Method::Delete);
  CHECK(last.url == (is_azure ? "https://r.io/acr/v1/a%2Fb/_tags/v1" : "https://r.io/v2/a/b/manifests/v1"));
}

TEST_CASE("A referrer that nobody said the kind of is looked into") {
  World world;
  const std::string type(content::kOciIndex);
  const auto manifest_with = [](const std::string& more) {
    return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)" + more +
           R"("config":{"mediaType":"a/config","digest":")" + kDigest.str() + R"(","size":1},"layers":[]})";
  };
  const std::vector<std::string> manifests = {manifest_with(R"("artifactType":"a/type",)"), manifest_with("")};
  std::string entries;
  for (const std::string& bytes : manifests)
    entries += R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + Digest::of(bytes).str() +
               R"(","size":1},)";
  entries += R"({"mediaType":"x","digest":")" + kDigest.str() + R"(","size":1})";
  world.network.then(200, {{"Content-Type", type}}, R"({"manifests":[)" + entries + "]}");
  for (const std::string& bytes : manifests)
    world.network.then(200, {{"Content-Type", "application/vnd.oci.image.manifest.v1+json"}}, bytes);
  world.network.then(404);
  const auto found = world.store.referrers(kDigest, {});
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK((*found)[0].artifact_type == "a/type");
  CHECK((*found)[1].artifact_type == "a/config");
  CHECK((*found)[2].artifact_type.empty());
}
