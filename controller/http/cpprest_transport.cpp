#include "controller/http/cpprest_transport.h"

#include <cpprest/http_client.h>
#include <pplx/threadpool.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
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

void trust(boost::asio::ssl::context& context, const std::string& pem, const std::string& file) {
  context.set_default_verify_paths();
  if (!file.empty()) context.load_verify_file(file);
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

/// Why an exchange was given up. Never leaves this file.
struct GivenUp : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Waits for the library's tasks with the bounds that it does not know: it times single steps alone. A task that is
/// given up is cancelled and left to end by itself, because nothing ends a name look-up that hangs.
class Patience {
 public:
  Patience(const Request& request, std::stop_token stop)
      : stop_(std::move(stop)), connect_(request.connect_timeout), total_(request.total_timeout) {}

  pplx::cancellation_token token() const { return cancellation_.get_token(); }

  /// The first bytes of a request that went out tell that there is a connection.
  void watch(web::http::http_request& request) const {
    request.set_progress_handler([seen = seen_](web::http::message_direction::direction, utility::size64_t) {
      seen->state.lock()->connected = true;
      seen->changed.notify_all();
    });
  }

  /// `needed` lives as long as the task.
  template <class T>
  T get(pplx::task<T> task, std::shared_ptr<void> needed = nullptr) {
    if (task.is_done()) return task.get();
    seen_->state.lock()->done = false;
    task.then([seen = seen_, needed = std::move(needed)](pplx::task<T> ended) {
      try {
        ended.wait();
      } catch (const std::exception&) {
        // Whoever still waits gets it from the task itself.
      }
      seen->state.lock()->done = true;
      seen->changed.notify_all();
    });
    wait();
    return task.get();
  }

 private:
  struct State {
    bool connected = false;
    bool done = false;
  };
  struct Seen {  // Shared with the library's callbacks, which may outlive the exchange.
    runtime::Guarded<State> state;
    std::condition_variable_any changed;
  };

  void wait() {
    const auto connected = [this] {
      auto state = seen_->state.lock();
      const auto most = total_ ? std::min(connect_, left()) : connect_;
      return state.wait_for(seen_->changed, stop_, most, [&] { return state->connected || state->done; });
    };
    const auto done = [this] {
      auto state = seen_->state.lock();
      if (!total_) return state.wait(seen_->changed, stop_, [&] { return state->done; });
      return state.wait_for(seen_->changed, stop_, left(), [&] { return state->done; });
    };
    if (!connected()) give_up("no connection in time");
    if (!done()) give_up("no whole answer in time");
  }

  std::chrono::milliseconds left() const {
    const auto used = std::chrono::steady_clock::now() - start_;
    return std::max(std::chrono::milliseconds(0), *total_ - std::chrono::ceil<std::chrono::milliseconds>(used));
  }

  [[noreturn]] void give_up(const char* why) {
    cancellation_.cancel();
    throw GivenUp(why);
  }

  const std::stop_token stop_;
  const std::chrono::milliseconds connect_;
  const std::optional<std::chrono::milliseconds> total_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  pplx::cancellation_token_source cancellation_;
};

/// Hands the body on piece by piece, so that a bound ends it while it is being read.
class BodyTaker {
 public:
  BodyTaker(const Request& request, Response& response, Patience& patience)
      : request_(request), response_(response), patience_(patience) {}

  Result<void> take_all(const concurrency::streams::istream& body) {
    // Shared with the library, which may still write to it after the exchange was given up.
    const auto space = std::make_shared<std::array<unsigned char, 16384>>();
    concurrency::streams::streambuf<unsigned char> from = body.streambuf();
    while (true) {
      const std::size_t count = patience_.get(from.getn(space->data(), space->size()), space);
      if (count == 0) return {};
      if (Result<void> taken = take({space->data(), count}); !taken) return taken;
    }
  }

 private:
  Result<void> take(std::span<const unsigned char> bytes) {
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
  Patience& patience_;
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
    config.set_ssl_context_callback([pem = options.ca_pem, file = options.ca_file](boost::asio::ssl::context& context) {
      trust(context, pem, file);
    });
    if (const auto proxy = proxy_for(url, options.proxy)) config.set_proxy(web::web_proxy(web::uri(*proxy)));
    return lock->emplace(origin, std::make_shared<client::http_client>(web::uri(origin), config)).first->second;
  }

  Result<Response> exchange(const Request& request, const Url& url, const std::stop_token& stop) {
    const auto library = client_for(url, request.idle_timeout);
    Patience patience(request, stop);
    web::http::http_request asked = to_library(request, url);
    patience.watch(asked);
    web::http::http_response answer = patience.get(library->request(asked, patience.token()));
    Response response{.status = answer.status_code(), .headers = from_library(answer.headers()), .body = std::string()};
    if (request.on_headers)
      if (Result<void> fits = request.on_headers(response.status, response.headers); !fits)
        return std::unexpected(fits.error());
    if (request.method == Method::Head) return response;
    if (Result<void> taken = BodyTaker(request, response, patience).take_all(answer.body()); !taken)
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
  try {
    return state_->exchange(request, *url, stop);
  } catch (const std::exception& error) {
    return no_answer(request, error.what(), stop);
  }
}

}  // namespace slipway::http
