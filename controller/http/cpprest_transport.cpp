#include "controller/http/cpprest_transport.h"

#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <array>
#include <map>

#include "controller/http/url.h"
#include "controller/runtime/guarded.h"

namespace slipway::http {
namespace {

namespace client = web::http::client;

using Clients = std::map<std::string, std::shared_ptr<client::http_client>>;

void bound_threads() {
  static const bool once = [] {
    try {
      crossplat::threadpool::initialize_with_threads(4);
    } catch (const std::exception&) {
      return false;  // Somebody used the library before: its own default stays.
    }
    return true;
  }();
  (void)once;
}

void trust(boost::asio::ssl::context& context, const std::string& pem) {
  context.set_default_verify_paths();
  if (!pem.empty()) context.add_certificate_authority(boost::asio::buffer(pem));
}

web::http::http_request to_library(const Request& request, const Url& url) {
  web::http::http_request out{std::string(to_string(request.method))};
  out.set_request_uri(web::uri(url.path + (url.query.empty() ? "" : "?" + url.query)));
  const bool writes =
      request.method == Method::Post || request.method == Method::Put || request.method == Method::Patch;
  if (writes) out.set_body(std::vector<unsigned char>(request.body.begin(), request.body.end()));
  for (const auto& [name, value] : request.headers.fields()) {
    out.headers().remove(name);
    out.headers().add(name, value);
  }
  return out;
}

Headers from_library(const web::http::http_headers& headers) {
  Headers out;
  for (const auto& [name, value] : headers) out.add(name, value);
  return out;
}

std::string shown(const Request& request) {
  return std::string(to_string(request.method)) + " " + redacted(request.url);
}

std::unexpected<Error> no_answer(const Request& request, const std::string& why, const std::stop_token& stop) {
  if (stop.stop_requested()) return fail(ErrorClass::Cancelled, shown(request) + ": stopped");
  return fail(ErrorClass::Unavailable, shown(request) + ": " + why,
              "check that the host answers from here (name, port, proxy, certificate)");
}

/// Hands the body on piece by piece, so that a bound or a deadline ends it while it is being read.
class BodyTaker {
 public:
  BodyTaker(const Request& request, Response& response, const pplx::cancellation_token& token)
      : request_(request), response_(response), token_(token) {
    if (request.total_timeout) deadline_ = std::chrono::steady_clock::now() + *request.total_timeout;
  }

  Result<void> take_all(const concurrency::streams::istream& body) {
    std::array<unsigned char, 16384> space{};
    concurrency::streams::streambuf<unsigned char> from = body.streambuf();
    while (true) {
      const std::size_t count = from.getn(space.data(), space.size()).get();
      if (count == 0) return {};
      if (token_.is_canceled()) throw pplx::task_canceled();
      if (Result<void> taken = take({space.data(), count}); !taken) return taken;
    }
  }

 private:
  Result<void> take(std::span<const unsigned char> bytes) {
    if (deadline_ && std::chrono::steady_clock::now() > *deadline_)
      return fail(ErrorClass::Unavailable, shown(request_) + ": no whole answer in time", "try again later");
    if (request_.body_writer && response_.status / 100 == 2) return request_.body_writer(std::as_bytes(bytes));
    if (response_.body.size() + bytes.size() > request_.max_response_bytes)
      return fail(ErrorClass::Integrity,
                  shown(request_) + ": answer over " + std::to_string(request_.max_response_bytes) + " bytes",
                  "the server sends more than this request allows; ask its owner");
    response_.body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }

  const Request& request_;
  Response& response_;
  const pplx::cancellation_token& token_;
  std::optional<std::chrono::steady_clock::time_point> deadline_;
};

}  // namespace

struct CpprestTransport::State {
  CpprestOptions options;
  runtime::Guarded<Clients> clients;

  std::shared_ptr<client::http_client> client_for(const Url& url, std::chrono::milliseconds idle) {
    const std::string origin = url.scheme + "://" + url.authority;
    auto lock = clients.lock();
    if (const auto found = lock->find(origin); found != lock->end()) return found->second;
    client::http_client_config config;
    config.set_max_redirects(0);
    config.set_timeout(idle);
    const std::string pem = options.ca_pem;
    config.set_ssl_context_callback([pem](boost::asio::ssl::context& context) { trust(context, pem); });
    if (const auto proxy = proxy_for(url, options.proxy)) config.set_proxy(web::web_proxy(web::uri(*proxy)));
    return lock->emplace(origin, std::make_shared<client::http_client>(web::uri(origin), config)).first->second;
  }

  Result<Response> exchange(const Request& request, const Url& url, const pplx::cancellation_token& token) {
    const auto library = client_for(url, request.idle_timeout);
    web::http::http_response answer = library->request(to_library(request, url), token).get();
    Response response{.status = answer.status_code(), .headers = from_library(answer.headers()), .body = std::string()};
    if (request.on_headers)
      if (Result<void> fits = request.on_headers(response.status, response.headers); !fits)
        return std::unexpected(fits.error());
    if (request.method == Method::Head) return response;
    if (Result<void> taken = BodyTaker(request, response, token).take_all(answer.body()); !taken)
      return std::unexpected(taken.error());
    return response;
  }
};

CpprestTransport::CpprestTransport(CpprestOptions options) : state_(std::make_unique<State>()) {
  bound_threads();
  state_->options = std::move(options);
}

CpprestTransport::~CpprestTransport() = default;

Result<Response> CpprestTransport::send(const Request& request, std::stop_token stop) {
  if (request.body_reader)
    return fail(ErrorClass::Internal, shown(request) + ": a streamed body over the transport for small ones",
                "report this as a bug of slipway");
  const Result<Url> url = Url::parse(request.url);
  if (!url) return std::unexpected(url.error());
  if (stop.stop_requested()) return no_answer(request, "stopped", stop);
  pplx::cancellation_token_source cancellation;
  const std::stop_callback on_stop(stop, [cancellation] { cancellation.cancel(); });
  try {
    return state_->exchange(request, *url, cancellation.get_token());
  } catch (const std::exception& error) {
    return no_answer(request, error.what(), stop);
  }
}

}  // namespace slipway::http
