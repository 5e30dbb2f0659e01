#include "controller/http/tracing_transport.h"

#include "controller/http/url.h"

namespace slipway::http {
namespace {

constexpr std::string_view kRequestId = "X-Request-Id";

}  // namespace

TracingTransport::TracingTransport(HttpTransport& next, TracingHands hands) : next_(next), hands_(std::move(hands)) {}

Result<Response> TracingTransport::send(const Request& request, std::stop_token stop) {
  Request traced = request;
  if (traced.headers.find(kRequestId) == nullptr)
    if (std::string id = hands_.reconcile_id(); !id.empty()) traced.headers.set(kRequestId, std::move(id));
  const std::chrono::nanoseconds start = hands_.elapsed();
  Result<Response> response = next_.send(traced, stop);
  const std::string* const id = traced.headers.find(kRequestId);
  const Result<Url> url = Url::parse(request.url);
  hands_.observer({.method = request.method,
                   .host = url ? url->authority : std::string(),
                   .url = redacted(request.url),
                   .status = response ? response->status : 0,
                   .took = hands_.elapsed() - start,
                   .failure = response ? std::string() : response.error().message,
                   .request_id = id == nullptr ? std::string() : *id});
  return response;
}

}  // namespace slipway::http
