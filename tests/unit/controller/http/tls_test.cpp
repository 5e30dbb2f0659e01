#include <cstring>

#include "controller/http/curl_transport.h"
#include "tests/catch.h"
#include "tests/support/tls_server.h"

using namespace slipway;
using namespace slipway::http;
using slipway::testing::CertificateOf;
using slipway::testing::RawConnection;
using slipway::testing::RawServer;
using slipway::testing::TlsConnection;
using slipway::testing::TlsServer;

namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

void answer_all(TlsConnection& connection) {
  while (!connection.read_head().empty()) connection.write(kOk);
}

BodyReader endless() {
  return [](std::span<std::byte> space) -> Result<std::size_t> {
    std::memset(space.data(), 'x', space.size());
    return space.size();
  };
}

}  // namespace

TEST_CASE("A certificate of our own is trusted where it was given, and nowhere else", "[tls]") {
  TlsServer server(answer_all);
  CHECK(CurlTransport({.ca_bundle = server.certificate()}).send({.url = server.url("/")}, {})->body == "ok");
  const auto curl = CurlTransport().send({.url = server.url("/")}, {});
  REQUIRE(!curl);
  CHECK(curl.error().cls == ErrorClass::Refused);
  CHECK_THAT(curl.error().remedy, Catch::Contains("caBundleRef of the ContainerRegistry that has the host"));
}

TEST_CASE("What somebody on the way puts into a connection with TLS is no answer", "[tls]") {
  TlsServer server([](TlsConnection& connection) {
    connection.read_head();
    connection.write_in_clear(
        "12345HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://elsewhere/token\"\r\n"
        "Content-Length: 0\r\n\r\n");
  });
  const auto answer = CurlTransport({.ca_bundle = server.certificate()}).send({.url = server.url("/v2/")}, {});
  REQUIRE(!answer);
  CHECK(answer.error().cls == ErrorClass::Unavailable);
}

TEST_CASE("A certificate that is not trusted is for a person to mend, who is told what it lacks", "[tls]") {
  struct Row {
    CertificateOf says;
    std::string message, remedy;
  };
  const Row row = GENERATE(
      Row{{.valid_from = -7200, .valid_to = -3600},
          "certificate has expired",
          "have the certificate of that host renewed"},
      Row{{.valid_from = 3600, .valid_to = 7200}, "certificate is not yet valid", "correct the clock here"},
      Row{{.name = "DNS:registry.corp.example"}, "127.0.0.1", "call the host by a name that its certificate has"});
  CAPTURE(row.message);
  TlsServer server(answer_all, row.says);
  const auto refused = CurlTransport({.ca_bundle = server.certificate()}).send({.url = server.url("/v2/")}, {});
  REQUIRE(!refused);
  CHECK(refused.error().cls == ErrorClass::Refused);
  CHECK(refused.error().reason == "CertificateNotTrusted");
  CHECK_THAT(refused.error().message, Catch::Contains("/v2/: ") && Catch::Contains(row.message));
  CHECK_THAT(refused.error().remedy, Catch::Contains(row.remedy) && !Catch::Contains("caBundleRef"));
}

TEST_CASE("Certificates to trust that can't be read are for a person to mend", "[tls]") {
  TlsServer server(answer_all);
  const auto refused = CurlTransport({.ca_bundle = "-----BEGIN CERTIFICATE-----\nhello\n-----END CERTIFICATE-----\n"})
                           .send({.url = server.url("/")}, {});
  REQUIRE(!refused);
  CHECK(refused.error().cls == ErrorClass::Invalid);
  CHECK_THAT(refused.error().remedy, Catch::Contains("correct the certificates to trust"));
  CHECK(server.connections() <= 1);
}

TEST_CASE("A server whose authority is renewed along with the caller's own files is tried again", "[tls]") {
  TlsServer server(answer_all);
  const auto refused =
      CurlTransport({.tls = {.trust_remedy = "look at the kubeconfig"}}).send({.url = server.url("/")}, {});
  REQUIRE(!refused);
  CHECK(refused.error().cls == ErrorClass::Unavailable);
  CHECK(refused.error().remedy == "look at the kubeconfig");
}

TEST_CASE("TLS connections are kept", "[tls]") {
  TlsServer server(answer_all);
  CurlTransport transport({.ca_bundle = server.certificate()});
  for (int i = 0; i < 5; ++i) REQUIRE(transport.send({.url = server.url("/")}, {}));
  CHECK(server.connections() == 1);
}

TEST_CASE("A body goes up whole over TLS, however much of the handshake is still waiting to be read", "[tls]") {
  TlsServer server([](TlsConnection& connection) {
    connection.read_head();
    connection.read(5'000'000);
    connection.write(kOk);
    connection.wait_for_close();
  });
  CurlTransport transport({.ca_bundle = server.certificate()});
  std::int64_t left = 5'000'000;
  Request request{.method = Method::Put, .url = server.url("/"), .body_length = left};
  request.body_reader = [&left](std::span<std::byte> space) -> Result<std::size_t> {
    const auto count = std::min<std::size_t>(space.size(), static_cast<std::size_t>(left));
    std::memset(space.data(), 'x', count);
    left -= static_cast<std::int64_t>(count);
    return count;
  };
  const auto response = transport.send(request, {});
  REQUIRE(response);
  CHECK(response->body == "ok");
  CHECK(left == 0);
}

TEST_CASE("An early answer over TLS is returned, not lost, as long as the server waits to be heard", "[tls]") {
  const std::string status = GENERATE("429 Too Many Requests", "404 Not Found");
  TlsServer server([&status](TlsConnection& connection) {
    connection.read_head();
    connection.read(100'000);
    connection.write("HTTP/1.1 " + status + "\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow");
    connection.say_goodbye();
    connection.wait_for_close();
  });
  CurlTransport transport({.ca_bundle = server.certificate()});
  const auto response = transport.send(
      {.method = Method::Put, .url = server.url("/"), .body_reader = endless(), .body_length = std::int64_t{1} << 40},
      {});
  INFO((response ? std::string("answered") : response.error().message));
  REQUIRE(response);
  CHECK(std::to_string(response->status) == status.substr(0, 3));
  CHECK(response->body == "slow");
}

TEST_CASE("A server that answers early and cuts at once is heard, or it is Unavailable", "[tls]") {
  TlsServer server([](TlsConnection& connection) {
    connection.read_head();
    connection.read(100'000);
    connection.write("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 4\r\n\r\nslow");
  });
  CurlTransport transport({.ca_bundle = server.certificate()});
  for (int i = 0; i < 5; ++i) {
    const auto response = transport.send(
        {.method = Method::Put, .url = server.url("/"), .body_reader = endless(), .body_length = std::int64_t{1} << 40},
        {});
    if (response) CHECK(response->status == 429);
    if (!response) CHECK(response.error().cls == ErrorClass::Unavailable);
  }
}

/// Anybody on the way can say so in clear, as they can show a certificate.
TEST_CASE("A port that answers TLS as a bad request speaks plain HTTP: it is for a person to mend", "[tls]") {
  const std::string version = GENERATE("HTTP/1.1", "HTTP/1.0");
  RawServer server([&version](RawConnection& connection) {
    connection.read(1);
    connection.write(version + " 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request");
    connection.wait_for_close();
  });
  const std::string url = "https" + server.url("/v2/").substr(4);
  SECTION("of a registry") {
    const auto response = CurlTransport().send({.url = url}, {});
    REQUIRE(!response);
    CHECK(response.error().cls == ErrorClass::Refused);
    CHECK(response.error().reason == "AnsweredInClear");
    CHECK(response.error().message.ends_with("/v2/: it speaks plain HTTP on that port, not TLS"));
    CHECK_THAT(response.error().remedy, Catch::Contains("plainHTTP: true"));
  }
  SECTION("but tried again where the caller's own files say whom to trust") {
    const auto response = CurlTransport({.tls = {.trust_remedy = "look at the kubeconfig"}}).send({.url = url}, {});
    REQUIRE(!response);
    CHECK(response.error().cls == ErrorClass::Unavailable);
    CHECK(response.error().remedy == "name the port on which it speaks TLS");
  }
}

TEST_CASE("A handshake that was cut is tried again, and so is what a balancer says in its place", "[tls]") {
  const std::string words =
      GENERATE("", "\x16\x03\x03", "HTT", "HTTP/1.1", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
  const bool resets = GENERATE(false, true);
  CAPTURE(words, resets);
  RawServer server([&](RawConnection& connection) {
    connection.read(1);
    connection.write(words);
    resets ? connection.reset() : connection.shut_down();
  });
  const auto response = CurlTransport().send({.url = "https" + server.url("/v2/").substr(4)}, {});
  REQUIRE(!response);
  CHECK(response.error().cls == ErrorClass::Unavailable);
}

TEST_CASE("A port that answers HTTP with an alert of TLS: trying again can't help", "[tls]") {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.write(std::string_view("\x15\x03\x01\0\x02\x02\x46", 7));
  });
  const auto response = CurlTransport().send({.url = server.url("/v2/")}, {});
  REQUIRE(!response);
  CHECK(response.error().cls == ErrorClass::Invalid);
  CHECK_THAT(response.error().remedy, Catch::Contains("remove plainHTTP"));
}

TEST_CASE("A port that closes, or is cut within the first words, is tried again", "[tls]") {
  const std::string words = GENERATE("", "HT", "HTTP/1.");
  RawServer server([&](RawConnection& connection) {
    connection.read_head();
    connection.write(words);
  });
  const auto response = CurlTransport().send({.url = server.url("/v2/")}, {});
  REQUIRE(!response);
  CHECK(response.error().cls == ErrorClass::Unavailable);
}
