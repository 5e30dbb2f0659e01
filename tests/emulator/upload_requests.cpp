#include <memory>

#include "crds/base/base64.h"
#include "reconcilers/json.h"
#include "tests/emulator/ranges.h"
#include "tests/emulator/registry.h"

namespace slipway::emulator {
namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr std::uint64_t kLargestAcrPut = 20 << 20;  // seen at ACR: a whole blob in one PUT is refused above about that

Answer plain(unsigned status) {
  return {.status = status, .headers = {}, .body = {}, .cut = false};
}

Answer upload_unknown() {
  return error_answer(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");
}

/// ACR's opaque state, which changes with every piece.
std::string state_of(const Upload& upload) {
  return to_json_text(json::MapBuilder()
                          .add("Name", json::text(upload.repository()))
                          .add("Offset", json::integer(upload.size()))
                          .add("UUID", json::text(upload.id()))
                          .build());
}

bool is_current(const Upload& upload, const std::string& state) {
  return decode_base64(state) == state_of(upload);
}

Answer progress(const Registry& registry, unsigned status, const Upload& upload) {
  std::string location = "/v2/" + upload.repository() + "/blobs/uploads/" + upload.id();
  if (registry.configuration.acr())
    location += "?_nouploadcache=false&_state=" + percent_encode(encode_base64(state_of(upload)));
  const std::uint64_t last = upload.size() == 0 ? 0 : upload.size() - 1;
  Answer answer = plain(status);
  answer.headers = {
      {"Location", std::move(location)}, {"Range", "0-" + std::to_string(last)}, {"Docker-Upload-UUID", upload.id()}};
  return answer;
}

Answer created(const std::string& repository, const Digest& digest) {
  Answer answer = plain(201);
  answer.headers = {{"Location", "/v2/" + repository + "/blobs/" + digest.str()},
                    {"Docker-Content-Digest", digest.str()}};
  return answer;
}

Result<void> receive(RequestBody& body, Upload& upload) {
  const auto space = std::make_unique_for_overwrite<char[]>(kPiece);
  for (;;) {
    const Result<std::size_t> count = body.read({space.get(), kPiece});
    if (!count) return std::unexpected(count.error());
    if (*count == 0) return {};
    if (Result<void> added = upload.append({space.get(), *count}); !added) return added;
  }
}

/// Checks the digest and makes the upload a blob.
Answer finish(const Registry& registry, Upload& upload, const std::string& wanted) {
  const Result<Digest> digest = Digest::parse(wanted);
  if (!digest) return digest_invalid(wanted);
  const Result<Digest> received = upload.digest(*digest);
  if (!received) return failure_answer(received.error());
  if (*received != *digest) return digest_invalid(wanted);
  const Result<void> added = registry.repositories.add_blob(upload.repository(), *digest, upload.path());
  return added ? created(upload.repository(), *digest) : failure_answer(added.error());
}

bool can_mount(const Registry& registry, const Request& request, const Digest& digest) {
  if (request.disturbance.refuse_mount) return false;
  const std::string from = request.target.parameter("from");
  if (!from.empty()) return registry.repositories.has_blob(from, digest);
  return !registry.configuration.acr() && registry.repositories.any_has_blob(digest);
}

/// An upload that one request has for itself; goes back at the end unless it is over.
class Held {
 public:
  Held(Uploads& uploads, std::unique_ptr<Upload> upload) : uploads_(uploads), upload_(std::move(upload)) {}
  ~Held() {
    if (upload_ != nullptr) uploads_.give_back(std::move(upload_));
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  Upload& operator*() const { return *upload_; }
  Upload* operator->() const { return upload_.get(); }
  void end() {
    uploads_.forget(upload_->id());
    upload_.reset();
  }

 private:
  Uploads& uploads_;
  std::unique_ptr<Upload> upload_;
};

/// Why a piece can't be taken where the upload stands, or nothing.
std::optional<Answer> refuse_piece(const Registry& registry, const Request& request, const Upload& upload) {
  const std::string header = request.header("content-range");
  const bool acr = registry.configuration.acr();
  if (acr && !is_current(upload, request.target.parameter("_state"))) return progress(registry, 416, upload);
  if (header.empty()) return std::nullopt;
  if (acr && request.header("content-length").empty())
    return error_answer(400, "CONTENT_LENGTH_INVALID", "content length is needed with a content range");
  const std::optional<ByteRange> range = parse_content_range(header);
  if (!range) return error_answer(400, "BLOB_UPLOAD_INVALID", "content range " + header + " is not understood");
  if (range->first != upload.size()) return progress(registry, 416, upload);
  const std::string length = request.header("content-length");
  if (!length.empty() && length != std::to_string(range->count()))
    return error_answer(400, "SIZE_INVALID", "content range and content length differ");
  return std::nullopt;
}

/// Takes the body; an error when it was cut, and then the upload stays or goes as configured.
Result<void> take_body(const Registry& registry, Request& request, Held& upload) {
  Result<void> received = receive(*request.body, *upload);
  if (!received && !registry.configuration.keep_cut_uploads) upload.end();
  return received;
}

Answer take_piece(const Registry& registry, Request& request, Held& upload) {
  if (std::optional<Answer> refusal = refuse_piece(registry, request, *upload)) return std::move(*refusal);
  const Result<void> received = take_body(registry, request, upload);
  return received ? progress(registry, 202, *upload) : failure_answer(received.error());
}

bool too_large_for_acr(const Registry& registry, const Request& request, const Upload& upload) {
  const std::string length = request.header("content-length");
  return registry.configuration.acr() && upload.size() == 0 && length.size() < 19 && !length.empty() &&
         std::stoull(length) > kLargestAcrPut;
}

Answer take_last_piece(const Registry& registry, Request& request, Held& upload) {
  if (std::optional<Answer> refusal = refuse_piece(registry, request, *upload)) return std::move(*refusal);
  if (too_large_for_acr(registry, request, *upload))
    return {.status = 413,
            .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
            .body = "413 Request Entity Too Large - AzureContainerRegistry",
            .cut = false};
  if (const Result<void> received = take_body(registry, request, upload); !received)
    return failure_answer(received.error());
  Answer answer = finish(registry, *upload, request.target.parameter("digest"));
  upload.end();
  return answer;
}

}  // namespace

Answer answer_upload_start(const Registry& registry, Request& request) {
  if (request.method != "POST") return method_not_allowed();
  const std::string& name = request.route.repository;
  if (request.target.has("mount")) {
    const Result<Digest> digest = Digest::parse(request.target.parameter("mount"));
    if (!digest) return digest_invalid(request.target.parameter("mount"));
    const Result<bool> linked =
        can_mount(registry, request, *digest) ? registry.repositories.link_blob(name, *digest) : false;
    if (!linked) return failure_answer(linked.error());
    if (*linked) return created(name, *digest);
  }
  Result<std::unique_ptr<Upload>> upload = registry.uploads.begin(name);
  if (!upload) return failure_answer(upload.error());
  if (request.target.has("digest")) {
    if (const Result<void> received = receive(*request.body, **upload); !received)
      return failure_answer(received.error());
    return finish(registry, **upload, request.target.parameter("digest"));
  }
  Answer answer = progress(registry, 202, **upload);
  registry.uploads.give_back(std::move(*upload));
  return answer;
}

Answer answer_upload(const Registry& registry, Request& request, const std::stop_token& stop) {
  std::unique_ptr<Upload> taken = registry.uploads.take(request.route.reference, request.route.repository, stop);
  if (taken == nullptr) return upload_unknown();
  Held upload(registry.uploads, std::move(taken));
  if (request.disturbance.forget_upload) {
    upload.end();
    return upload_unknown();
  }
  if (request.method == "GET" || request.method == "HEAD") return progress(registry, 204, *upload);
  if (request.method == "PATCH") return take_piece(registry, request, upload);
  if (request.method == "PUT") return take_last_piece(registry, request, upload);
  if (request.method != "DELETE") return method_not_allowed();
  upload.end();
  return plain(204);
}

}  // namespace slipway::emulator
