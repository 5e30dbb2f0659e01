#include "controller/telemetry/endpoints.h"

#include <civetweb.h>

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "crds/base/text.h"

namespace slipway::telemetry {

namespace {

struct Answer {
  int status = 200;
  std::string_view status_text = "OK";
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;
};

Answer health(const std::optional<std::string>& why_not, const std::optional<std::string>& note = {}) {
  if (!why_not) return {.body = note ? "ok; " + *note + "\n" : "ok\n"};
  return {.status = 503, .status_text = "Service Unavailable", .body = *why_not + "\n"};
}

Answer answer_to(const EndpointAnswers& answers, std::string_view method, std::string_view path) {
  const bool is_known = path == "/metrics" || path == "/healthz" || path == "/readyz";
  if (!is_known) return {.status = 404, .status_text = "Not Found", .body = "try /metrics, /healthz or /readyz\n"};
  if (method != "GET" && method != "HEAD") {
    return {.status = 405, .status_text = "Method Not Allowed", .body = "use GET\n"};
  }
  if (path == "/healthz") return health(answers.not_alive());
  if (path == "/readyz") return health(answers.not_ready(), answers.note ? answers.note() : std::nullopt);
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = answers.metrics()};
}

int serve(mg_connection* connection, void* data) {
  // Else civetweb reads the body that was announced before it closes, and waits a timeout for each byte of it: who
  // drips one would hold a thread for as long as he likes.
  mg_disable_connection_keep_alive(connection);
  const mg_request_info* request = mg_get_request_info(connection);
  const std::string_view method = request->request_method;
  const Answer answer = answer_to(*static_cast<const EndpointAnswers*>(data), method, request->local_uri);
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + ' ' + std::string{answer.status_text} +
                     "\r\nContent-Type: " + std::string{answer.content_type} +
                     "\r\nContent-Length: " + std::to_string(answer.body.size()) +
                     "\r\nCache-Control: no-store\r\nConnection: close\r\n";
  if (answer.status == 405) text += "Allow: GET, HEAD\r\n";
  text += "\r\n";
  if (method != "HEAD") text += answer.body;
  mg_write(connection, text.data(), text.size());
  return answer.status;
}

/// HOST:PORT and nothing that civetweb would take for more (lists, TLS and redirect marks).
bool is_listen_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size()) return false;
  const bool is_ipv6 = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const std::string_view allowed = is_ipv6 ? "0123456789abcdefABCDEF:." : "0123456789.";
  return (is_ipv6 ? host.substr(1, host.size() - 2) : host).find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

struct Endpoints::Server {
  struct Stop {
    void operator()(mg_context* running) const { mg_stop(running); }
  };
  EndpointAnswers answers;
  std::unique_ptr<mg_context, Stop> context;
};

Endpoints::Endpoints(Private, std::unique_ptr<Server> server) : server_(std::move(server)) {}

Endpoints::~Endpoints() = default;

Result<std::unique_ptr<Endpoints>> Endpoints::listen(const std::string& address, EndpointAnswers answers) {
  if (!is_listen_address(address)) {
    return fail(ErrorClass::Invalid, "--listen " + quoted(address) + " is not an address and a port",
                "write for example 127.0.0.1:8080, 0.0.0.0:8080 or [::1]:8080; port 0 takes any free one");
  }
  auto server = std::make_unique<Server>(Server{.answers = std::move(answers), .context = nullptr});
  // A connection that sends nothing holds a thread for the timeout: both together say how many a probe stands behind.
  std::array<const char*, 11> options{"listening_ports",
                                      address.c_str(),
                                      "num_threads",
                                      "64",
                                      "request_timeout_ms",
                                      "1000",
                                      "listen_backlog",
                                      "1024",
                                      "enable_keep_alive",
                                      "no",
                                      nullptr};
  std::array<char, 256> message{};
  mg_error_data error{.code = nullptr, .text = message.data(), .text_buffer_size = message.size()};
  mg_init_data start{.callbacks = nullptr, .user_data = nullptr, .configuration_options = options.data()};
  server->context.reset(mg_start2(&start, &error));
  if (!server->context) {
    return fail(ErrorClass::Unavailable, "listening on " + address + ": " + message.data(),
                "free the port, or name another address with --listen");
  }
  mg_set_request_handler(server->context.get(), "**", serve, &server->answers);
  return std::make_unique<Endpoints>(Private{}, std::move(server));
}

std::uint16_t Endpoints::port() const {
  mg_server_port port{};
  return mg_get_server_ports(server_->context.get(), 1, &port) == 1 ? static_cast<std::uint16_t>(port.port) : 0;
}

}  // namespace slipway::telemetry
