#include "controller/registry/blob_upload.h"

#include "controller/http/url.h"
#include "controller/registry/requests.h"
#include "controller/registry/response_error.h"

namespace slipway::registry {
namespace {

using http::Method;
using http::Request;
using http::Response;

class RegistryUpload final : public BlobUpload {
 public:
  RegistryUpload(Connection& connection, std::string scope, std::string location)
      : connection_(connection), scope_(std::move(scope)), location_(std::move(location)) {}

  Result<void> append(const BlobReader& reader, std::optional<std::int64_t> length, std::stop_token stop) override {
    Request request = streamed(Method::Patch, location_, reader, length);
    const Result<Response> response = expect(request, 202, stop);
    if (!response) return std::unexpected(response.error());
    return move_on(request, *response);
  }

  Result<std::int64_t> acknowledged(std::stop_token stop) override {
    Request request = request_to(Method::Get, location_);
    const Result<Response> response = expect(request, 204, stop);
    if (!response) return std::unexpected(response.error());
    if (response->headers.find("Location") != nullptr)
      if (Result<void> moved = move_on(request, *response); !moved) return std::unexpected(moved.error());
    const std::string* text = response->headers.find("Range");
    const auto range = text == nullptr ? std::nullopt : parse_range(*text);
    // "0-0" is also how registries say that they hold nothing; sending one byte again would be worse than all.
    return range && range->last > 0 ? range->last + 1 : 0;
  }

  Result<void> finish(const Digest& digest, std::stop_token stop) override {
    return settle(expect(request_to(Method::Put, with_digest(location_, digest)), 201, stop));
  }

  Result<void> send_whole(const content::Descriptor& blob, const BlobReader& reader, std::stop_token stop) override {
    return settle(expect(streamed(Method::Put, with_digest(location_, blob.digest), reader, blob.size), 201, stop));
  }

  void cancel() noexcept override {
    Request request = request_to(Method::Delete, location_);
    request.total_timeout = std::chrono::seconds(1);
    request.only_once = true;
    (void)connection_.send(request, scope_, {});
  }

 private:
  static Request streamed(Method method, std::string url, const BlobReader& reader,
                          std::optional<std::int64_t> length) {
    Request request = request_to(method, std::move(url));
    request.headers.set("Content-Type", "application/octet-stream");
    request.body_reader = reader;
    request.body_length = length;
    return request;
  }

  Result<Response> expect(const Request& request, int status, std::stop_token stop) {
    Result<Response> response = connection_.send(request, scope_, stop);
    if (response && response->status != status)
      return std::unexpected(error_of(request, *response, {connection_.who(), scope_}));
    return response;
  }

  static Result<void> settle(const Result<Response>& response) {
    if (!response) return std::unexpected(response.error());
    return {};
  }

  Result<void> move_on(const Request& asked, const Response& response) {
    Result<std::string> location = location_of(asked, response);
    if (!location) return std::unexpected(location.error());
    location_ = std::move(*location);
    return {};
  }

  Connection& connection_;
  const std::string scope_;
  std::string location_;
};

}  // namespace

std::unique_ptr<BlobUpload> open_upload(Connection& connection, std::string scope, std::string location) {
  return std::make_unique<RegistryUpload>(connection, std::move(scope), std::move(location));
}

Result<std::string> location_of(const Request& asked, const Response& response) {
  const std::string* text = response.headers.find("Location");
  const Result<http::Url> base = http::Url::parse(asked.url);
  if (text == nullptr || !base)
    return fail(ErrorClass::Unavailable, http::redacted(asked.url) + ": an answer without Location",
                "the registry does not follow the distribution specification; ask its owner");
  const Result<http::Url> target = base->resolve(*text);
  if (!target) return while_doing("upload location", target.error());
  if (!http::same_origin(*base, *target))
    return fail(ErrorClass::Refused, http::redacted(asked.url) + ": the upload is sent to " + target->authority,
                "uploads to another host are not supported; let the registry give relative locations");
  return target->str();
}

}  // namespace slipway::registry
