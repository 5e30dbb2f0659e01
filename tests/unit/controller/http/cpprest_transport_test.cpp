#include "controller/http/cpprest_transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <future>

#include "tests/catch.h"
#include "tests/support/raw_server.h"

using namespace slipway;
using namespace slipway::http;
using namespace std::chrono_literals;
using slipway::testing::RawConnection;
using slipway::testing::RawServer;

namespace {

/// Takes no further connection: what comes is left unanswered by the kernel.
class FullListener {
 public:
  FullListener() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address));
    ::listen(socket_, 0);
    socklen_t length = sizeof(address);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    for (int& waiting : waiting_) {
      waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    }
  }
  ~FullListener() {
    for (const int waiting : waiting_) ::close(waiting);
    ::close(socket_);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v2/"; }

 private:
  int socket_ = -1;
  int port_ = 0;
  std::array<int, 4> waiting_{};
};

}  // namespace

TEST_CASE("A host that takes no connection is given up after the time for connecting", "[cpprest]") {
  const FullListener full;
  CpprestTransport transport({});
  const auto response = transport.send({.url = full.url(), .connect_timeout = 30ms, .total_timeout = 60s}, {});
  REQUIRE(!response);
  CHECK(response.error().cls == ErrorClass::Unavailable);
  CHECK(response.error().message.find("no connection in time") != std::string::npos);
}

TEST_CASE("An answer that does not begin or does not end is given up after the whole time", "[cpprest]") {
  const bool begins = GENERATE(false, true);
  CAPTURE(begins);
  RawServer server([begins](RawConnection& connection) {
    connection.read_head();
    if (begins) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    connection.wait_for_close();
  });
  CpprestTransport transport({});
  const auto response = transport.send({.url = server.url("/?token=abc"), .total_timeout = 50ms}, {});
  REQUIRE(!response);
  CHECK(response.error().cls == ErrorClass::Unavailable);
  CHECK(response.error().message.find("no whole answer in time") != std::string::npos);
  CHECK(response.error().message.find("abc") == std::string::npos);
}

TEST_CASE("Waiting longer than for connecting is fine once there is a connection", "[cpprest]") {
  std::promise<void> asked;
  std::promise<void> answer;
  RawServer server([&](RawConnection& connection) {
    connection.read_head();
    asked.set_value();
    answer.get_future().wait_for(100ms);
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    connection.wait_for_close();
  });
  CpprestTransport transport({});
  const auto response = transport.send({.url = server.url("/"), .connect_timeout = 50ms, .total_timeout = 60s}, {});
  REQUIRE(response);
  CHECK(response->body == "ok");
}

TEST_CASE("A stop ends a small request that waits for its answer", "[cpprest]") {
  std::promise<void> asked;
  RawServer server([&asked](RawConnection& connection) {
    connection.read_head();
    asked.set_value();
    connection.wait_for_close();
  });
  CpprestTransport transport({});
  std::stop_source stop;
  std::jthread stopper([&] {
    asked.get_future().wait();
    stop.request_stop();
  });
  const auto response = transport.send({.url = server.url("/")}, stop.get_token());
  REQUIRE(!response);
  CHECK(response.error().cls == ErrorClass::Cancelled);
}

TEST_CASE("A cut answer and an answer over its bound are errors of their own", "[cpprest]") {
  RawServer cut([](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  RawServer whole([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345");
  });
  CpprestTransport transport({});
  CHECK(transport.send({.url = cut.url("/")}, {}).error().cls == ErrorClass::Unavailable);
  CHECK(transport.send({.url = whole.url("/"), .max_response_bytes = 5}, {})->body == "12345");
  CHECK(transport.send({.url = whole.url("/"), .max_response_bytes = 4}, {}).error().cls == ErrorClass::Integrity);
}
