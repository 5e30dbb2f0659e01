#include "controller/http/transport_factory.h"

#include <atomic>
#include <map>
#include <vector>

#include "controller/http/waited_here.h"
#include "controller/runtime/guarded.h"
#include "tests/catch.h"
#include "tests/support/raw_server.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace std::chrono_literals;
using http::Method;
using slipway::testing::RawConnection;
using slipway::testing::RawServer;

namespace {

/// Time that only waiting moves.
struct HandTime {
  std::chrono::nanoseconds now{10s};
  std::vector<std::chrono::milliseconds> waits;
  std::function<bool(std::chrono::milliseconds, std::stop_token)> wait = [this](auto delay, const auto& stop) {
    waits.push_back(delay);
    now += delay;
    return !stop.stop_requested();
  };
  std::function<std::chrono::nanoseconds()> elapsed = [this] { return now; };
};

struct World {
  HandTime time;
  std::vector<http::RequestSeen> seen;
  std::string id = "reconcile-1";
  http::RequestRates rates{{.wait = time.wait, .elapsed = time.elapsed}};
  http::TracingHands tracing{.observer = [this](const http::RequestSeen& one) { seen.push_back(one); },
                             .reconcile_id = [this] { return id; },
                             .elapsed = time.elapsed};
  Result<void> connect;  ///< What the rule says of every address.
  std::unique_ptr<http::HttpTransport> transport = http::make_transport(
      "", {.environment = {},
           .user_agent = "slipway/1",
           .retry = {},
           .retry_hands = {.wait = time.wait, .chance = [] { return 0.0; }, .elapsed = time.elapsed},
           .tracing = tracing,
           .may_call = [](std::string_view, std::string_view) -> Result<void> {
             return fail(ErrorClass::Refused, "elsewhere");
           },
           .may_connect = [this](std::string_view, std::string_view) { return connect; },
           .rates = &rates,
           .small_total = 20s});
};

http::Request get(std::string url) {
  http::Request request;
  request.url = std::move(url);
  return request;
}

}  // namespace

TEST_CASE("Each attempt of a request is told of, without its query, and names the reconcile and us") {
  runtime::Guarded<std::vector<std::string>> heads;
  RawServer server([&heads](RawConnection& connection) {
    for (std::string head = connection.read_head(); !head.empty(); head = connection.read_head()) {
      const bool first = heads.lock()->empty();
      heads.lock()->push_back(head);
      connection.write(
          first
              ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nX-Ms-Correlation-Request-Id: 46eab12f\r\n\r\n"
              : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  World world;
  const auto response = world.transport->send(get(server.url("/v2/?token=secret")), {});
  REQUIRE(response);
  CHECK(response->body == "ok");
  REQUIRE(world.seen.size() == 2);
  CHECK(world.seen[0].status == 503);
  CHECK(world.seen[1].status == 200);
  CHECK(world.seen[0].method == Method::Get);
  CHECK("http://" + world.seen[0].host == server.url(""));
  CHECK(world.seen[0].url == server.url("/v2/?REDACTED"));
  CHECK(world.seen[0].request_id == "reconcile-1");
  CHECK(world.seen[0].correlation_id == "46eab12f");
  for (const auto held = heads.lock(); const std::string& head : *held) {
    CAPTURE(head);
    CHECK(head.find("X-Request-Id: reconcile-1\r\n") != std::string::npos);
    CHECK(head.find("User-Agent: slipway/1\r\n") != std::string::npos);
  }
}

TEST_CASE("Where a name leads is judged for what is small as for what is streamed") {
  RawServer server([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  const bool streams = GENERATE(false, true);
  CAPTURE(streams);
  World world;
  world.connect = fail(ErrorClass::Refused, "instance metadata", "name another host");
  http::Request request = get(server.url("/v2/"));
  if (streams) request.body_writer = [](std::span<const std::byte>) -> Result<void> { return {}; };
  CHECK(world.transport->send(request, {}).error().cls == ErrorClass::Refused);
  CHECK(server.connections() == 0);
  world.connect = {};
  CHECK(world.transport->send(request, {}));
}

TEST_CASE("Header fields without end are an error, and asked for once") {
  const bool in_one_line = GENERATE(false, true);
  CAPTURE(in_one_line);
  RawServer server([in_one_line](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\nX-Long: ");
    const std::string more = std::string(1000, 'a') + (in_one_line ? "" : "\r\nX-Long: ");
    for (int i = 0; i < 400; ++i) connection.write(more);
    connection.wait_for_close();
  });
  World world;
  CHECK(world.transport->send(get(server.url("/v2/")), {}).error().cls == ErrorClass::Integrity);
  CHECK(server.connections() == 1);
}

TEST_CASE("Streams go through the same stages") {
  RawServer server([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });
  World world;
  std::string got;
  http::Request request = get(server.url("/blob"));
  request.body_writer = [&got](std::span<const std::byte> bytes) -> Result<void> {
    got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  };
  REQUIRE(world.transport->send(request, {}));
  CHECK(got == "ok");
  CHECK(world.seen.size() == 1);
}

TEST_CASE("No answer is told of with its reason and without a status") {
  tests::ScriptedTransport network;
  network.then(fail(ErrorClass::Unavailable, "reset", "try again"));
  World world;
  http::TracingTransport transport(network, world.tracing);
  CHECK(!transport.send(get("https://r.io/v2/"), {}));
  REQUIRE(world.seen.size() == 1);
  CHECK(world.seen[0].status == 0);
  CHECK(world.seen[0].failure == "reset");
  CHECK(world.seen[0].host == "r.io");
}

TEST_CASE("A request's own id stays, and none is sent outside a reconcile") {
  tests::ScriptedTransport network;
  network.then(200);
  network.then(200);
  World world;
  http::TracingTransport transport(network, world.tracing);
  http::Request own = get("https://r.io/v2/");
  own.headers.set("x-request-id", "mine");
  REQUIRE(transport.send(own, {}));
  world.id.clear();
  REQUIRE(transport.send(get("https://r.io/v2/"), {}));
  CHECK(network.requests[0].headers.all("X-Request-Id") == std::vector<std::string>{"mine"});
  CHECK(world.seen[0].request_id == "mine");
  CHECK(network.requests[1].headers.find("X-Request-Id") == nullptr);
}

TEST_CASE("A host's requests are spaced at its rate, another host's are not") {
  World world;
  tests::ScriptedTransport network;
  for (int i = 0; i < 12; ++i) network.then(200);
  http::RateLimitingTransport transport(network, world.rates);
  world.rates.set("r.io:443", 4);
  const auto ask = [&](const std::string& url) { REQUIRE(transport.send(get(url), {})); };
  ask("https://r.io/v2/");
  ask("https://r.io/v2/");
  CHECK(world.time.waits.empty());  // What a quarter of a second's pause saved.
  ask("https://r.io:0443/v2/");
  ask("https://R.io./v2/");
  CHECK(world.time.waits == std::vector<std::chrono::milliseconds>{250ms, 250ms});
  ask("https://other.io/v2/");
  ask("https://r.io:5000/v2/");
  CHECK(world.time.waits.size() == 2);
  world.rates.set("r.io:443", std::nullopt);
  ask("https://r.io/v2/");
  ask("https://r.io/v2/");
  CHECK(world.time.waits.size() == 2);
}

TEST_CASE("What was waited for the own rate is no slow attempt, and is known of the thread that waited") {
  std::atomic<int> requests = 0;
  RawServer server([&requests](RawConnection& connection) {
    for (; !connection.read_head().empty(); ++requests)
      connection.write(requests == 12 ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
                                      : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  World world;
  const std::string url = server.url("/v2/");
  world.rates.set(url.substr(7, url.size() - 11), 1);
  // Twelve others, as if they waited beside each other, have their turns before.
  const auto now = world.time.now;
  for (int i = 0; i < 12; ++i) {
    REQUIRE(world.transport->send(get(url), {})->status == 200);
    world.time.now = now;
  }
  const auto waited_before = http::waited_here();
  CHECK(world.transport->send(get(url), {})->status == 200);
  CHECK(requests == 14);
  CHECK(world.time.now - now > 12s);
  CHECK(http::waited_here() - waited_before == world.time.now - now);
}

TEST_CASE("Whoever is stopped while waiting for a turn sends nothing") {
  World world;
  tests::ScriptedTransport network;
  http::RateLimitingTransport transport(network, world.rates);
  world.rates.set("r.io:443", 1);
  network.then(200);
  REQUIRE(transport.send(get("https://r.io/v2/"), {}));
  std::stop_source source;
  source.request_stop();
  CHECK(transport.send(get("https://r.io/v2/"), source.get_token()).error().cls == ErrorClass::Cancelled);
  CHECK(network.requests.size() == 1);
}

TEST_CASE("What is now or never does not wait for its turn, nor take that of others") {
  World world;
  tests::ScriptedTransport network;
  for (int i = 0; i < 3; ++i) network.then(200);
  http::RateLimitingTransport transport(network, world.rates);
  world.rates.set("r.io:443", 1);
  http::Request courtesy = get("https://r.io/v2/");
  courtesy.now_or_never = true;
  REQUIRE(transport.send(courtesy, {}));
  CHECK(transport.send(courtesy, {}).error().cls == ErrorClass::Cancelled);
  CHECK(network.requests.size() == 1);
  CHECK(world.time.waits.empty());
  REQUIRE(transport.send(get("https://r.io/v2/"), {}));
  CHECK(world.time.waits == std::vector<std::chrono::milliseconds>{750ms});
}

TEST_CASE("A request that ends with something thrown is told of too") {
  class Broken final : public http::HttpTransport {
   public:
    Result<http::Response> send(const http::Request&, std::stop_token) override { throw std::bad_alloc(); }
  };
  World world;
  Broken network;
  http::TracingTransport transport(network, world.tracing);
  CHECK_THROWS_AS(transport.send(get("https://r.io/v2/"), {}), std::bad_alloc);
  REQUIRE(world.seen.size() == 1);
  CHECK(world.seen[0].status == 0);
  CHECK(world.seen[0].host == "r.io");
  CHECK(!world.seen[0].failure.empty());
}

TEST_CASE("What the environment says about the network") {
  const auto read = [](std::map<std::string, std::string> variables) {
    return http::network_environment([&variables](const char* name) -> const char* {
      const auto found = variables.find(name);
      return found == variables.end() ? nullptr : found->second.c_str();
    });
  };
  CHECK(read({})->proxy.https_proxy.empty());
  CHECK(read({})->system_ca_file == http::system_ca_file());
  const auto all = *read({{"HTTPS_PROXY", "http://big:1"},
                          {"https_proxy", "http://small:2"},
                          {"HTTP_PROXY", "http://refused:3"},
                          {"NO_PROXY", "a,b"},
                          {"SSL_CERT_FILE", "/ca.pem"}});
  CHECK(all.proxy.https_proxy == "http://small:2");
  CHECK(all.proxy.http_proxy.empty());
  CHECK(all.proxy.no_proxy == "a,b");
  CHECK(all.ca_file == "/ca.pem");
  CHECK(read({{"ALL_PROXY", "http://p:1"}, {"https_proxy", ""}})->proxy.https_proxy == "http://p:1");
  CHECK(read({{"ALL_PROXY", "http://p:1"}})->proxy.http_proxy == "http://p:1");
}

TEST_CASE("A variable that holds no proxy is named, unless another one counts") {
  const auto [name, value] = GENERATE(values<std::pair<std::string, std::string>>(
      {{"https_proxy", "ftp://u:s3cret@p"}, {"http_proxy", "http://u:s3cret@bad host"}, {"ALL_PROXY", "http://"}}));
  const bool is_covered = GENERATE(false, true);
  const auto read = http::network_environment([&](const char* asked) -> const char* {
    if (asked == name) return value.c_str();
    return is_covered && name == "ALL_PROXY" ? "http://p:1" : nullptr;
  });
  REQUIRE(read.has_value() == (is_covered && name == "ALL_PROXY"));
  if (read) return;
  CHECK(read.error().cls == ErrorClass::Invalid);
  CHECK_THAT(read.error().message, Catch::StartsWith(name + " "));
  CHECK_THAT(read.error().message + read.error().remedy, !Catch::Contains("s3cret"));
}
