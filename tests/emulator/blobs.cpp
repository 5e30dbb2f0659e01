#include "crds/base/digest.h"
#include "reconcilers/json.h"
#include "tests/emulator/ranges.h"
#include "tests/emulator/registry.h"

namespace slipway::emulator {
namespace {

constexpr std::int64_t kAddressLifetime = 1200;  // seconds

Answer blob_unknown(const std::string& reference) {
  return error_answer(404, "BLOB_UNKNOWN", "blob unknown to registry",
                      json::MapBuilder().add("digest", json::text(reference)).build());
}

/// The bytes, whole or the part that a Range header asks for.
Answer content(const Registry& registry, const Request& request, const Digest& digest) {
  Result<OpenFile> opened = registry.repositories.open_blob(digest);
  if (!opened)
    return opened.error().cls == ErrorClass::NotFound ? blob_unknown(digest.str()) : failure_answer(opened.error());
  Answer answer{.status = 200,
                .headers = {{"Content-Type", "application/octet-stream"},
                            {"Docker-Content-Digest", digest.str()},
                            {"Accept-Ranges", "bytes"},
                            {"ETag", "\"" + digest.str() + "\""}},
                .body = {},
                .cut = false};
  const std::string total = std::to_string(opened->size);
  const RangeRequest range = parse_range(request.header("range"), opened->size);
  if (range.kind == RangeRequest::Kind::Unsatisfiable) {
    answer.status = 416;
    answer.headers.emplace_back("Content-Range", "bytes */" + total);
    return answer;
  }
  FilePart part{.file = std::move(opened->file), .offset = 0, .count = opened->size};
  if (range.kind == RangeRequest::Kind::Part) {
    answer.status = 206;
    part.offset = range.part.first;
    part.count = range.part.count();
    answer.headers.emplace_back("Content-Range", "bytes " + std::to_string(range.part.first) + "-" +
                                                     std::to_string(range.part.last) + "/" + total);
  }
  answer.body = std::move(part);
  return answer;
}

/// Another name for the same host, so that a client which takes its Authorization header along is found out.
std::string data_host(std::string host) {
  constexpr std::string_view kAddress = "127.0.0.1";
  constexpr std::string_view kName = "localhost";
  if (host.starts_with(kAddress)) return host.replace(0, kAddress.size(), kName);
  if (host.starts_with(kName)) return host.replace(0, kName.size(), kAddress);
  return host;
}

Answer redirect(const Registry& registry, const Request& request) {
  const std::string path = "/_data/" + request.route.repository + "/blobs/" + request.route.reference;
  const std::string end = std::to_string(now_seconds() + kAddressLifetime);
  const std::string address = request.scheme + "://" + data_host(request.host()) + path + "?se=" + end +
                              "&sig=" + registry.tokens.sign(path + end);
  return {.status = 307, .headers = {{"Location", address}}, .body = {}, .cut = false};
}

Answer storage_error(unsigned status, const std::string& code) {
  return {.status = status,
          .headers = {{"Content-Type", "application/xml"}},
          .body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>" + code + "</Code></Error>",
          .cut = false};
}

}  // namespace

Answer answer_blob(const Registry& registry, Request& request) {
  const Result<Digest> digest = Digest::parse(request.route.reference);
  if (!digest) return digest_invalid(request.route.reference);
  const std::string& name = request.route.repository;
  if (request.method == "DELETE") {
    if (!registry.repositories.remove_blob(name, *digest)) return blob_unknown(digest->str());
    return {.status = 202, .headers = {}, .body = {}, .cut = false};
  }
  if (request.method != "GET" && request.method != "HEAD") return method_not_allowed();
  if (!registry.repositories.has_blob(name, *digest)) return blob_unknown(digest->str());
  if (request.method == "GET" && registry.configuration.redirect_blobs) return redirect(registry, request);
  return content(registry, request, *digest);
}

Answer answer_blob_content(const Registry& registry, Request& request) {
  const Result<Digest> digest = Digest::parse(request.route.reference);
  if (!digest || (request.method != "GET" && request.method != "HEAD")) return storage_error(400, "InvalidUri");
  if (!request.header("authorization").empty()) return storage_error(400, "InvalidAuthenticationInfo");
  const std::string end = request.target.parameter("se");
  const bool signed_here = registry.tokens.sign(request.target.path + end) == request.target.parameter("sig");
  if (!signed_here || end < std::to_string(now_seconds())) return storage_error(403, "AuthenticationFailed");
  return content(registry, request, *digest);
}

}  // namespace slipway::emulator
