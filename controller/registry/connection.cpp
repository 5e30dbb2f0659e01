#include "controller/registry/connection.h"

#include "controller/registry/response_error.h"

namespace slipway::registry {

Connection::Connection(http::HttpTransport& small, http::HttpTransport& blobs, const Clock& clock, TokenOptions options)
    : small_(small),
      blobs_(blobs),
      host_(options.host),
      plain_http_(options.plain_http),
      tokens_(small, clock, std::move(options)) {}

Result<http::Response> Connection::send(http::Request request, const std::string& scope, std::stop_token stop) {
  http::HttpTransport& transport = request.body_reader || request.body_writer ? blobs_ : small_;
  Result<std::string> header = tokens_.header(scope, stop);
  if (!header) return std::unexpected(header.error());
  if (!header->empty()) request.headers.set("Authorization", *header);
  // A challenge must not be judged as the answer that the caller expects.
  const auto judge = request.on_headers;
  if (judge)
    request.on_headers = [judge](int status, const http::Headers& headers) -> Result<void> {
      return status == 401 ? Result<void>() : judge(status, headers);
    };
  Result<http::Response> response = transport.send(request, stop);
  if (!response || response->status != 401) return response;
  header = tokens_.after_challenge(*response, scope, *header, stop);
  if (!header) return while_doing(host_, header.error());
  if (request.body_reader)
    return fail(ErrorClass::Unavailable, host_ + ": the token ended before the upload", "nothing: it is tried again");
  request.headers.set("Authorization", *header);
  response = transport.send(request, stop);
  if (response && response->status == 401) return std::unexpected(error_of(request, *response, {identity(), scope}));
  return response;
}

}  // namespace slipway::registry
