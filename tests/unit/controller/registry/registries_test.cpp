#include "controller/registry/registries.h"

#include "crds/base/base64.h"
#include "reconcilers/reasons.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_audit.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

using namespace slipway;
using namespace std::chrono_literals;
using registry::Credentials;

namespace {

const SourceSignIn kShop{.namespace_name = "shop"};

std::string pem(const std::string& body) {
  return "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n";
}

/// Hands one script to whoever asks for a way to the network. Each request takes `takes`; in the next one `meanwhile`
/// happens.
class Borrowed final : public http::HttpTransport {
 public:
  Borrowed(http::HttpTransport& lender, int& lent, tests::ManualSteadyClock& clock, const std::chrono::seconds& takes,
           std::function<void()>& meanwhile)
      : lender_(lender), lent_(lent), clock_(clock), takes_(takes), meanwhile_(meanwhile) {
    ++lent_;
  }
  ~Borrowed() override { --lent_; }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
  Result<http::Response> send(const http::Request& request, std::stop_token stop) override {
    clock_.advance(takes_);
    if (const auto happens = std::exchange(meanwhile_, nullptr)) happens();
    return lender_.send(request, stop);
  }

 private:
  http::HttpTransport& lender_;
  int& lent_;
  tests::ManualSteadyClock& clock_;
  const std::chrono::seconds& takes_;
  std::function<void()>& meanwhile_;
};

struct World {
  explicit World(bool in_a_cluster = false) : in_cluster(in_a_cluster) {}

  const bool in_cluster;  ///< Where nobody asks the environment.
  tests::InMemoryObjects objects;
  tests::ManualClock clock{Timestamp(1'800'000'000'000ms)};
  tests::ManualSteadyClock steady;
  tests::ScriptedTransport network;
  http::RequestRates rates{{.wait = [](auto, const auto&) { return true; }, .elapsed = [] { return 0s; }}};
  registry::RegistryRules rules{/*in_cluster=*/false, rates};
  int lent = 0;                   ///< Transports that somebody still has.
  std::chrono::seconds takes{0};  ///< Each request.
  std::function<void()> meanwhile;
  std::string visit = "reconcile-1";
  std::vector<std::string> trusted;  ///< Certificates that transports were made for.
  Credentials ambient;
  std::vector<std::string> ambient_asked;
  tests::InMemoryAudit audit;
  registry::SilenceWatcher silences;
  registry::SharedRegistries registries{objects,
                                        clock,
                                        {.controller_namespace = "slipway-system",
                                         .ambient_credentials = environment(),
                                         .make_transport =
                                             [this](const std::string& pem) {
                                               trusted.push_back(pem);
                                               return std::make_unique<Borrowed>(network, lent, steady, takes,
                                                                                 meanwhile);
                                             },
                                         .rules = rules,
                                         .audit = audit,
                                         .silences = silences,
                                         .steady = steady,
                                         .reconcile_id = [this] { return visit; },
                                         .open_file = {},
                                         .most_owners = 4,
                                         .most_token_bytes = 100'000}};

  std::function<Result<Credentials>(const std::string&)> environment() {
    if (in_cluster) return nullptr;
    return [this](const std::string& host) -> Result<Credentials> {
      ambient_asked.push_back(host);
      return ambient;
    };
  }
  ContainerRegistry contoso() {
    ContainerRegistry registry = tests::make_registry();
    registry.spec.login_server = "r.io";
    registry.spec.authentication = {};
    registry.spec.authentication.basic = BasicAuthentication{.secret_ref = {.name = "push"}};
    return registry;
  }
  void keep_secret(const std::string& namespace_name, const std::string& name,
                   std::map<std::string, std::string> data) {
    objects.secrets[{namespace_name, name}] = SecretObject{namespace_name, name, "", std::move(data)};
  }
  /// Who the registry sees, after one challenge.
  Result<std::string> sign_in(const ContainerRegistry& registry) {
    network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
    network.then(200);
    return registries.sign_in(registry, {}).identity;
  }
};

}  // namespace

TEST_CASE("A registry is signed in to with the Secret of the controller's namespace") {
  World world;
  world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", "pw"}});
  world.keep_secret("shop", "push", {{"username", "tenant"}, {"password", "pw"}});
  CHECK(world.sign_in(world.contoso()) == "basic user ci");
  CHECK(world.network.requests[1].url == "https://r.io/v2/");
  CHECK(*world.network.requests[1].headers.find("Authorization") == "Basic Y2k6cHc=");
  CHECK(world.ambient_asked.empty());
}

TEST_CASE("A Secret that is in no file leaves it to the environment, and both are named when neither has any") {
  World world;
  const auto missing = world.registries.sign_in(world.contoso(), {}).identity;
  REQUIRE(!missing);
  CHECK(missing.error().cls == ErrorClass::Unauthorized);
  CHECK(missing.error().message.find("Secret slipway-system/push does not exist") != std::string::npos);
  CHECK(missing.error().remedy.find("docker login r.io") != std::string::npos);
  CHECK(world.network.requests.empty());
  world.ambient = {.username = "me", .password = SecretText("pw"), .identity_token = {}};
  CHECK(world.sign_in(world.contoso()) == "basic user me");
  CHECK(world.ambient_asked == std::vector<std::string>{"r.io", "r.io"});
}

TEST_CASE("What the environment has and does not do is said where a Secret is missing") {
  World world;
  world.ambient.lacking = "SLIPWAY_REGISTRY_PASSWORD is empty";
  const auto missing = world.registries.sign_in(world.contoso(), {}).identity;
  REQUIRE(!missing);
  CHECK(missing.error().message ==
        "Secret slipway-system/push does not exist, and the environment has no sign-in: SLIPWAY_REGISTRY_PASSWORD is "
        "empty");
  CHECK(missing.error().remedy ==
        "create it with username and password; or set SLIPWAY_REGISTRY_HOST to r.io, and _USERNAME and _PASSWORD, or "
        "use docker login r.io");
}

TEST_CASE("A Secret with a misspelled key is told by the names of its keys") {
  World world;
  world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"pasword", "s3cret"}});
  const auto refused = world.registries.sign_in(world.contoso(), {}).identity;
  REQUIRE(!refused);
  CHECK(refused.error().cls == ErrorClass::Unauthorized);
  CHECK_THAT(refused.error().message,
             Catch::Contains("Secret slipway-system/push lacks password (it has pasword, username)"));
  CHECK(refused.error().message.find("s3cret") == std::string::npos);
}

TEST_CASE("A sign-in that is refused names where the credentials are kept, and nothing of them") {
  const int status = GENERATE(401, 403);
  World world;
  std::string origin;
  SECTION("in keys of a Secret") {
    world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", "s3cret"}});
    origin = "Secret slipway-system/push, keys username and password";
  }
  SECTION("in a docker configuration of a Secret") {
    world.keep_secret("slipway-system", "push",
                      {{".dockerconfigjson", R"({"auths":{"r.io":{"username":"ci","password":"s3cret"}}})"}});
    origin = "Secret slipway-system/push, key .dockerconfigjson";
  }
  SECTION("in the environment") {
    world.ambient = {.username = "ci", .password = SecretText("s3cret"), .origin = "/home/me/.docker/config.json"};
    origin = "/home/me/.docker/config.json";
  }
  world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.network.then(status, {{"WWW-Authenticate", "Basic realm=x"}});
  const auto refused = world.registries.sign_in(world.contoso(), {}).identity;
  REQUIRE(!refused);
  CHECK(refused.error().cls == (status == 401 ? ErrorClass::Unauthorized : ErrorClass::Forbidden));
  const std::string told = refused.error().message + ": " + refused.error().remedy;
  CHECK_THAT(told, Catch::Contains("basic user ci (from " + origin + ")"));
  CHECK_THAT(told, !Catch::Contains("s3cret"));
}

TEST_CASE("White space around a user name or a password is told where they are refused, for nobody sees it") {
  struct Row {
    std::string username;
    std::string password;
    std::string told;  ///< After the origin; empty: nothing is.
  };
  const auto row = GENERATE(values<Row>({
      {"ci", "s3cret\n", "the password ends with a line break, which counts as part of it"},
      {"ci", "s3cret\r\n", "the password ends with a line break, which counts as part of it"},
      {"ci", " s3cret", "the password begins with white space, which counts as part of it"},
      {"ci\n", "s3cret", "the user name ends with a line break, which counts as part of it"},
      {"ci\t", "s3cret\n", "the user name ends with white space, which counts as part of it"},
      {"ci", "s3 cret", ""},
  }));
  World world;
  std::string origin;
  SECTION("in keys of a Secret") {
    world.keep_secret("slipway-system", "push", {{"username", row.username}, {"password", row.password}});
    origin = "Secret slipway-system/push, keys username and password";
  }
  SECTION("in the environment") {
    world.ambient = {.username = row.username, .password = SecretText(row.password), .origin = "the variables"};
    origin = "the variables";
  }
  world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
  const auto refused = world.registries.sign_in(world.contoso(), {}).identity;
  REQUIRE(!refused);
  CHECK_THAT(refused.error().message,
             Catch::Contains("(from " + origin + (row.told.empty() ? "" : "; " + row.told) + ")"));
}

TEST_CASE("What a registry gives back of what it was signed in to with is not shown") {
  World world;
  const std::string basic = encode_base64("ci:s3cr3?t~");
  REQUIRE_THAT(basic, Catch::Contains("/"));
  std::string escaped = basic;
  escaped.replace(escaped.find('/'), 1, "\\/");
  const auto answer = [&](int status, const std::string& words) {
    world.network.then(status, {}, R"({"errors":[{"code":"DENIED)" + words + R"(","message":"no: )" + words + "\"}]}");
  };
  const auto challenge = [&](const std::string& header) { world.network.then(401, {{"WWW-Authenticate", header}}); };
  const std::string bearer = R"(Bearer realm="https://r.io/token",service="r.io")";
  std::string secret = "s3cr3?t~";
  world.ambient = {.username = "ci", .password = SecretText(secret), .origin = "docker's config.json"};
  SECTION("the header that has user and password") {
    challenge("Basic realm=x");
    answer(400, "Basic " + basic);
    secret = basic.substr(0, basic.find('/'));
  }
  SECTION("the same as other writers of JSON have it") {
    challenge("Basic realm=x");
    answer(400, "Basic " + escaped);
    secret = basic.substr(0, basic.find('/'));
  }
  SECTION("the password") {
    challenge("Basic realm=x");
    answer(400, "user ci, password s3cr3?t~");
  }
  SECTION("the password as a URL has it") {
    challenge("Basic realm=x");
    answer(403, "p=s3cr3%3Ft~");
    secret = "s3cr3%3Ft";
  }
  SECTION("a token") {
    challenge(bearer);
    world.network.then(200, {}, R"({"token":"t0k.en"})");
    answer(403, "Bearer t0k.en");
    secret = "t0k.en";
  }
  SECTION("a token, in answer to the request that was sent again") {
    challenge(bearer);
    world.network.then(200, {}, R"({"token":"t0k.en"})");
    world.network.then(401, {{"WWW-Authenticate", bearer}}, R"({"errors":[{"code":"X","message":"t0k.en"}]})");
    secret = "t0k.en";
  }
  SECTION("the password, by the token service") {
    challenge(bearer);
    answer(400, basic + ", that is s3cr3?t~");
  }
  SECTION("a refresh token, by the token service") {
    world.ambient = {.identity_token = SecretText("l0ng+lived"), .origin = "docker's config.json"};
    challenge(bearer);
    answer(400, "refresh_token=l0ng%2Blived, that is l0ng+lived");
    secret = "l0ng";
  }
  const auto refused = world.registries.sign_in(world.contoso(), {}).identity;
  REQUIRE(!refused);
  CAPTURE(refused.error().message);
  CHECK_THAT(refused.error().message + refused.error().remedy, !Catch::Contains(secret));
}

TEST_CASE("A password of fewer than four characters hides no words") {
  const auto [password, shown] =
      GENERATE(table<std::string, std::string>({{"the", "the reason"}, {"reason", "the ***"}, {"reas", "the ***on"}}));
  World world;
  world.ambient = {.username = "ci", .password = SecretText(password)};
  world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.network.then(400, {}, R"({"errors":[{"code":"X","message":"the reason"}]})");
  const auto refused = world.registries.sign_in(world.contoso(), {}).identity;
  REQUIRE(!refused);
  CHECK_THAT(refused.error().message, Catch::EndsWith('"' + shown + '"'));
}

TEST_CASE("The same credentials from two places are told apart in messages") {
  World world;
  world.keep_secret("shop", "one", {{"username", "ci"}, {"password", "pw"}, {"registry", "r.io"}});
  world.keep_secret("shop", "two", {{"username", "ci"}, {"password", "pw"}, {"registry", "r.io"}});
  for (const std::string secret : {"one", "two"}) {
    world.network.then(403);
    const auto source =
        world.registries.open_source({.reference = "r.io/a/b:1", .pull_secret_ref = NameRef{.name = secret}}, kShop);
    REQUIRE(source);
    const auto refused = (*source)->resolve("1", {});
    REQUIRE(!refused);
    CHECK_THAT(refused.error().remedy, Catch::Contains("Secret shop/" + secret + ", keys username and password"));
  }
}

TEST_CASE("An anonymous registry stays anonymous whatever the environment has") {
  World world;
  world.ambient = {.username = "me", .password = SecretText("pw"), .identity_token = {}};
  ContainerRegistry registry = world.contoso();
  registry.spec.authentication = {};
  registry.spec.authentication.anonymous = AnonymousAuthentication{};
  world.network.then(200);
  CHECK(world.registries.sign_in(registry, {}).identity == "anonymous");
  CHECK(world.ambient_asked.empty());
}

TEST_CASE("A changed Secret is used at once, and tokens of the same one are shared") {
  World world;
  world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", "one"}});
  REQUIRE(world.sign_in(world.contoso()));
  world.network.then(200);
  REQUIRE(world.registries.sign_in(world.contoso(), {}).identity);
  CHECK(world.network.requests.size() == 3);
  world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", "two"}});
  REQUIRE(world.sign_in(world.contoso()));
  CHECK(*world.network.requests.back().headers.find("Authorization") == "Basic Y2k6dHdv");
  CHECK(world.trusted == std::vector<std::string>{""});
}

TEST_CASE("What a registry is signed in to with is read once in a visit, unless another opened it in between") {
  const bool is_disturbed = GENERATE(false, true);
  World world;
  world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", "one"}});
  REQUIRE(world.registries.open(world.contoso(), "a/source"));
  if (is_disturbed) {
    world.visit = "reconcile-2";
    REQUIRE(world.registries.open(world.contoso(), "c/d"));
    world.visit = "reconcile-1";
  }
  world.objects.secrets.clear();
  CHECK(world.registries.open(world.contoso(), "a/b").has_value() != is_disturbed);
  ContainerRegistry edited = world.contoso();
  ++edited.metadata.generation;
  CHECK_FALSE(world.registries.open(edited, "a/b"));
  world.visit = "reconcile-3";
  CHECK_FALSE(world.registries.open(world.contoso(), "a/b"));
}

TEST_CASE("A former Secret is forgotten, unless another owner has the same") {
  const bool is_shared = GENERATE(false, true);
  World world;
  const auto keep = [&](const std::string& password) {
    world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", password}});
  };
  ContainerRegistry other = world.contoso();
  other.metadata.name = "other";
  keep("one");
  REQUIRE(world.sign_in(world.contoso()));
  if (is_shared) REQUIRE(world.registries.open(other, "a/b"));
  keep("two");
  REQUIRE(world.sign_in(world.contoso()));
  keep("one");
  // Who knows a connection knows its challenge.
  const std::size_t before = world.network.requests.size();
  REQUIRE(world.sign_in(world.contoso()).has_value() != is_shared);
  CHECK(world.network.requests.size() == before + (is_shared ? 1 : 2));
}

TEST_CASE("Transports go with the last connection over them, however long a client lives") {
  World world;
  ContainerRegistry registry = world.contoso();
  registry.spec.authentication = {};
  registry.spec.authentication.anonymous = AnonymousAuthentication{};
  registry.spec.ca_bundle_ref = KeyRef{.name = "ca", .key = "ca.pem"};
  world.keep_secret("slipway-system", "ca", {{"ca.pem", pem("one")}});
  auto client = world.registries.open(registry, "a/b");
  REQUIRE(client);
  world.keep_secret("slipway-system", "ca", {{"ca.pem", pem("two")}});
  world.visit = "reconcile-2";
  REQUIRE(world.registries.open(registry, "a/b"));
  CHECK(world.lent == 2);
  world.network.then(404);
  CHECK((*client)->resolve("1", {}).has_value());
  client->reset();
  CHECK(world.lent == 1);
}

TEST_CASE("A connection that nobody opened for an hour goes, unless somebody still holds it") {
  World world;
  const auto open = [&](const std::string& name) {
    ContainerRegistry registry = world.contoso();
    registry.metadata.name = name;
    registry.spec.authentication = {};
    registry.spec.authentication.anonymous = AnonymousAuthentication{};
    registry.spec.ca_bundle_ref = KeyRef{.name = name, .key = "ca.pem"};
    world.keep_secret("slipway-system", name, {{"ca.pem", pem(name)}});
    auto opened = world.registries.open(registry, "a/b");
    REQUIRE(opened);
    return std::move(*opened);
  };
  SECTION("by time") {
    const auto held = open("held");
    open("gone");
    CHECK(world.lent == 2);
    for (int visits = 0; visits < 7; ++visits) {
      world.clock.advance(10min);
      world.visit = "reconcile-" + std::to_string(visits);
      open("used");
    }
    CHECK(world.lent == 2);
    CHECK(world.trusted == std::vector<std::string>{pem("held"), pem("gone"), pem("used")});
    open("held");
    CHECK(world.trusted.size() == 3);
  }
  SECTION("where there are too many, those that were not opened for the longest time") {
    for (const char* name : {"a", "b", "c", "d", "e", "f"}) {
      open(name);
      world.clock.advance(5min);
    }
    CHECK(world.lent <= 4);
    const std::size_t made = world.trusted.size();
    open("f");
    CHECK(world.trusted.size() == made);
    open("a");
    CHECK(world.trusted.size() == made + 1);
  }
}

TEST_CASE(
    "A source is read with the pull secret of its namespace, else with what the environment lends, else by nobody") {
  World world;
  world.keep_secret("shop", "pull", {{".dockerconfigjson", R"({"auths":{"s.io":{"auth":"YTpi"}}})"}});
  world.ambient = {.username = "me", .password = SecretText("pw"), .identity_token = {}};
  const auto [secret, lent, expected] = GENERATE(table<bool, bool, std::string>(
      {{true, true, "Basic YTpi"}, {true, false, "Basic YTpi"}, {false, true, "Basic bWU6cHc="}, {false, false, ""}}));
  RegistrySource source;
  source.reference = "s.io/x/y:1";
  if (secret) source.pull_secret_ref = NameRef{.name = "pull"};
  const auto opened = world.registries.open_source(source, {.namespace_name = "shop", .environment = lent});
  REQUIRE(opened);
  world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
  world.network.then(404);
  const auto found = (*opened)->resolve("1", {});
  CHECK(found.has_value() == !expected.empty());
  const std::string* sent = world.network.requests.back().headers.find("Authorization");
  CHECK((sent ? *sent : "") == expected);
  CHECK(*world.network.requests.back().headers.find("X-Request-Id") == "reconcile-1");
  CHECK(world.ambient_asked.empty() == (secret || !lent));
}

TEST_CASE("Who is refused without credentials learns where they go") {
  const bool in_cluster = GENERATE(true, false);
  World world(in_cluster);
  const std::string challenge = GENERATE("Basic realm=x", R"(Bearer realm="https://s.io/token",service=s.io)");
  const int by_token_service = GENERATE(401, 403, 200);
  const auto refuse = [&] {
    world.network.then(401, {{"WWW-Authenticate", challenge}});
    if (challenge.starts_with("Basic")) return std::string("name credentials for s.io");
    world.network.then(by_token_service, {}, R"({"token":"t"})");
    if (by_token_service == 401) return std::string("name credentials for s.io");
    if (by_token_service == 200) world.network.then(401, {{"WWW-Authenticate", challenge}});
    return std::string("name credentials that may pull from x/y");
  };
  const auto remedy_of = [&](const auto& opened) {
    REQUIRE(opened);
    const auto found = (*opened)->resolve("1", {});
    REQUIRE(!found);
    CHECK(found.error().cls == ErrorClass::Unauthorized);
    return found.error().remedy;
  };
  const std::string field = " in spec.source.image.pullSecretRef, a Secret of the publication's namespace";
  const RegistrySource source{.reference = "s.io/x/y:1"};
  SECTION("of a source to which nothing is lent") {
    const std::string or_lend =
        in_cluster ? "" : ", or name the image in `sources` of the access entry: that lends it the environment's";
    const std::string remedy = refuse() + field + or_lend;
    CHECK_THAT(remedy_of(world.registries.open_source(source, kShop)), Catch::StartsWith(remedy));
  }
  SECTION("of a source to which an environment without any is lent") {
    world.ambient.lacking = GENERATE("", "SLIPWAY_REGISTRY_PASSWORD is empty");
    const std::string or_set =
        in_cluster ? ""
                   : ", or set SLIPWAY_REGISTRY_HOST to s.io, and _USERNAME and _PASSWORD, or use docker login s.io" +
                         (world.ambient.lacking.empty() ? "" : " (now " + world.ambient.lacking + ")");
    const std::string remedy = refuse() + field + or_set;
    const auto opened = world.registries.open_source(source, {.namespace_name = "shop", .environment = true});
    CHECK_THAT(remedy_of(opened), Catch::StartsWith(remedy));
  }
  SECTION("of a ContainerRegistry, whatever a source was told of its host") {
    REQUIRE(world.registries.open_source(source, kShop));
    ContainerRegistry registry = world.contoso();
    registry.spec.login_server = "s.io";
    registry.spec.authentication = {};
    registry.spec.authentication.anonymous.emplace();
    const std::string remedy =
        refuse() + " in spec.authentication.basic of ContainerRegistry " + registry.metadata.name;
    CHECK_THAT(remedy_of(world.registries.open(registry, "x/y")), Catch::StartsWith(remedy));
  }
}

TEST_CASE("Who reads anonymously and who borrows keep their own connections to one host") {
  World world;
  world.ambient = {.username = "me", .password = SecretText("pw"), .identity_token = {}};
  const SourceSignIn lent{.namespace_name = "shop", .environment = true};
  for (const int turn : {1, 2}) {
    for (const SourceSignIn& sign_in : {lent, kShop}) {
      const auto opened = world.registries.open_source({.reference = "s.io/x/y:1"}, sign_in);
      REQUIRE(opened);
      if (turn == 1 && sign_in.environment) world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
      world.network.then(404);
      REQUIRE((*opened)->resolve("1", {}));
    }
  }
  CHECK(world.network.requests.size() == 5);
}

TEST_CASE("A pull secret is of the namespace and for the host") {
  World world;
  const bool has_keys = GENERATE(true, false);
  world.keep_secret(
      "shop", "pull",
      has_keys ? std::map<std::string, std::string>{{"username", "a"}, {"password", "b"}, {"registry", "s.io"}}
               : std::map<std::string, std::string>{{".dockerconfigjson", R"({"auths":{"s.io":{"auth":"YTpi"}}})"}});
  RegistrySource source{.reference = "other.io/x/y:1", .pull_secret_ref = NameRef{.name = "pull"}};
  CHECK(world.registries.open_source(source, kShop).error().cls == ErrorClass::Unauthorized);
  source.reference = "s.io/x/y:1";
  CHECK(world.registries.open_source(source, kShop).has_value());
  CHECK(world.registries.open_source(source, {.namespace_name = "elsewhere"}).error().cls == ErrorClass::Unauthorized);
}

TEST_CASE("A Secret of the publication's namespace that names no registry is sent to none") {
  World world;
  world.keep_secret("shop", "database", {{"username", "app"}, {"password", "pw"}});
  const RegistrySource source{.reference = "evil.io/x/y:1", .pull_secret_ref = NameRef{.name = "database"}};
  const auto opened = world.registries.open_source(source, kShop);
  REQUIRE(!opened);
  CHECK(opened.error().cls == ErrorClass::Unauthorized);
  CHECK_THAT(opened.error().remedy, Catch::Contains("give it that key: kubectl patch secret database -n shop"));
}

TEST_CASE("Who is told to create a Secret is told of all that it needs") {
  World world(/*in_a_cluster=*/true);
  const RegistrySource source{.reference = "ghcr.io/x/y:1", .pull_secret_ref = NameRef{.name = "pull"}};
  const auto opened = world.registries.open_source(source, kShop);
  REQUIRE(!opened);
  CHECK(opened.error().message == "Secret shop/pull does not exist");
  CHECK_THAT(opened.error().remedy, Catch::Contains("create it: kubectl -n shop create secret docker-registry pull "
                                                    "--docker-server=ghcr.io --docker-username="));
  CHECK(world.registries.sign_in(world.contoso(), {}).identity.error().remedy ==
        "create it with username and password");
}

TEST_CASE("Plain HTTP is for localhost") {
  const auto [host, fits] = GENERATE(values<std::pair<std::string, bool>>({
      {"localhost:5000", true},
      {"127.0.0.1:5000", true},
      {"[::1]:5000", true},
      {"localhost", true},
      {"r.io", false},
      {"localhost.evil.io:5000", false},
      {"127.0.0.1.evil.io:5000", false},
  }));
  CAPTURE(host);
  World world;
  RegistrySource source;
  source.reference = host + "/x/y:1";
  source.plain_http = true;
  CHECK(world.registries.open_source(source, kShop).has_value() == fits);
}

TEST_CASE("Certificates come from a ConfigMap or a Secret, and a missing one is NotFound") {
  World world;
  ContainerRegistry registry = world.contoso();
  registry.spec.authentication = {};
  registry.spec.authentication.anonymous = AnonymousAuthentication{};
  registry.spec.ca_bundle_ref = KeyRef{.name = "ca", .key = "ca.pem"};
  CHECK(world.registries.open(registry, "a/b").error().cls == ErrorClass::NotFound);
  world.keep_secret("slipway-system", "ca", {{"ca.pem", pem("from the secret")}});
  CHECK(world.registries.open(registry, "a/b").has_value());
  CHECK(world.trusted == std::vector<std::string>{pem("from the secret")});
}

TEST_CASE("Certificates that hold none are told by where they are kept, and nothing is asked") {
  World world;
  ContainerRegistry registry = world.contoso();
  registry.spec.authentication = {};
  registry.spec.authentication.anonymous = AnonymousAuthentication{};
  registry.spec.ca_bundle_ref = KeyRef{.name = "corp-ca", .key = "ca.pem"};
  const std::string kind = GENERATE("ConfigMap", "Secret");
  const std::string text = GENERATE("hello", "", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n");
  if (kind == "Secret") world.keep_secret("slipway-system", "corp-ca", {{"ca.pem", text}});
  if (kind == "ConfigMap")
    world.objects.config_maps[{"slipway-system", "corp-ca"}] =
        ConfigMapObject{"slipway-system", "corp-ca", {{"ca.pem", text}}};
  const SignIn seen = world.registries.sign_in(registry, {});
  REQUIRE(!seen.identity);
  CHECK(seen.identity.error().cls == ErrorClass::Invalid);
  CHECK(seen.identity.error().message == kind + " slipway-system/corp-ca, key ca.pem holds no certificate");
  CHECK(seen.end == SignIn::End::NotAsked);
  CHECK(world.network.requests.empty());
}

TEST_CASE("A sign-in says how far it came") {
  using End = SignIn::End;
  World world;
  ContainerRegistry registry = world.contoso();
  const auto end = [&] { return world.registries.sign_in(registry, {}).end; };
  SECTION("no further than to credentials that are not there") {
    CHECK(end() == End::NoCredentials);
    CHECK(world.network.requests.empty());
  }
  world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", "pw"}});
  SECTION("nor to certificates") {
    registry.spec.ca_bundle_ref = KeyRef{.name = "ca", .key = "ca.pem"};
    CHECK(end() == End::NotAsked);
    CHECK(world.network.requests.empty());
  }
  SECTION("to a host that can't be reached, is not trusted, or can't answer now") {
    Error error{
        .cls = ErrorClass::Unavailable, .message = "no answer", .remedy = "mend it", .reason = {}, .retry_after = {}};
    error.cls = GENERATE(ErrorClass::Unavailable, ErrorClass::Invalid, ErrorClass::Refused);
    if (error.cls == ErrorClass::Refused) error.reason = GENERATE("CertificateNotTrusted", "AnsweredInClear");
    world.network.then(std::unexpected(error));
    CHECK(end() == End::NoAnswer);
    world.network.then(503);
    CHECK(end() == End::NoAnswer);
  }
  SECTION("to an answer, which may be a refusal") {
    world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
    world.network.then(GENERATE(200, 400, 401, 403, 404, 429), {{"WWW-Authenticate", "Basic realm=x"}});
    CHECK(end() == End::Answered);
  }
}

TEST_CASE("Of a docker configuration with credentials by path a source gets those of its repository") {
  World world;
  world.keep_secret("shop", "pull", {{".dockerconfigjson", R"({"auths":{"s.io/group-a":{"username":"a","password":"p"},
    "s.io/group-b":{"username":"b","password":"p"}}})"}});
  const auto open = [&](const std::string& reference) {
    return world.registries.open_source({.reference = reference, .pull_secret_ref = NameRef{.name = "pull"}}, kShop);
  };
  const auto sent_for = [&](const std::string& reference) {
    const auto opened = open(reference);
    REQUIRE(opened);
    world.network.then(401, {{"WWW-Authenticate", "Basic realm=x"}});
    world.network.then(404);
    static_cast<void>((*opened)->resolve("1", {}));
    return *world.network.requests.back().headers.find("Authorization");
  };
  SECTION("which go with requests") {
    CHECK(sent_for("s.io/group-b/app:1") == "Basic " + encode_base64("b:p"));
    CHECK(sent_for("s.io/group-a/app:1") == "Basic " + encode_base64("a:p"));
  }
  SECTION("where there are some") {
    const auto opened = open("s.io/group-c/app:1");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().cls == ErrorClass::Unauthorized);
    CHECK(opened.error().message == "Secret shop/pull has no entry for s.io/group-c/app");
  }
  SECTION("each by a connection of its own, which is kept") {
    sent_for("s.io/group-a/app:1");
    sent_for("s.io/group-b/app:1");
    for (const std::string name : {"a", "b"}) {
      world.network.then(404);
      static_cast<void>(open("s.io/group-" + name + "/app:1").value()->resolve("1", {}));
      const std::string* sent = world.network.requests.back().headers.find("Authorization");
      REQUIRE(sent != nullptr);
      CHECK(*sent == "Basic " + encode_base64(name + ":p"));
    }
  }
}

TEST_CASE("A registry is signed in to with what a docker configuration has for all of its host") {
  World world;
  world.keep_secret("slipway-system", "push",
                    {{".dockerconfigjson", R"({"auths":{"r.io/team":{"username":"team","password":"p"},
    "r.io":{"username":"ci","password":"p"}}})"}});
  CHECK(world.sign_in(world.contoso()) == "basic user ci");
}

TEST_CASE("A source with a pull secret of its own trusts what a ContainerRegistry trusts at that host") {
  World world;
  world.keep_secret("shop", "pull", {{".dockerconfigjson", R"({"auths":{"s.io":{"auth":"YTpi"}}})"}});
  world.keep_secret("slipway-system", "ca", {{"ca.pem", pem("own")}});
  ContainerRegistry keeper = world.contoso();
  keeper.metadata.name = "keeper";
  keeper.spec.ca_bundle_ref = KeyRef{.name = "ca", .key = "ca.pem"};
  const bool is_alias = GENERATE(false, true);
  if (is_alias) keeper.spec.aliases = {"S.io:443"};
  if (!is_alias) keeper.spec.login_server = "s.io";
  world.objects.apply(keeper);
  RegistrySource source{.reference = "s.io/x/y:1", .pull_secret_ref = NameRef{.name = "pull"}};
  SECTION("at that host") {
    REQUIRE(world.registries.open_source(source, kShop));
    CHECK(world.trusted == std::vector<std::string>{pem("own")});
  }
  SECTION("at no other") {
    source = {.reference = "other.io/x/y:1"};
    REQUIRE(world.registries.open_source(source, kShop));
    CHECK(world.trusted == std::vector<std::string>{""});
  }
  SECTION("of all that can be read, and what can't is no tenant's business") {
    ContainerRegistry other = keeper;
    other.metadata.name = "finance-internal";
    other.spec.ca_bundle_ref = KeyRef{.name = "finance-ca", .key = "ca.pem"};
    world.objects.apply(other);
    if (GENERATE(false, true)) world.keep_secret("slipway-system", "finance-ca", {{"ca.pem", "nonsense"}});
    REQUIRE(world.registries.open_source(source, kShop));
    world.keep_secret("slipway-system", "finance-ca", {{"ca.pem", pem("theirs")}});
    REQUIRE(world.registries.open_source(source, kShop));
    CHECK(world.trusted == std::vector<std::string>{pem("own"), pem("own") + "\n" + pem("theirs")});
  }
  SECTION("that can be read again soon") {
    world.objects.config_maps_fail = fail(ErrorClass::Unavailable, "ConfigMap slipway-system/ca: 503", "wait").error();
    source.pull_secret_ref.reset();
    const auto opened = world.registries.open_source(source, kShop);
    REQUIRE(!opened);
    CHECK(opened.error().cls == ErrorClass::Unavailable);
    CHECK(opened.error().message == "the certificates to trust at s.io can't be read now");
  }
}

TEST_CASE("However many repositories and hosts a tenant names, what is kept of them is bounded") {
  World world;
  const std::string token(10'000, 't');
  const auto ask = [&](const std::string& repository, bool knows_challenge) {
    const std::size_t before = world.network.requests.size();
    const auto source = world.registries.open_source({.reference = repository + ":1"}, kShop);
    REQUIRE(source);
    const std::string host = repository.substr(0, 4);
    if (!knows_challenge)
      world.network.then(401, {{"WWW-Authenticate", "Bearer realm=\"https://" + host + "/token\""}});
    world.network.then(200, {}, R"({"expires_in":3600,"token":")" + token + "\"}");
    world.network.then(404);
    static_cast<void>((*source)->resolve("1", {}));
    return world.network.requests.size() - before;
  };
  CHECK(ask("s.io/team/app", false) == 3);
  CHECK(ask("r.io/rival/0", false) == 3);
  for (int i = 1; i < 50; ++i) CHECK(ask("r.io/rival/" + std::to_string(i), true) == 2);
  CHECK(ask("s.io/team/app", true) == 2);
}

TEST_CASE("Credentials that are too long are refused by the name of where they are kept") {
  World world;
  world.keep_secret("shop", "pull", {{"username", "ci"}, {"password", std::string(20'000, 'p')}, {"registry", "s.io"}});
  const auto opened =
      world.registries.open_source({.reference = "s.io/x/y:1", .pull_secret_ref = NameRef{.name = "pull"}}, kShop);
  REQUIRE(!opened);
  CHECK(opened.error().cls == ErrorClass::Unauthorized);
  CHECK_THAT(opened.error().message, Catch::StartsWith("Secret shop/pull, keys username and password: "));
}

TEST_CASE("A way to sign in that comes later is NotSupported") {
  World world;
  ContainerRegistry registry = world.contoso();
  registry.spec.authentication = {};
  registry.spec.authentication.managed_identity = ManagedIdentity{};
  const auto opened = world.registries.open(registry, "a/b");
  REQUIRE(!opened);
  CHECK(opened.error().reason == "NotSupported");
}

TEST_CASE("A repository that is opened to be changed accounts for it, for who asks") {
  World world;
  const AuditSubject who{.object = {.kind = ResourceKind::ImagePublication, .namespace_name = "shop", .name = "app"},
                         .generation = 3};
  auto registry = tests::make_registry();
  registry.spec.authentication = {};
  registry.spec.authentication.anonymous = AnonymousAuthentication{};
  const auto store = world.registries.open_to_change(registry, "a/b", who);
  REQUIRE(store);
  world.network.then(201);
  REQUIRE((*store)->put_tag("v1", {}, {}));
  REQUIRE(world.audit.entries.size() == 1);
  CHECK(world.audit.entries[0].who == who);
  CHECK(world.audit.entries[0].what.registry == registry.spec.login_server);
  CHECK(world.audit.entries[0].what.repository == "a/b");
}

TEST_CASE(
    "Of those who ask a registry that gives no answer one at a time waits for it, whoever it is signed in as and "
    "however "
    "its host is spelled") {
  World world;
  world.keep_secret("shop", "pull", {{"username", "tenant"}, {"password", "pw"}, {"registry", "r.io"}});
  const auto open = [&](const std::string& visit, const std::string& host = "r.io", bool with_secret = false) {
    world.visit = visit;
    RegistrySource source{.reference = host + "/team/app:1"};
    if (with_secret) source.pull_secret_ref = NameRef{.name = "pull"};
    return world.registries.open_source(source, kShop);
  };
  const auto first = open("a");
  REQUIRE(first);
  world.takes = 60s;
  world.network.then(fail(ErrorClass::Unavailable, "timed out", "wait"));
  CHECK_FALSE((*first)->resolve("1", {}));
  // Who only opened it has asked nothing and keeps nobody from it.
  const auto opened = open("b");
  const auto second = open("c", "r.io:443");
  const auto third = open("d", "r.io", true);
  REQUIRE(opened);
  REQUIRE(second);
  REQUIRE(third);
  world.meanwhile = [&] {
    const auto put_off = (*third)->resolve("1", {});
    REQUIRE_FALSE(put_off);
    CHECK(put_off.error().message.starts_with("r.io:443 gives no answer in time; another resource waits"));
  };
  world.network.then(fail(ErrorClass::Unavailable, "timed out", "wait"));
  CHECK_FALSE((*second)->resolve("1", {}));
  CHECK_FALSE(world.meanwhile);
  CHECK(world.network.requests.size() == 2);
  world.takes = 0s;
  world.network.then(404);
  CHECK((*third)->resolve("1", {}));
  world.meanwhile = [&] {
    world.network.then(404);
    CHECK((*second)->resolve("1", {}));
  };
  world.network.then(404);
  CHECK((*opened)->resolve("1", {}));
}

namespace {

/// An image, as a visit that uses it opens it.
std::unique_ptr<ImageSource> open_in(World& world, const std::string& visit, const std::string& repository,
                                     const std::string& host = "r.io") {
  world.visit = visit;
  auto source = world.registries.open_source({.reference = host + "/team/" + repository + ":1"}, kShop);
  REQUIRE(source);
  return std::move(*source);
}

}  // namespace

TEST_CASE("A token service that hangs is asked by one visit at a time, and keeps nobody who needs none of its tokens") {
  World world;
  const std::string token = R"({"token":"t","expires_in":3600})";
  const auto is_there = [](ImageSource& source) { return source.resolve("1", {}).has_value(); };
  const auto first = open_in(world, "a", "signed-in");
  world.network.then(401, {{"WWW-Authenticate", "Bearer realm=\"https://auth.io/token\",service=\"r.io\""}});
  world.network.then(200, {}, token);
  world.network.then(404);
  CHECK(is_there(*first));
  const auto second = open_in(world, "b", "signed-in");
  const auto in_vain = open_in(world, "c", "not-yet");
  world.steady.advance(1s);
  world.takes = 30s;
  world.network.then(fail(ErrorClass::Unavailable, "GET https://auth.io/token: no answer in time", "wait"));
  const auto unanswered = in_vain->resolve("1", {});
  REQUIRE_FALSE(unanswered);
  CHECK(unanswered.error().message == "r.io: fetching a token: GET https://auth.io/token: no answer in time");
  SECTION("the registry takes the requests of all who are signed in") {
    world.takes = 0s;
    world.meanwhile = [&] {
      world.network.then(404);
      CHECK(is_there(*second));
    };
    world.network.then(404);
    CHECK(is_there(*first));
    CHECK_FALSE(world.meanwhile);
  }
  SECTION("who needs a token waits for the one who asks, and all go on when it is there") {
    const auto asks = open_in(world, "d", "not-yet");
    const auto waits = open_in(world, "e", "not-yet");
    const auto asked = world.network.requests.size();
    world.meanwhile = [&] {
      const auto put_off = waits->resolve("1", {});
      REQUIRE_FALSE(put_off);
      CHECK(put_off.error().reason == reason::kHostSilent);
      CHECK_THAT(put_off.error().message,
                 Catch::StartsWith("r.io: fetching a token: auth.io:443 gives no answer in time; another resource"));
      world.takes = 0s;
    };
    world.network.then(200, {}, token);
    world.network.then(404);
    CHECK(is_there(*asks));
    CHECK(world.network.requests.size() == asked + 2);
    world.network.then(404);
    CHECK(is_there(*waits));
  }
}

TEST_CASE("A token service that hangs for one registry keeps nobody from its tokens for another") {
  World world;
  const std::string token = R"({"token":"t","expires_in":3600})";
  const auto hang = [&] { world.network.then(fail(ErrorClass::Unavailable, "no answer in time", "wait")); };
  std::vector<std::unique_ptr<ImageSource>> signed_in;
  for (const std::string host : {"r.io", "s.io"}) {
    signed_in.push_back(open_in(world, "a", "signed-in", host));
    world.network.then(401, {{"WWW-Authenticate", "Bearer realm=\"https://auth.io/token\",service=\"any\""}});
    world.network.then(200, {}, token);
    world.network.then(404);
    REQUIRE(signed_in.back()->resolve("1", {}));
  }
  const auto in_vain = open_in(world, "b", "not-yet");
  const auto asks = open_in(world, "c", "not-yet");
  const auto of_another = open_in(world, "d", "not-yet", "s.io");
  world.steady.advance(1s);
  world.takes = 30s;
  hang();
  CHECK_FALSE(in_vain->resolve("1", {}));
  world.meanwhile = [&] {
    world.takes = 0s;
    world.network.then(200, {}, token);
    world.network.then(404);
    CHECK(of_another->resolve("1", {}));
    hang();
  };
  CHECK_FALSE(asks->resolve("1", {}));
  CHECK_FALSE(world.meanwhile);
}

TEST_CASE("A token service at the registry's own host keeps nobody from what the host answers") {
  World world;
  const auto first = open_in(world, "a", "signed-in");
  world.network.then(401, {{"WWW-Authenticate", "Bearer realm=\"https://r.io/token\",service=\"r.io\""}});
  world.network.then(200, {}, R"({"token":"t","expires_in":3600})");
  world.network.then(404);
  CHECK(first->resolve("1", {}));
  const auto second = open_in(world, "b", "signed-in");
  const auto in_vain = open_in(world, "c", "not-yet");
  const auto waits = open_in(world, "d", "not-yet-either");
  const auto hang = [&](const std::function<void()>& meanwhile) {
    world.steady.advance(1s);
    world.takes = 30s;
    world.meanwhile = [&] {
      meanwhile();
      world.network.then(fail(ErrorClass::Unavailable, "no answer in time", "wait"));
    };
    CHECK_FALSE(in_vain->resolve("1", {}));
    world.takes = 0s;
  };
  hang([] {});
  world.network.then(404);
  CHECK(first->resolve("1", {}));
  hang([&] {
    world.takes = 0s;
    world.network.then(404);
    CHECK(second->resolve("1", {}));
    world.network.then(404);
    CHECK(first->resolve("1", {}));
    const auto put_off = waits->resolve("1", {});
    REQUIRE_FALSE(put_off);
    CHECK_THAT(put_off.error().message, Catch::StartsWith("r.io: fetching a token: r.io:443 gives no answer in time"));
  });
}

TEST_CASE("A date that is corrected while a registry is asked makes it no silent one") {
  World world;
  const auto open = [&](const std::string& visit) {
    world.visit = visit;
    return world.registries.open_source({.reference = "r.io/team/app:1"}, kShop);
  };
  const auto first = open("a");
  const auto second = open("b");
  REQUIRE((first && second));
  world.meanwhile = [&] { world.clock.advance(1h); };
  world.network.then(fail(ErrorClass::Unavailable, "refused", "wait"));
  CHECK_FALSE((*first)->resolve("1", {}));
  world.meanwhile = [&] {
    world.network.then(404);
    CHECK((*second)->resolve("1", {}));
  };
  world.network.then(404);
  CHECK((*first)->resolve("1", {}));
}

TEST_CASE("Who has asked a registry in vain for its tags asks it nothing else") {
  World world;
  world.keep_secret("slipway-system", "push", {{"username", "ci"}, {"password", "right"}});
  const auto store = world.registries.open(world.contoso(), "team/app");
  REQUIRE(store);
  world.takes = 60s;
  SECTION("which hangs") {}
  SECTION("whose token service hangs") {
    world.network.then(401, {{"WWW-Authenticate", "Bearer realm=\"https://auth.io/token\",service=\"r.io\""}});
  }
  world.network.then(fail(ErrorClass::Unavailable, "timed out", "wait"));
  CHECK_FALSE((*store)->tags({}));
  world.takes = 0s;
  world.network.then(fail(ErrorClass::Unavailable, "cut", "wait"));
  const auto untold = (*store)->tags({});
  REQUIRE(untold);
  CHECK_FALSE(untold->has_value());
}
