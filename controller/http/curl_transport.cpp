#include "controller/http/curl_transport.h"

#include <curl/curl.h>

#include <utility>
#include <vector>

#include "controller/http/curl_exchange.h"
#include "controller/http/curl_failure.h"
#include "controller/http/curl_proxy.h"
#include "controller/http/url.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/open_files.h"

namespace slipway::http {

/// Handles that wait for their next request, the one used last at the end: its connection is the warmest.
class CurlTransport::Pool {
 public:
  explicit Pool(std::size_t most) : most_(most) {}

  /// Null when none has a connection there.
  std::unique_ptr<CurlHandle> take(const std::string& origin) {
    auto idle = idle_.lock();
    for (auto entry = idle->rbegin(); entry != idle->rend(); ++entry) {
      if (entry->origin != origin) continue;
      auto handle = std::move(entry->handle);
      idle->erase(std::next(entry).base());
      return handle;
    }
    return nullptr;
  }

  void give_back(std::string origin, std::unique_ptr<CurlHandle> handle) {
    std::unique_ptr<CurlHandle> evicted;
    auto idle = idle_.lock();
    idle->push_back({.origin = std::move(origin), .handle = std::move(handle)});
    if (idle->size() <= most_) return;
    evicted = std::move(idle->front().handle);
    idle->erase(idle->begin());
  }

 private:
  struct Idle {
    std::string origin;
    std::unique_ptr<CurlHandle> handle;
  };
  const std::size_t most_;
  runtime::Guarded<std::vector<Idle>> idle_;
};

namespace {

/// libcurl goes past a proxy that it does not understand.
Result<void> check_way(const Url& url, const ProxySettings& settings) {
  const auto proxy = proxy_for(url, settings);
  return proxy && !proxy->empty() ? check_proxy("what is set as proxy", *proxy) : Result<void>{};
}

}  // namespace

std::string system_ca_file() {
  const char* const file = curl_version_info(CURLVERSION_NOW)->cainfo;
  return file != nullptr ? file : "";
}

CurlTransport::CurlTransport(CurlOptions options)
    : options_(std::move(options)), pool_(std::make_unique<Pool>(options_.max_idle_connections)) {}

CurlTransport::~CurlTransport() = default;

Result<Response> CurlTransport::send(const Request& request, std::stop_token stop) {
  if (stop.stop_requested()) return fail(ErrorClass::Cancelled, redacted(request.url) + ": stopped");
  auto url = Url::parse(request.url);
  if (!url) return std::unexpected(std::move(url.error()));
  if (Result<void> good = check_way(*url, options_.proxy); !good)
    return while_doing(std::string(to_string(request.method)) + " " + redacted(request.url), std::move(good.error()));
  const std::string origin = url->scheme + "://" + url->authority;
  auto handle = pool_->take(origin);
  // A handle has files of its own, beside its connection.
  if (const int lack = handle ? 0 : runtime::lack_of_files(); lack != 0)
    return std::unexpected(no_file_left(lack, request));
  if (!handle) handle = std::make_unique<CurlHandle>();
  if (!handle->ready()) return fail(ErrorClass::Internal, "libcurl gives no handle", "restart with more memory");
  Result<Response> response = CurlExchange(*handle, options_, request).run(std::move(stop));
  if (response || runtime::lack_of_files() == 0) pool_->give_back(origin, std::move(handle));
  return response;
}

}  // namespace slipway::http
