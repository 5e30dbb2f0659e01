#include "controller/http/transport_factory.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tls_server.h"

using namespace slipway;
using namespace slipway::http;
using slipway::testing::TlsConnection;
using slipway::testing::TlsServer;

namespace {

void answer_all(TlsConnection& connection) {
  while (!connection.read_head().empty()) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/// Transports that try once.
struct World {
  RequestRates rates{
      {.wait = [](auto, const auto&) { return false; }, .elapsed = [] { return std::chrono::hours{1}; }}};
  TransportSettings settings{
      .retry_hands = {.wait = [](auto, const auto&) { return false; }, .chance = [] { return 0.0; }},
      .tracing = {.observer = [](const RequestSeen&) {},
                  .reconcile_id = [] { return std::string{}; },
                  .elapsed = [] { return std::chrono::hours{1}; }},
      .rates = &rates};
  tests::TemporaryFolder folder;

  std::string file(const std::string& name, const std::string& pem) const {
    folder.write(name, pem);
    return (folder / name).string();
  }
  Result<Response> ask(const TlsServer& server, const std::string& bundle) const {
    return make_transport(bundle, settings)->send({.url = server.url("/")}, {});
  }
};

}  // namespace

TEST_CASE("A bundle is trusted beside the system's file, or beside the one that counts instead", "[tls]") {
  TlsServer own(answer_all);
  TlsServer of_the_system(answer_all);
  TlsServer named(answer_all);
  World world;
  auto& environment = world.settings.environment;
  const auto answers = [&](const TlsServer& server) { return world.ask(server, own.certificate()).has_value(); };
  environment.system_ca_file = world.file("system.pem", of_the_system.certificate());
  CHECK(answers(own));
  CHECK(answers(of_the_system));
  CHECK_FALSE(answers(named));
  environment.ca_file = world.file("named.pem", named.certificate());
  CHECK(answers(own));
  CHECK(answers(named));
  CHECK_FALSE(answers(of_the_system));
}

TEST_CASE("A bundle is trusted alone where that is asked for or the system has no file", "[tls]") {
  TlsServer own(answer_all);
  TlsServer of_the_system(answer_all);
  World world;
  world.settings.environment.system_ca_file = world.file("system.pem", of_the_system.certificate());
  world.settings.tls.only_ca_bundle = true;
  CHECK(world.ask(own, own.certificate()));
  CHECK_FALSE(world.ask(of_the_system, own.certificate()));
  world.settings.tls.only_ca_bundle = false;
  world.settings.environment.system_ca_file += ".none";
  CHECK(world.ask(own, own.certificate()));
}

TEST_CASE("A file of SSL_CERT_FILE that can't be read is said, with a bundle as without one", "[tls]") {
  TlsServer server(answer_all);
  const std::string name = GENERATE("missing.pem", ".");
  const bool has_bundle = GENERATE(false, true);
  CAPTURE(name, has_bundle);
  World world;
  world.settings.environment.ca_file = (world.folder / name).string();
  const auto refused = world.ask(server, has_bundle ? server.certificate() : "");
  REQUIRE(!refused);
  CHECK(refused.error().cls == ErrorClass::Invalid);
  CHECK_THAT(refused.error().message, Catch::Contains(world.settings.environment.ca_file));
  CHECK_THAT(refused.error().remedy, Catch::Contains("SSL_CERT_FILE"));
}
