#include "controller/registry/blob_upload.h"

#include <exception>
#include <optional>
#include <utility>

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
  RegistryUpload(Connection& connection, Errand errand, std::string location)
      : connection_(connection), errand_(std::move(errand)), location_(std::move(location)) {}

  Result<void> append(const BlobReader& reader, std::optional<std::int64_t> length, std::stop_token stop) override {
    Request request = streamed(Method::Patch, location_, reader, length);
    const std::optional<std::int64_t> start = std::exchange(resumed_at_, std::nullopt);
    if (start && length.value_or(0) > 0)
      request.headers.set("Content-Range", std::to_string(*start) + "-" + std::to_string(*start + *length - 1));
    const Result<Response> response = expect(request, 202, stop);
    if (!response) return std::unexpected(response.error());
    return move_on(request, *response);
  }

  Result<std::int64_t> acknowledged(std::stop_token stop) override {
    Request request = request_to(Method::Get, location_);
    const Result<Response> response = connection_.send(request, errand_, stop);
    if (!response) return std::unexpected(response.error());
    if (response->status != 204) return std::unexpected(unwanted(request, *response));
    if (response->headers.find("Location") != nullptr)
      if (Result<void> moved = move_on(request, *response); !moved) return std::unexpected(moved.error());
    const std::string* text = response->headers.find("Range");
    const auto range = text == nullptr ? std::nullopt : parse_range(*text);
    // "0-0" is also how registries say that they hold nothing; sending one byte again would be worse than all.
    resumed_at_ = range && range->last > 0 ? range->last + 1 : 0;
    return *resumed_at_;
  }

  /// A stream that is empty: it may last as the others do, and its failure tells as little of the host as theirs.
  Result<void> finish(const Digest& digest, std::stop_token stop) override {
    const BlobReader nothing = [](std::span<std::byte>) -> Result<std::size_t> { return 0; };
    Request request = closing(streamed(Method::Put, with_digest(location_, digest), nothing, 0));
    request.only_once = true;  // Where its answer is lost the upload is gone: acknowledged() and the blob say more.
    return settle(expect(request, 201, stop));
  }

  Result<void> send_whole(const content::Descriptor& blob, const BlobReader& reader, std::stop_token stop) override {
    const Request request = closing(streamed(Method::Put, with_digest(location_, blob.digest), reader, blob.size));
    return settle(expect(request, 201, stop));
  }

  void cancel() noexcept override {
    try {
      give_back();
    } catch (const std::exception&) {
      return;  // The registry's own cleaning does it.
    }
  }

 private:
  void give_back() {
    Request request = request_to(Method::Delete, location_);
    request.total_timeout = std::chrono::seconds(1);
    request.only_once = true;
    request.now_or_never = true;
    (void)connection_.send(request, errand_, {});
  }

  static Request streamed(Method method, std::string url, const BlobReader& reader,
                          std::optional<std::int64_t> length) {
    Request request = request_to(method, std::move(url));
    request.headers.set("Content-Type", "application/octet-stream");
    request.body_reader = reader;
    request.body_length = length;
    return request;
  }

  /// While a registry joins, checks or moves a large layer it sends no byte; giving up on it means to send all of that
  /// again. Less than what the liveness probe takes for a process that hangs.
  static Request closing(Request request) {
    request.answer_wait = {.longest = std::chrono::minutes(10),
                           .remedy =
                               "wait: the registry has all bytes of the layer and is closing the upload; where "
                               "that goes on, look at its storage, and how long a proxy before it waits"};
    return request;
  }

  Result<Response> expect(const Request& request, int status, std::stop_token stop) {
    Result<Response> response = connection_.send(request, errand_, stop);
    if (!response || response->status == status) return response;
    Error error = unwanted(request, *response);
    // The address is the registry's own: it forgot the upload, or holds other bytes of it than it said.
    if (response->status == 404 || response->status == 416) {
      error.cls = ErrorClass::Unavailable;
      error.remedy = "nothing: the blob is sent again";
    }
    return std::unexpected(std::move(error));
  }

  Error unwanted(const Request& request, const Response& response) const {
    return error_of(request, response, connection_.asker(errand_.scope));
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
  const Errand errand_;
  std::string location_;
  std::optional<std::int64_t> resumed_at_;  ///< Where the next piece goes, by the registry's word, after a cut.
};

}  // namespace

std::unique_ptr<BlobUpload> open_upload(Connection& connection, Errand errand, std::string location) {
  errand.is_under_way = true;
  return std::make_unique<RegistryUpload>(connection, std::move(errand), std::move(location));
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
