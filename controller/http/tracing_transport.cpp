#include "controller/http/tracing_transport.h"

#include "controller/http/lasting_words.h"
#include "controller/http/url.h"

namespace slipway::http {

TracingTransport::TracingTransport(HttpTransport& next, TracingHands hands) : next_(next), hands_(std::move(hands)) {}

Result<Response> TracingTransport::send(const Request& request, std::stop_token stop) {
  Request traced = request;
  if (traced.headers.find(kRequestId) == nullptr)
    if (std::string id = hands_.reconcile_id(); !id.empty()) traced.headers.set(kRequestId, std::move(id));
  const std::string* const id = traced.headers.find(kRequestId);
  const std::string request_id = id == nullptr ? std::string() : *id;
  const Result<Url> url = Url::parse(request.url);
  const std::string host = url ? url->authority : std::string();
  if (hands_.began) hands_.began({.host = host, .request_id = request_id});
  const std::chrono::nanoseconds start = hands_.elapsed();
  Result<Response> response = fail(ErrorClass::Internal, "what sends it threw an exception");
  const auto tell_end = [&] {
    hands_.observer({.method = request.method,
                     .host = host,
                     .url = without_query(request.url),
                     .status = response ? response->status : 0,
                     .took = hands_.elapsed() - start,
                     .failure = response ? std::string() : response.error().message,
                     .was_stopped = !response && response.error().cls == ErrorClass::Cancelled,
                     .request_id = request_id,
                     .correlation_id = response ? correlation_id(*response) : std::string()});
  };
  try {
    response = next_.send(traced, stop);
  } catch (...) {
    tell_end();
    throw;
  }
  tell_end();
  return response;
}

}  // namespace slipway::http
