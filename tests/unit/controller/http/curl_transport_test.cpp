#include "controller/http/curl_transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <stdexcept>

#include "tests/catch.h"
#include "tests/support/raw_server.h"

using namespace slipway;
using namespace slipway::http;
using namespace std::chrono_literals;
using slipway::testing::RawConnection;
using slipway::testing::RawServer;

namespace {

std::string ok(std::string_view body, std::string_view fields = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(fields) + "\r\n" +
         std::string(body);
}

/// Answers every request on a connection with the same bytes and remembers the heads.
struct Echo {
  std::string answer;
  std::promise<std::string> head;
  void operator()(RawConnection& connection) {
    for (bool first = true;; first = false) {
      const std::string got = connection.read_head();
      if (got.empty()) return;
      if (first) head.set_value(got);
      connection.write(answer);
    }
  }
};

BodyReader reader_of(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](std::span<std::byte> space) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(space.size(), text.size() - at);
    std::memcpy(space.data(), text.data() + at, count);
    at += count;
    return count;
  };
}

BodyReader endless() {
  return [](std::span<std::byte> space) -> Result<std::size_t> {
    std::memset(space.data(), 'x', space.size());
    return space.size();
  };
}

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

/// How the request looks on the wire.
std::string head_of(Request request) {
  Echo echo{.answer = ok(""), .head = {}};
  auto head = echo.head.get_future();
  RawServer server(std::ref(echo));
  request.url = server.url("/v2/");
  CurlTransport transport;
  (void)transport.send(request, {});
  std::string got = head.get();
  return got;
}

bool has(const std::string& head, std::string_view line) {
  return head.find(std::string(line) + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("each method goes out as it is named, with an exact length and without an Expect", "[curl]") {
  CHECK(head_of({.method = Method::Get}).starts_with("GET /v2/ HTTP/1.1\r\n"));
  CHECK(head_of({.method = Method::Head}).starts_with("HEAD /v2/ HTTP/1.1\r\n"));
  CHECK(head_of({.method = Method::Delete}).starts_with("DELETE /v2/ HTTP/1.1\r\n"));
  for (const Method method : {Method::Post, Method::Put, Method::Patch}) {
    const std::string empty = head_of({.method = method});
    CHECK(empty.starts_with(std::string(to_string(method)) + " /v2/ HTTP/1.1\r\n"));
    CHECK(has(empty, "Content-Length: 0"));
    CHECK(empty.find("Content-Type") == std::string::npos);
    const std::string streamed = head_of({.method = method, .body_reader = reader_of("four"), .body_length = 4});
    CHECK(streamed.starts_with(std::string(to_string(method)) + " "));
    CHECK(has(streamed, "Content-Length: 4"));
    CHECK(streamed.find("Expect") == std::string::npos);
    CHECK(has(head_of({.method = method, .body_reader = reader_of("four")}), "Transfer-Encoding: chunked"));
  }
}

TEST_CASE("header fields go out and come back, repeated ones too", "[curl]") {
  Request request;
  request.headers.add("X-One", "1");
  request.headers.add("Content-Type", "application/octet-stream");
  const std::string head = head_of(request);
  CHECK(has(head, "X-One: 1"));
  CHECK(has(head, "Content-Type: application/octet-stream"));

  Echo echo{.answer = "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n" + ok("hello", "Link: a\r\nLink:  b \r\n"),
            .head = {}};
  RawServer server(std::ref(echo));
  CurlTransport transport;
  const auto response = transport.send({.url = server.url("/")}, {});
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "hello");
  CHECK(response->headers.all("link") == std::vector<std::string>{"a", "b"});
  CHECK(response->headers.find("X-Interim") == nullptr);
}

TEST_CASE("a HEAD answer with a length has no body to wait for", "[curl]") {
  Echo echo{.answer = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", .head = {}};
  RawServer server(std::ref(echo));
  CurlTransport transport;
  const auto response = transport.send({.method = Method::Head, .url = server.url("/")}, {});
  REQUIRE(response);
  CHECK(*response->headers.find("content-length") == "1000");
}

TEST_CASE("connections are reused, from other threads too", "[curl]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write(ok("x"));
  });
  CurlTransport transport;
  for (int i = 0; i < 5; ++i) std::jthread([&] { CHECK(transport.send({.url = server.url("/")}, {})); });
  CHECK(server.connections() == 1);
}

TEST_CASE("redirects are answers", "[curl]") {
  Echo echo{.answer = "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            .head = {}};
  RawServer server(std::ref(echo));
  CurlTransport transport;
  const auto response = transport.send({.url = server.url("/")}, {});
  REQUIRE(response);
  CHECK(response->status == 307);
}

TEST_CASE("a body is streamed to the writer on success only, after the headers were shown", "[curl]") {
  const auto run = [](const std::string& answer, std::string* seen, int* status) {
    Echo echo{.answer = answer, .head = {}};
    RawServer server(std::ref(echo));
    Request request{.url = server.url("/")};
    request.on_headers = [status](int got, const Headers&) -> Result<void> {
      *status = got;
      return {};
    };
    request.body_writer = [seen](std::span<const std::byte> bytes) -> Result<void> {
      seen->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return {};
    };
    CurlTransport transport;
    return transport.send(request, {});
  };
  std::string seen;
  int status = 0;
  REQUIRE(run(ok("content"), &seen, &status));
  CHECK(seen == "content");
  CHECK(status == 200);
  seen.clear();
  const auto refused = run("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", &seen, &status);
  REQUIRE(refused);
  CHECK(refused->body == "nope");
  CHECK(seen.empty());
  CHECK(status == 404);
}

TEST_CASE("an answer over its bound is Integrity, at the bound it is taken", "[curl]") {
  Echo echo{.answer = ok("12345"), .head = {}};
  RawServer server(std::ref(echo));
  CurlTransport transport;
  CHECK(transport.send({.url = server.url("/"), .max_response_bytes = 5}, {}));
  const auto over = transport.send({.url = server.url("/"), .max_response_bytes = 4}, {});
  REQUIRE_FALSE(over);
  CHECK(over.error().cls == ErrorClass::Integrity);
}

TEST_CASE("headers without end are Integrity", "[curl]") {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 400; ++i) connection.write("X-Long: " + std::string(1000, 'a') + "\r\n");
    connection.wait_for_close();
  });
  CurlTransport transport;
  const auto response = transport.send({.url = server.url("/")}, {});
  REQUIRE_FALSE(response);
  CHECK(response.error().cls == ErrorClass::Integrity);
}

TEST_CASE("an early answer while the body goes out is returned, not lost", "[curl]") {
  for (const bool closes : {false, true}) {
    RawServer server([closes](RawConnection& connection) {
      connection.read_head();
      connection.read(100'000);
      connection.write("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow");
      if (!closes) connection.wait_for_close();
    });
    CurlTransport transport;
    const auto response = transport.send(
        {.method = Method::Put, .url = server.url("/"), .body_reader = endless(), .body_length = std::int64_t{1} << 40},
        {});
    INFO((response ? std::string("answered") : response.error().message));
    REQUIRE(response);
    CHECK(response->status == 429);
    CHECK(*response->headers.find("retry-after") == "7");
  }
}

TEST_CASE("a body cut by the server is Unavailable, in either direction", "[curl]") {
  RawServer half([](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  RawServer taker([](RawConnection& connection) {
    connection.read_head();
    connection.read(10);
    connection.reset();
  });
  CurlTransport transport;
  const auto got = transport.send({.url = half.url("/secret?token=abc")}, {});
  REQUIRE_FALSE(got);
  CHECK(got.error().cls == ErrorClass::Unavailable);
  CHECK(got.error().message.find("abc") == std::string::npos);
  CHECK_FALSE(got.error().remedy.empty());
  const auto put = transport.send(
      {.method = Method::Put, .url = taker.url("/"), .body_reader = endless(), .body_length = std::int64_t{1} << 40},
      {});
  REQUIRE_FALSE(put);
  CHECK(put.error().cls == ErrorClass::Unavailable);
}

TEST_CASE("a body that is cut after more or fewer bytes reads the same", "[curl]") {
  std::string body = "half";
  RawServer server([&body](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + body);
  });
  CurlTransport transport;
  const auto first = transport.send({.url = server.url("/")}, {});
  body += "and more";
  const auto second = transport.send({.url = server.url("/")}, {});
  REQUIRE_FALSE(first);
  REQUIRE_FALSE(second);
  INFO(first.error().message);
  CHECK(first.error() == second.error());
  CHECK_THAT(first.error().message, Catch::EndsWith("closed with bytes remaining to read"));
}

TEST_CASE("errors of the request's own functions end it with that error, thrown ones too", "[curl]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write(ok("content"));
  });
  CurlTransport transport;
  const auto lying = fail(ErrorClass::Integrity, "lying");
  Request reads{.method = Method::Put, .url = server.url("/"), .body_length = 10};
  reads.body_reader = [&](std::span<std::byte>) -> Result<std::size_t> { return lying; };
  CHECK(transport.send(reads, {}).error().message == "lying");
  Request writes{.url = server.url("/")};
  writes.body_writer = [&](std::span<const std::byte>) -> Result<void> { return lying; };
  CHECK(transport.send(writes, {}).error().message == "lying");
  Request looks{.url = server.url("/")};
  looks.on_headers = [&](int, const Headers&) -> Result<void> { return lying; };
  CHECK(transport.send(looks, {}).error().message == "lying");
  writes.body_writer = [](std::span<const std::byte>) -> Result<void> { throw std::runtime_error("thrown"); };
  CHECK(transport.send(writes, {}).error().cls == ErrorClass::Internal);
  reads.body_reader = reader_of("short");
  CHECK(transport.send(reads, {}).error().cls == ErrorClass::Internal);
}

TEST_CASE("a stop ends a request that waits for its answer", "[curl]") {
  std::promise<void> asked;
  RawServer server([&asked](RawConnection& connection) {
    connection.read_head();
    asked.set_value();
    connection.wait_for_close();
  });
  CurlTransport transport;
  std::stop_source stop;
  std::jthread stopper([&] {
    asked.get_future().wait();
    stop.request_stop();
  });
  const auto response = transport.send({.url = server.url("/")}, stop.get_token());
  REQUIRE_FALSE(response);
  CHECK(response.error().cls == ErrorClass::Cancelled);
  CHECK(transport.send({.url = server.url("/")}, stop.get_token()).error().cls == ErrorClass::Cancelled);
}

TEST_CASE("a host that takes no connection is given up after the time for connecting", "[curl]") {
  const FullListener full;
  CurlTransport transport;
  const auto response = transport.send({.url = full.url(), .connect_timeout = 30ms, .total_timeout = 60s}, {});
  REQUIRE_FALSE(response);
  CHECK(response.error().cls == ErrorClass::Unavailable);
  CHECK_THAT(response.error().message, !Catch::Contains(" after "));
}

TEST_CASE("waiting longer than for connecting is fine once there is a connection", "[curl]") {
  std::promise<void> promise;
  const std::shared_future<void> never = promise.get_future().share();
  std::atomic<std::chrono::milliseconds> for_connecting{20ms};
  RawServer server([&](RawConnection& connection) {
    const auto late = 2 * for_connecting.load();
    connection.read_head();
    never.wait_for(late);
    connection.write(ok("late"));
    connection.wait_for_close();
  });
  CurlTransport transport;
  const auto ask = [&] {
    return transport.send({.url = server.url("/"), .connect_timeout = for_connecting, .total_timeout = 60s}, {});
  };
  auto response = ask();
  // A busy machine may take longer to connect; however long it gets, it waits twice as long for the answer.
  for (; !response && for_connecting.load() < 5s; response = ask()) for_connecting = 2 * for_connecting.load();
  REQUIRE(response);
  CHECK(response->body == "late");
}

TEST_CASE("an answer that drips is given up, though a byte comes now and then", "[curl]") {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n123456789");
    connection.wait_for_close();
  });
  CurlTransport transport;
  const auto ask = [&](std::int64_t least) {
    return transport.send({.url = server.url("/"), .least_rate = {.bytes = least, .over = 20ms}}, {});
  };
  CHECK(ask(10).error().message.find("fewer than 10 bytes in 20 ms") != std::string::npos);
  CHECK(ask(10).error().cls == ErrorClass::Unavailable);
}

TEST_CASE("time that the receiver of an answer takes does not count against its sender", "[curl]") {
  RawServer server([](RawConnection& connection) {
    connection.read_head();
    connection.write(ok("123456789"));
    connection.wait_for_close();
  });
  std::promise<void> promise;
  const std::future<void> never = promise.get_future();
  CurlTransport transport;
  const auto ask = [&](std::chrono::milliseconds over) {
    Request request{.url = server.url("/"), .least_rate = {.bytes = 1000, .over = over}};
    request.body_writer = [&](std::span<const std::byte>) -> Result<void> {
      never.wait_for(2 * over);
      return {};
    };
    return transport.send(request, {});
  };
  auto over = 50ms;
  auto response = ask(over);
  // On a busy machine the answer may take longer; however long it gets, its receiver takes twice as long.
  for (; !response && over < 5s; response = ask(over)) over *= 2;
  CHECK(response);
}

TEST_CASE("connections that wait for their next request are kept up to a bound, over all hosts", "[curl]") {
  const auto serve = [](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write(ok("x"));
  };
  RawServer first(serve);
  RawServer second(serve);
  RawServer third(serve);
  CurlTransport transport({.max_idle_connections = 2});
  for (const RawServer* server : {&first, &second, &third, &second, &third, &first})
    REQUIRE(transport.send({.url = server->url("/")}, {}));
  CHECK(first.connections() == 2);
  CHECK(second.connections() == 1);
  CHECK(third.connections() == 1);
}

TEST_CASE("silence is bounded by the idle time-out, a whole request by the total one", "[curl]") {
  RawServer silent([](RawConnection& connection) {
    connection.read_head();
    connection.wait_for_close();
  });
  CurlTransport transport;
  using std::chrono::milliseconds;
  const auto idle = transport.send({.url = silent.url("/"), .idle_timeout = milliseconds(30)}, {});
  REQUIRE_FALSE(idle);
  CHECK(idle.error().cls == ErrorClass::Unavailable);
  const auto total = transport.send({.url = silent.url("/"), .total_timeout = milliseconds(30)}, {});
  REQUIRE_FALSE(total);
  CHECK(total.error().cls == ErrorClass::Unavailable);
  CHECK_THAT(total.error().message, !Catch::Contains(" after ") && Catch::EndsWith("timed out"));
}

TEST_CASE("an answer is waited for as long as the request says once it is out, with its own remedy", "[curl]") {
  RawServer silent([](RawConnection& connection) {
    connection.read_head();
    connection.wait_for_close();
  });
  RawServer leaving([](RawConnection& connection) {
    connection.read_head();
    connection.read(4);
  });
  std::promise<void> begun;
  RawServer stuck([over = begun.get_future().share()](RawConnection&) { over.wait(); });
  const std::promise<void> until_the_test_ends = std::move(begun);
  const http::BodyReader four = [left = 4](std::span<std::byte>) mutable {
    return Result<std::size_t>(std::exchange(left, 0));
  };
  const http::BodyReader none = [](std::span<std::byte>) { return Result<std::size_t>(0); };
  const std::chrono::milliseconds shortly{30};
  http::Request request{
      .method = Method::Put, .idle_timeout = 60s, .answer_wait = {{.longest = shortly, .remedy = "wait"}}};
  CurlTransport transport;
  const auto failure = [&](const RawServer& server) {
    request.url = server.url("/");
    auto answer = transport.send(request, {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().cls == ErrorClass::Unavailable);
    return answer.error();
  };
  SECTION("without a body") {
    CHECK_THAT(failure(silent).message, Catch::EndsWith("no answer in time"));
    CHECK(failure(silent).remedy == "wait");
  }
  SECTION("with a stream of nothing") {
    request.body_reader = none;
    request.body_length = 0;
    CHECK_THAT(failure(silent).message, Catch::EndsWith("no answer in time"));
  }
  SECTION("with a stream that is out") {
    request.body_reader = four;
    request.body_length = 4;
    CHECK_THAT(failure(silent).message, Catch::EndsWith("no answer in time"));
  }
  SECTION("who hangs up instead of an answer") {
    request.body_reader = four;
    request.body_length = 4;
    request.answer_wait->longest = 60s;
    CHECK(failure(leaving).remedy == "wait");
  }
  SECTION("not while some of it is left") {
    request.body_reader = endless();
    request.body_length = std::int64_t{1} << 40;
    request.idle_timeout = shortly;
    request.answer_wait->longest = 60s;
    const Error error = failure(stuck);
    CHECK_THAT(error.message, Catch::EndsWith("no byte for 30 ms"));
    CHECK(error.remedy != "wait");
  }
  SECTION("nor where there is no connection") {
    const FullListener full;
    request.url = full.url();
    request.connect_timeout = shortly;
    const auto answer = transport.send(request, {});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().remedy != "wait");
  }
}

TEST_CASE("an answer that may fall silent has ended when it does, one that never began has not", "[curl]") {
  bool begins = true;
  RawServer silent([&](RawConnection& connection) {
    connection.read_head();
    if (begins) connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    connection.wait_for_close();
  });
  std::string got;
  http::Request request{.url = silent.url("/")};
  request.idle_timeout = 30ms;
  request.may_fall_silent = true;
  request.body_writer = [&](std::span<const std::byte> bytes) -> Result<void> {
    got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  };
  CurlTransport transport;
  auto ended = transport.send(request, {});
  // A busy machine may take longer to begin its answer.
  for (; !ended && request.idle_timeout < 5s; ended = transport.send(request, {})) request.idle_timeout *= 2;
  REQUIRE(ended);
  CHECK(ended->status == 200);
  CHECK(got == "hello");
  begins = false;
  CHECK(transport.send(request, {}).error().cls == ErrorClass::Unavailable);
}

TEST_CASE("nobody listening is Unavailable, a URL that is none is Invalid", "[curl]") {
  CurlTransport transport;
  CHECK(transport.send({.url = "http://127.0.0.1:1/"}, {}).error().cls == ErrorClass::Unavailable);
  CHECK(transport.send({.url = "file:///etc/passwd"}, {}).error().cls == ErrorClass::Invalid);
  CHECK(transport.send({.url = "http://user:word@127.0.0.1/"}, {}).error().cls == ErrorClass::Invalid);
}

TEST_CASE("An address that a name leads to may be refused before anything is sent", "[curl]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write(ok("x"));
  });
  std::string host;
  std::string address;
  bool allowed = true;
  CurlOptions options;
  options.may_connect = [&](std::string_view name, std::string_view leads_to) -> Result<void> {
    host = name;
    address = leads_to;
    if (allowed) return {};
    return fail(ErrorClass::Refused, "this machine", "name another host");
  };
  CHECK(CurlTransport(options).send({.url = server.url("/")}, {}));
  CHECK("http://" + host == server.url(""));
  CHECK(address == "127.0.0.1");
  allowed = false;
  const auto refused = CurlTransport(options).send({.url = server.url("/")}, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Refused);
  CHECK(server.connections() == 1);
}

TEST_CASE("What libcurl says of a proxy's address is not passed on", "[curl]") {
  const std::string proxy = GENERATE("http://user:s3cret@bad host", "ftp://user:s3cret@p", "user:s3cret@p:port");
  CurlOptions options;
  options.proxy = {.https_proxy = {}, .http_proxy = proxy, .no_proxy = {}};
  const auto response = CurlTransport(options).send({.url = "http://r.invalid/v2/"}, {});
  REQUIRE_FALSE(response);
  CAPTURE(response.error().message);
  CHECK_THAT(response.error().message, Catch::StartsWith("GET http://r.invalid/v2/: "));
  CHECK_THAT(response.error().message + response.error().remedy, !Catch::Contains("s3cret"));
}

TEST_CASE("Past a proxy that can't be used nothing goes direct", "[curl]") {
  RawServer server([](RawConnection& connection) {
    while (!connection.read_head().empty()) connection.write(ok("direct"));
  });
  const std::string password = GENERATE("s3%00cr3t", "s3%01cr3t", "s3%0acr3t");
  CurlOptions options;
  options.proxy = {.https_proxy = {}, .http_proxy = "http://user:" + password + "@127.0.0.1:1", .no_proxy = {}};
  // Another name of this machine than those that no proxy is asked for.
  const std::string port = server.url("").substr(server.url("").rfind(':'));
  const auto response = CurlTransport(options).send({.url = "http://0.0.0.0" + port + "/"}, {});
  REQUIRE_FALSE(response);
  CHECK(response.error().cls == ErrorClass::Invalid);
  CHECK_THAT(response.error().message + response.error().remedy, !Catch::Contains("cr3t"));
  CHECK(server.connections() == 0);
}

TEST_CASE("A proxy is used for what it is for, and its address is not judged", "[curl]") {
  Echo echo{.answer = ok("by proxy"), .head = {}};
  auto head = echo.head.get_future();
  RawServer proxy(std::ref(echo));
  CurlOptions options;
  options.proxy = {.https_proxy = {}, .http_proxy = proxy.url(""), .no_proxy = {}};
  options.may_connect = [](std::string_view, std::string_view) -> Result<void> {
    return fail(ErrorClass::Refused, "judged", "do not");
  };
  CurlTransport transport(options);
  const auto response = transport.send({.url = "http://r.invalid/v2/"}, {});
  REQUIRE(response);
  CHECK(response->body == "by proxy");
  CHECK(head.get().starts_with("GET http://r.invalid/v2/ HTTP/1.1\r\n"));
}
