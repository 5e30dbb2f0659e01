#include "controller/telemetry/endpoints.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/catch.h"

using namespace slipway;
using slipway::telemetry::Endpoints;

namespace {

/// A connection to a port of this machine; an answer is waited for ten seconds.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval wait{.tv_sec = 10, .tv_usec = 0};
    REQUIRE(::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
    REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Connection() { ::close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(const std::string& text) const {
    REQUIRE(::send(socket_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  }
  /// The other side may have closed.
  void try_to_send(const std::string& text) const { ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  std::string receive() const {
    std::string answer;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(socket_, buffer.data(), buffer.size(), 0)) > 0;) {
      answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return answer;
  }

 private:
  int socket_;
};

/// The whole answer to one request over a real socket.
std::string ask(std::uint16_t port, const std::string& method, const std::string& path) {
  const Connection connection(port);
  connection.send(method + ' ' + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  return connection.receive();
}

telemetry::EndpointAnswers working() {
  return {.metrics = [] { return std::string{"slipway_up 1\n"}; },
          .not_alive = [] { return std::optional<std::string>{}; },
          .not_ready = [] { return std::optional<std::string>{"the folder has not been read"}; }};
}

}  // namespace

TEST_CASE("the endpoints answer over a real socket on a free port") {
  const auto endpoints = Endpoints::listen("127.0.0.1:0", working());
  REQUIRE(endpoints);
  const std::uint16_t port = (*endpoints)->port();
  REQUIRE(port != 0);
  struct Row {
    std::string method, path, status, body;
  };
  const std::vector<Row> rows{
      {"GET", "/metrics", "200", "slipway_up 1\n"},
      {"HEAD", "/metrics", "200", ""},
      {"GET", "/healthz", "200", "ok\n"},
      {"GET", "/readyz", "503", "the folder has not been read\n"},
      {"POST", "/metrics", "405", "use GET\n"},
      {"GET", "/", "404", "try /metrics, /healthz or /readyz\n"},
      {"GET", "/metrics/more", "404", "try /metrics, /healthz or /readyz\n"},
      {"GET", "/../../etc/passwd", "404", "try /metrics, /healthz or /readyz\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.method, row.path);
    const std::string answer = ask(port, row.method, row.path);
    CHECK(answer.substr(0, 12) == "HTTP/1.1 " + row.status);
    CHECK(answer.substr(answer.find("\r\n\r\n") + 4) == row.body);
  }
}

TEST_CASE("connections that are idle or stop in the middle of a request do not keep health from answering") {
  const auto endpoints = Endpoints::listen("127.0.0.1:0", working());
  REQUIRE(endpoints);
  const std::uint16_t port = (*endpoints)->port();
  std::vector<std::unique_ptr<Connection>> idle;
  for (int i = 0; i < 64; ++i) {
    idle.push_back(std::make_unique<Connection>(port));
    if (i % 2 == 0) idle.back()->send("GET /metrics HTTP/1.1\r\nHost: loc");
  }
  CHECK(ask(port, "GET", "/healthz").starts_with("HTTP/1.1 200"));
}

TEST_CASE("connections that send a body byte by byte do not keep health from answering") {
  const auto endpoints = Endpoints::listen("127.0.0.1:0", working());
  REQUIRE(endpoints);
  const std::uint16_t port = (*endpoints)->port();
  const std::string length = GENERATE("Content-Length: 100000", "Transfer-Encoding: chunked");
  const std::string method = GENERATE("POST", "GET");
  std::vector<std::unique_ptr<Connection>> dripping;
  for (int i = 0; i < 64; ++i) {
    dripping.push_back(std::make_unique<Connection>(port));
    dripping.back()->send(method + " /healthz HTTP/1.1\r\nHost: localhost\r\n" + length + "\r\n\r\n");
  }
  const std::jthread drips([&](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any nobody;
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      for (const auto& each : dripping) each->try_to_send("1");
      nobody.wait_for(lock, stop, std::chrono::milliseconds{100}, [] { return false; });
    }
  });
  CHECK(ask(port, "GET", "/healthz").starts_with("HTTP/1.1 200"));
}

TEST_CASE("an address that is none is refused") {
  for (const char* address : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80s",
                              "127.0.0.1:1,0.0.0.0:2", "+8080", "127.0.0.1:-1", "localhost:80"}) {
    CAPTURE(address);
    const auto endpoints = Endpoints::listen(address, working());
    REQUIRE_FALSE(endpoints);
    CHECK(endpoints.error().cls == ErrorClass::Invalid);
  }
}

TEST_CASE("a port that is taken is said so") {
  const auto first = Endpoints::listen("127.0.0.1:0", working());
  REQUIRE(first);
  const auto second = Endpoints::listen("127.0.0.1:" + std::to_string((*first)->port()), working());
  REQUIRE_FALSE(second);
  CHECK(second.error().cls == ErrorClass::Unavailable);
  CHECK(second.error().remedy.find("--listen") != std::string::npos);
}
