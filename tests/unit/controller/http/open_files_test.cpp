#include <sys/socket.h>

#include "controller/files/handle.h"
#include "controller/http/curl_transport.h"
#include "tests/catch.h"
#include "tests/support/no_files.h"
#include "tests/support/raw_server.h"

using namespace slipway;
using namespace slipway::http;
using slipway::testing::RawConnection;
using slipway::testing::RawServer;

namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

void answer_and_close(RawConnection& connection) {
  connection.read_head();
  connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
}

bool lacks_files(const Result<Response>& response) {
  return !response && response.error().cls == ErrorClass::Unavailable &&
         response.error().message.ends_with(": this process has no file left to open") &&
         response.error().remedy.find("limit of open files") != std::string::npos;
}

}  // namespace

TEST_CASE("Who has no file left for a connection is told so, whatever would have opened it", "[curl]") {
  RawServer server(answer_and_close);
  CurlTransport transport;
  REQUIRE(transport.send({.url = server.url("/v2/")}, {}));
  REQUIRE_FALSE(lacks_files(transport.send({.url = "http://unknown.invalid/v2/"}, {})));
  const auto is_told = [](CurlTransport& by, const std::string& url) {
    const tests::NoFiles none;
    return lacks_files(by.send({.url = url}, {}));
  };
  // For the connection of a handle that is there, for a name, and for another handle.
  CHECK(is_told(transport, server.url("/v2/")));
  CHECK(is_told(transport, "http://unknown.invalid/v2/"));
  CHECK(is_told(transport, server.url("/v2/")));
  CHECK(transport.send({.url = server.url("/v2/")}, {}));
}

TEST_CASE("Connections leave the last files to the endpoints, and one that is there goes on", "[curl]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write(kOk);
  });
  CurlTransport transport;
  REQUIRE(transport.send({.url = server.url("/v2/")}, {}));
  CurlTransport other;
  bool is_refused = false;
  bool has_one = false;
  bool goes_on = false;
  {
    const tests::NoFiles but_one{1};
    is_refused = lacks_files(other.send({.url = server.url("/v2/")}, {}));
    has_one = files::Handle{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}.is_open();
    goes_on = transport.send({.url = server.url("/v2/")}, {}).has_value();
  }
  CHECK(is_refused);
  CHECK(has_one);
  CHECK(goes_on);
  CHECK(server.connections() == 1);
}
