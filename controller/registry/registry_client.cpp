#include "controller/registry/registry_client.h"

#include <algorithm>

#include "controller/http/url.h"
#include "controller/registry/blob_upload.h"
#include "controller/registry/listing.h"
#include "controller/registry/paging.h"
#include "controller/registry/referrer_list.h"
#include "controller/registry/requests.h"
#include "controller/registry/response_error.h"

namespace slipway::registry {
namespace {

using content::Descriptor;
using content::ManifestBytes;
using http::Method;
using http::Request;
using http::Response;

std::unexpected<Error> not_intact(std::string what) {
  return fail(ErrorClass::Integrity, std::move(what), "look whether the registry or a proxy before it is broken");
}

/// Of an answer that ends where its connection does (RFC 9112, 6.3) nobody can tell whether it was cut.
std::unexpected<Error> other_content(const Response& response, std::string what) {
  const bool has_end = response.headers.find("Content-Length") || response.headers.find("Transfer-Encoding");
  if (has_end) return not_intact(std::move(what));
  return fail(ErrorClass::Unavailable, std::move(what) + ", without saying how long it is: it may have been cut off",
              "look whether a proxy before the registry cuts answers; it is tried again");
}

bool is_content_of(const Digest& digest, std::string_view bytes) {
  Hasher hasher(digest.algorithm());
  hasher.update(bytes);
  return hasher.finish() == digest;
}

std::string fallback_tag(const Digest& subject) {
  return std::string(subject.algorithm()) + "-" + std::string(subject.hex()).substr(0, 64);
}

/// Passes on what follows `skip` bytes and never more than `wanted`.
class RangeFilter {
 public:
  RangeFilter(std::int64_t wanted, const BlobSink& sink) : wanted_(wanted), sink_(sink) {}

  void skip(std::int64_t bytes) { skip_ = bytes; }
  std::int64_t missing() const { return wanted_; }

  Result<void> take(std::span<const std::byte> bytes) {
    const auto dropped = std::min(static_cast<std::size_t>(skip_), bytes.size());
    skip_ -= static_cast<std::int64_t>(dropped);
    bytes = bytes.subspan(dropped);
    if (static_cast<std::int64_t>(bytes.size()) > wanted_) return not_intact("the blob is longer than its descriptor");
    wanted_ -= static_cast<std::int64_t>(bytes.size());
    return bytes.empty() ? Result<void>() : sink_(bytes);
  }

 private:
  std::int64_t skip_ = 0;
  std::int64_t wanted_;
  const BlobSink& sink_;
};

}  // namespace

RegistryClient::RegistryClient(std::shared_ptr<Connection> connection, ClientOptions options)
    : connection_(std::move(connection)),
      options_(std::move(options)),
      errand_(errand_for("repository:" + options_.repository + (options_.read_only ? ":pull" : ":pull,push"))),
      changes_(options_.audited, connection_->host(), options_.repository) {}

Errand RegistryClient::errand_for(std::string scope) const {
  return {.scope = std::move(scope), .visit = options_.request_id};
}

Result<Response> RegistryClient::send(const Request& request, std::stop_token stop) {
  return connection_->send(request, errand_, stop);
}

std::unexpected<Error> RegistryClient::unwanted(const Request& request, const Response& response) const {
  return std::unexpected(error_of(request, response, connection_->asker(errand_.scope)));
}

Result<Response> RegistryClient::expect(const Request& request, int status, std::stop_token stop) {
  Result<Response> response = send(request, stop);
  if (response && response->status != status) return unwanted(request, *response);
  return response;
}

Result<std::optional<Descriptor>> RegistryClient::resolve(const std::string& tag, std::stop_token stop) {
  auto found = look_up(tag, stop);
  if (found) changes_.saw(tag, *found ? std::optional((*found)->digest) : std::nullopt);
  return found;
}

Result<std::optional<Descriptor>> RegistryClient::find_manifest(const Digest& digest, std::stop_token stop) {
  return look_up(digest.str(), stop);
}

Result<std::optional<Descriptor>> RegistryClient::look_up(const std::string& reference, std::stop_token stop) {
  Request request = request_to(Method::Head, url("/manifests/" + reference));
  request.headers.set("Accept", std::string(kManifestTypes));
  const Result<Response> response = send(request, stop);
  if (!response) return std::unexpected(response.error());
  if (response->status == 404) return std::nullopt;
  if (response->status != 200) return unwanted(request, *response);
  const auto digest = digest_of(response->headers);
  const auto length = length_of(response->headers);
  if (digest && length && *length > 0)
    return Descriptor{.media_type = media_type_of(response->headers),
                      .digest = *digest,
                      .size = *length,
                      .artifact_type = {},
                      .platform = {},
                      .annotations = {}};
  // Some registries name no digest in the answer to HEAD.
  Result<std::optional<ManifestBytes>> whole = read(reference, stop);
  if (!whole) return std::unexpected(whole.error());
  return *whole ? std::optional((*whole)->descriptor) : std::nullopt;
}

Result<std::optional<ManifestBytes>> RegistryClient::read(const std::string& reference, std::stop_token stop,
                                                          const Digest* wanted) {
  Request request = request_to(Method::Get, url("/manifests/" + reference));
  request.headers.set("Accept", std::string(kManifestTypes));
  request.max_response_bytes = content::kMaxManifestBytes;
  Result<Response> response = send(request, stop);
  if (!response) return std::unexpected(response.error());
  if (response->status == 404) return std::nullopt;
  if (response->status != 200) return unwanted(request, *response);
  ManifestBytes manifest;
  manifest.descriptor.media_type = media_type_of(response->headers);
  const auto named = digest_of(response->headers);
  Hasher hasher(named ? named->algorithm() : manifest.descriptor.digest.algorithm());
  hasher.update(response->body);
  manifest.descriptor.digest = hasher.finish();
  if (named && *named != manifest.descriptor.digest)
    return other_content(*response, name() + ":" + reference + ": the registry names it " + named->str() +
                                        " and sent " + manifest.descriptor.digest.str());
  if (wanted && !is_content_of(*wanted, response->body))
    return other_content(*response, name() + "@" + wanted->str() + ": other content was sent");
  if (wanted) manifest.descriptor.digest = *wanted;
  manifest.descriptor.size = static_cast<std::int64_t>(response->body.size());
  manifest.bytes = std::move(response->body);
  return manifest;
}

Result<std::optional<ManifestBytes>> RegistryClient::tagged_manifest(const std::string& tag, std::stop_token stop) {
  return read(tag, stop);
}

Result<std::optional<std::set<std::string>>> RegistryClient::tags(std::stop_token stop) {
  auto found = list_few_tags(*connection_, request_to(Method::Get, url("/tags/list?n=1000")), errand_, stop);
  if (found && *found) *listed_tags_.lock() = *found;
  return found;
}

bool RegistryClient::is_listed(const std::string& tag) {
  const auto listed = listed_tags_.lock();
  return !*listed || (*listed)->contains(tag);
}

Result<ManifestBytes> RegistryClient::manifest(const Digest& digest, std::stop_token stop) {
  Result<std::optional<ManifestBytes>> found = read(digest.str(), stop, &digest);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(ErrorClass::NotFound, name() + "@" + digest.str() + " does not exist", "check the digest");
  return std::move(**found);
}

Result<std::string> RegistryClient::small_blob(const Descriptor& blob, std::size_t limit, std::stop_token stop) {
  if (blob.size < 0 || static_cast<std::size_t>(blob.size) > limit)
    return not_intact(name() + ": blob " + blob.digest.str() + " is larger than " + std::to_string(limit) + " bytes");
  std::string bytes;
  const BlobSink sink = [&bytes](std::span<const std::byte> more) -> Result<void> {
    bytes.append(reinterpret_cast<const char*>(more.data()), more.size());
    return {};
  };
  if (Result<void> got = read_blob(blob, 0, sink, stop); !got) return std::unexpected(got.error());
  if (!is_content_of(blob.digest, bytes)) return not_intact(name() + ": blob " + blob.digest.str() + ": other content");
  return bytes;
}

Result<void> RegistryClient::read_blob(const Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                                       std::stop_token stop) {
  Request request = request_to(Method::Get, url("/blobs/" + blob.digest.str()));
  if (offset > 0) request.headers.set("Range", "bytes=" + std::to_string(offset) + "-");
  RangeFilter filter(blob.size - offset, sink);
  request.on_headers = [&](int status, const http::Headers& headers) -> Result<void> {
    if (status == 200) filter.skip(offset);  // A server that knows no ranges starts at the beginning.
    if (status != 206) return {};
    const std::string* text = headers.find("Content-Range");
    const auto range = text == nullptr ? std::nullopt : parse_range(*text);
    if (range && range->first == offset) return {};
    return not_intact(name() + ": blob " + blob.digest.str() + ": another range than the one asked for");
  };
  request.body_writer = [&](std::span<const std::byte> bytes) { return filter.take(bytes); };
  Errand errand = errand_;
  errand.is_under_way = offset > 0;
  const Result<Response> response = connection_->send(request, errand, stop);
  if (!response) return std::unexpected(response.error());
  if (response->status != 200 && response->status != 206) return unwanted(request, *response);
  if (filter.missing() > 0)
    return fail(ErrorClass::Unavailable, name() + ": blob " + blob.digest.str() + " ended early", "try again");
  return {};
}

Result<bool> RegistryClient::has_blob(const Descriptor& blob, std::stop_token stop) {
  const Request request = request_to(Method::Head, url("/blobs/" + blob.digest.str()));
  const Result<Response> response = send(request, stop);
  if (!response) return std::unexpected(response.error());
  if (response->status == 404) return false;
  if (response->status != 200 && response->status != 307) return unwanted(request, *response);
  const auto length = response->status == 200 ? length_of(response->headers) : std::nullopt;
  if (length && *length != blob.size)
    return fail(ErrorClass::Integrity,
                name() + ": blob " + blob.digest.str() + " has " + std::to_string(*length) +
                    " bytes, the manifest that names it says " + std::to_string(blob.size),
                "push the image to its source again: its manifest does not fit its content");
  return true;
}

Result<bool> RegistryClient::mount_blob(const Digest& digest, const std::string& from_repository,
                                        std::stop_token stop) {
  const Request request =
      request_to(Method::Post, url("/blobs/uploads/?mount=" + http::encode_query_value(digest.str()) +
                                   "&from=" + http::encode_query_value(from_repository)));
  const Errand both = errand_for(errand_.scope + " repository:" + from_repository + ":pull");
  const Result<Response> response = connection_->send(request, both, stop);
  if (!response) return std::unexpected(response.error());
  if (response->status != 201 && response->status != 202)
    return std::unexpected(error_of(request, *response, connection_->asker(both.scope)));
  if (const auto earlier = opened_by_mount_.lock()->extract(digest))
    open_upload(*connection_, errand_, earlier.mapped())->cancel();
  if (response->status == 201) return true;
  Result<std::string> location = location_of(request, *response);
  if (!location) return std::unexpected(location.error());
  opened_by_mount_.lock()->insert_or_assign(digest, std::move(*location));
  return false;
}

Result<std::unique_ptr<BlobUpload>> RegistryClient::start_upload(const Digest& digest, std::stop_token stop) {
  if (auto kept = opened_by_mount_.lock()->extract(digest)) return open_upload(*connection_, errand_, kept.mapped());
  const Request request = request_to(Method::Post, url("/blobs/uploads/"));
  const Result<Response> response = expect(request, 202, stop);
  if (!response) return std::unexpected(response.error());
  Result<std::string> location = location_of(request, *response);
  if (!location) return std::unexpected(location.error());
  return open_upload(*connection_, errand_, std::move(*location));
}

/// `tag` is empty for the manifest by its digest.
Result<Response> RegistryClient::put(const std::string& tag, const ManifestBytes& manifest, std::stop_token stop) {
  const ComingChange change{.tag = tag, .manifest = manifest.descriptor.digest};
  const auto noted = changes_.begin(change);
  if (!noted) return std::unexpected(noted.error());
  Result<Response> response = send_put(tag.empty() ? manifest.descriptor.digest.str() : tag, manifest, stop);
  changes_.end(change, *noted, response ? Result<void>{} : std::unexpected(response.error()));
  return response;
}

Result<void> RegistryClient::remove(const ComingChange& change, const std::stop_token& stop) {
  const auto noted = changes_.begin(change);
  if (!noted) return std::unexpected(noted.error());
  Result<void> removed =
      send_delete(change.tag.empty() ? url("/manifests/" + change.manifest->str()) : url_to_untag(change.tag), stop);
  changes_.end(change, *noted, removed);
  return removed;
}

Result<Response> RegistryClient::send_put(const std::string& reference, const ManifestBytes& manifest,
                                          std::stop_token stop) {
  Request request = request_to(Method::Put, url("/manifests/" + reference));
  request.headers.set("Content-Type", manifest.descriptor.media_type);
  request.body = manifest.bytes;
  Result<Response> response = expect(request, 201, stop);
  if (!response) return response;
  const auto digest = digest_of(response->headers);
  if (digest && digest->algorithm() == manifest.descriptor.digest.algorithm() && *digest != manifest.descriptor.digest)
    return not_intact(name() + ": the registry stored " + digest->str() + " for " + manifest.descriptor.digest.str());
  return response;
}

Result<void> RegistryClient::put_manifest(const ManifestBytes& manifest, std::stop_token stop) {
  return put_tag("", manifest, stop);
}

Result<void> RegistryClient::put_tag(const std::string& tag, const ManifestBytes& manifest, std::stop_token stop) {
  const Result<Response> response = put(tag, manifest, stop);
  if (!response) return std::unexpected(response.error());
  return {};
}

// docker-registry 2.8 deletes manifests by digest only and answers a tag with 400 DIGEST_INVALID or 405. Azure's has a
// request of its own that takes the tag alone; nobody says what it does to the manifest under the other.
std::string RegistryClient::url_to_untag(const std::string& tag) const {
  if (!connection_->is_azure()) return url("/manifests/" + tag);
  return connection_->url("/acr/v1/" + http::encode_query_value(options_.repository) + "/_tags/" + tag);
}

Result<void> RegistryClient::remove_tag(const std::string& tag, std::stop_token stop) {
  return remove({.tag = tag, .manifest = {}, .removes = true}, stop);
}

Result<void> RegistryClient::remove_manifest(const Digest& digest, std::stop_token stop) {
  return remove({.tag = {}, .manifest = digest, .removes = true}, stop);
}

Result<void> RegistryClient::send_delete(const std::string& url, const std::stop_token& stop) {
  const Request request = request_to(Method::Delete, url);
  const Errand errand = errand_for("repository:" + options_.repository + ":delete");
  const Result<Response> response = connection_->send(request, errand, stop);
  if (!response) return std::unexpected(response.error());
  if (response->status == 202) return {};
  Error error = error_of(request, *response, connection_->asker(errand.scope));
  if (response->status == 400 || response->status == 405) error.cls = ErrorClass::Refused;
  return std::unexpected(std::move(error));
}

// Distribution specification 1.1, "Listing Referrers" and "Unavailable Referrers API".
Result<std::vector<Descriptor>> RegistryClient::referrers(const Digest& subject, std::stop_token stop) {
  const bool is_lacking = connection_->referrers_api().is_lacking(options_.repository);
  Result<std::vector<Descriptor>> all = is_lacking ? known_fallback(subject, stop) : listed_referrers(subject, stop);
  if (!all) return all;
  for (Descriptor& referrer : *all)
    if (Result<void> known = fill_in_type(referrer, stop); !known) return std::unexpected(known.error());
  return all;
}

Result<std::vector<Descriptor>> RegistryClient::listed_referrers(const Digest& subject, std::stop_token stop) {
  constexpr std::size_t kMostListBytes = 16u << 20;
  constexpr std::size_t kMostPages = 100;
  std::vector<Descriptor> all;
  std::size_t bytes = 0;
  Paging paging(url("/referrers/" + subject.str()), kMostPages);
  while (true) {
    const Request request = request_to(Method::Get, paging.url());
    const Result<Response> response = send(request, stop);
    if (!response) return std::unexpected(response.error());
    if (response->status == 404 || media_type_of(response->headers) != content::kOciIndex) {
      if (response->status != 404 && response->status != 200) return unwanted(request, *response);
      connection_->referrers_api().note_refusal(options_.repository, *response);
      return known_fallback(subject, stop);
    }
    bytes += response->body.size();
    if (bytes > kMostListBytes) return not_intact(name() + ": the list of referrers is larger than 16 MiB");
    if (Result<void> added = append_referrers(response->body, all); !added) return while_doing(name(), added.error());
    const Result<bool> more = paging.advance(*response);
    if (!more) return std::unexpected(more.error());
    if (!*more) return all;
    if (!takes_from_allowance()) return not_intact(name() + ": the lists of referrers have too many pages");
  }
}

bool RegistryClient::takes_from_allowance() {
  return allowance_ > 0 && allowance_.fetch_sub(1) > 0;
}

/// Not every writer of a fallback tag says what kind a referrer is; its manifest does. Of more than are looked into the
/// kind stays unknown.
Result<void> RegistryClient::fill_in_type(Descriptor& referrer, std::stop_token stop) {
  if (!referrer.artifact_type.empty() || !takes_from_allowance()) return {};
  const Result<ManifestBytes> bytes = manifest(referrer.digest, stop);
  if (!bytes && bytes.error().cls == ErrorClass::NotFound) return {};
  if (!bytes) return std::unexpected(bytes.error());
  const Result<content::Manifest> parsed = content::parse_manifest(*bytes);
  if (!parsed) return {};
  referrer.artifact_type = listed_type(*parsed);
  return {};
}

Result<std::vector<Descriptor>> RegistryClient::known_fallback(const Digest& subject, std::stop_token stop) {
  std::vector<Descriptor> all;
  if (!is_listed(fallback_tag(subject))) return all;
  const auto index = fallback_index(subject, stop);
  if (!index) return std::unexpected(index.error());
  if (!*index) return all;
  if (Result<void> added = append_referrers((*index)->bytes, all); !added) return while_doing(name(), added.error());
  return all;
}

Result<std::optional<ManifestBytes>> RegistryClient::fallback_index(const Digest& subject, std::stop_token stop) {
  Result<std::optional<ManifestBytes>> index = read(fallback_tag(subject), stop);
  if (index) changes_.saw(fallback_tag(subject), *index ? std::optional((*index)->descriptor.digest) : std::nullopt);
  return index;
}

Result<void> RegistryClient::put_referrer(const ManifestBytes& manifest, const Descriptor& subject,
                                          std::stop_token stop) {
  const Result<Response> response = put("", manifest, stop);
  if (!response) return std::unexpected(response.error());
  if (response->headers.find("OCI-Subject") != nullptr) {
    connection_->referrers_api().note_use(options_.repository);
    return {};
  }
  return add_to_fallback(listed_as(manifest), subject.digest, stop);
}

/// Writers of one process take turns; others may still come between, because OCI has no compare-and-swap: what was
/// written is read again until it is there.
Result<void> RegistryClient::add_to_fallback(const Descriptor& referrer, const Digest& subject, std::stop_token stop) {
  constexpr int kMostPuts = 3;
  const std::string tag = fallback_tag(subject);
  const auto turn = connection_->fallback_turns().take(options_.repository + ":" + tag, stop);
  if (!turn) return fail(ErrorClass::Cancelled, "stopped");
  for (int puts = 0;; ++puts) {
    const auto there = fallback_index(subject, stop);
    if (!there) return std::unexpected(there.error());
    auto all = *there ? parse_referrers((*there)->bytes) : std::vector<Descriptor>{};
    if (!all) return while_doing(name(), all.error());
    if (std::ranges::find(*all, referrer.digest, &Descriptor::digest) != all->end()) return {};
    if (puts == kMostPuts)
      return fail(ErrorClass::Unavailable, name() + ": other writers keep replacing " + tag,
                  "nothing: it is tried again");
    const ManifestBytes index = add_referrer(*all, referrer);
    if (index.bytes.size() > content::kMaxManifestBytes || !parse_referrers(index.bytes))
      return fail(ErrorClass::Refused, name() + ": the list of referrers behind " + tag + " is full",
                  "delete at the registry what is attached to that image and nobody needs");
    if (Result<void> put = put_tag(tag, index, stop); !put) return put;
  }
}

}  // namespace slipway::registry
