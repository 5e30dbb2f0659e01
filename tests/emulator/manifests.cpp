#include <algorithm>

#include "crds/base/image_reference.h"
#include "reconcilers/json.h"
#include "tests/emulator/manifest.h"
#include "tests/emulator/registry.h"

namespace slipway::emulator {
namespace {

constexpr std::size_t kLargestManifest = 4 << 20;

Answer manifest_invalid(const std::string& why) {
  return error_answer(400, "MANIFEST_INVALID", why);
}

Answer get(const Registry& registry, const Request& request) {
  const std::string& reference = request.route.reference;
  const auto found = registry.repositories.ask(request.route.repository, [&](const Repository* repository) {
    const StoredManifest* manifest = repository ? repository->find(reference) : nullptr;
    const bool readable = !repository || repository->locks.read_enabled;
    return manifest ? std::optional(std::pair(*manifest, readable && manifest->locks.read_enabled)) : std::nullopt;
  });
  if (!found) return manifest_unknown(reference);
  const auto& [manifest, readable] = *found;
  if (!readable) return disallowed();
  Result<std::string> bytes = registry.repositories.read_manifest(manifest.digest);
  if (!bytes) return failure_answer(bytes.error());
  return {.status = 200,
          .headers = {{"Content-Type", manifest.media_type},
                      {"Docker-Content-Digest", manifest.digest.str()},
                      {"ETag", "\"" + manifest.digest.str() + "\""}},
          .body = std::move(*bytes),
          .cut = false};
}

/// The first blob or child that the repository lacks.
std::optional<Digest> missing(const Registry& registry, const std::string& name, const ManifestFacts& facts) {
  return registry.repositories.ask(name, [&](const Repository* repository) -> std::optional<Digest> {
    for (const Digest& blob : facts.blobs)
      if (!repository || !repository->blobs.contains(blob)) return blob;
    for (const Digest& child : facts.children)
      if (!repository || !repository->manifests.contains(child)) return child;
    return std::nullopt;
  });
}

bool is_locked(const Registry& registry, const std::string& name, const std::string& tag) {
  return registry.repositories.ask(name, [&](const Repository* repository) {
    if (repository == nullptr) return false;
    const auto stored = repository->tags.find(tag);
    return !repository->locks.write_enabled ||
           (stored != repository->tags.end() && !stored->second.locks.write_enabled);
  });
}

/// What the reference names: the digest it is or has, and a tag when it is one.
struct Named {
  Digest digest;
  std::string tag;
};
Result<Named> named(const std::string& reference, const std::string& bytes) {
  if (!reference.contains(':')) {
    Result<std::string> tag = check_tag_name(reference);
    if (!tag) return std::unexpected(std::move(tag.error()));
    return Named{.digest = Digest::of(bytes), .tag = std::move(*tag)};
  }
  const Result<Digest> wanted = Digest::parse(reference);
  if (!wanted) return std::unexpected(wanted.error());
  Hasher hasher(wanted->algorithm());
  hasher.update(bytes);
  Digest digest = hasher.finish();
  if (digest != *wanted)
    return fail(ErrorClass::Integrity, "the manifest has the digest " + digest.str(), "send it whole");
  return Named{.digest = std::move(digest), .tag = {}};
}

Answer put_answer(const std::string& name, const Named& what, const ManifestFacts& facts) {
  Answer answer{.status = 201,
                .headers = {{"Location", "/v2/" + name + "/manifests/" + what.digest.str()},
                            {"Docker-Content-Digest", what.digest.str()}},
                .body = {},
                .cut = false};
  if (facts.subject) answer.headers.emplace_back("OCI-Subject", facts.subject->str());
  return answer;
}

/// The media type that is kept: of the header, which must not contradict the document.
Result<std::string> media_type_of(const Request& request, const ManifestFacts& facts) {
  std::string header = request.header("content-type");
  header = header.substr(0, header.find(';'));
  if (header.empty() && facts.media_type.empty())
    return fail(ErrorClass::Invalid, "neither Content-Type nor mediaType says what this is", "send one");
  if (!header.empty() && !facts.media_type.empty() && header != facts.media_type)
    return fail(ErrorClass::Invalid, "Content-Type " + header + " is not mediaType " + facts.media_type, "send one");
  return header.empty() ? facts.media_type : header;
}

Answer store(const Registry& registry, const Request& request, std::string bytes) {
  const std::string& name = request.route.repository;
  const Result<Named> what = named(request.route.reference, bytes);
  if (!what && what.error().cls == ErrorClass::Integrity) return digest_invalid(request.route.reference);
  if (!what) return manifest_invalid(what.error().message);
  const Result<ManifestFacts> facts = parse_manifest(bytes);
  if (!facts) return manifest_invalid(facts.error().message);
  Result<std::string> type = media_type_of(request, *facts);
  if (!type) return manifest_invalid(type.error().message);
  if (const std::optional<Digest> lacking = missing(registry, name, *facts))
    return error_answer(registry.configuration.acr() ? 400 : 404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry",
                        json::MapBuilder().add("digest", json::text(lacking->str())).build());
  if (is_locked(registry, name, what->tag)) return disallowed();
  const Result<void> stored = registry.repositories.put_manifest(
      name, {.digest = what->digest, .media_type = std::move(*type), .bytes = std::move(bytes), .tag = what->tag});
  return stored ? put_answer(name, *what, *facts) : failure_answer(stored.error());
}

Answer put(const Registry& registry, Request& request) {
  Result<std::string> bytes = read_text(*request.body, kLargestManifest);
  if (!bytes && bytes.error().cls == ErrorClass::Invalid)
    return error_answer(413, "MANIFEST_INVALID", "http: request body too large");
  if (!bytes) return failure_answer(bytes.error());
  return store(registry, request, std::move(*bytes));
}

Answer remove_tag(const Registry& registry, const Request& request) {
  if (registry.configuration.acr()) return method_not_allowed();
  if (!registry.repositories.remove_tag(request.route.repository, request.route.reference))
    return manifest_unknown(request.route.reference);
  return {.status = 202, .headers = {}, .body = {}, .cut = false};
}

Answer remove(const Registry& registry, const Request& request) {
  const std::string& reference = request.route.reference;
  if (!reference.contains(':')) return remove_tag(registry, request);
  const Result<Digest> digest = Digest::parse(reference);
  if (!digest) return digest_invalid(reference);
  const std::string& name = request.route.repository;
  const bool locked = registry.repositories.ask(name, [&](const Repository* repository) {
    if (repository == nullptr || !repository->manifests.contains(*digest)) return false;
    const Locks& locks = repository->manifests.at(*digest).locks;
    return !repository->locks.write_enabled || !locks.write_enabled || !locks.delete_enabled;
  });
  if (locked) return disallowed();
  if (!registry.repositories.remove_manifest(name, *digest, registry.configuration.acr()))
    return manifest_unknown(reference);
  return {.status = 202, .headers = {}, .body = {}, .cut = false};
}

}  // namespace

Answer answer_manifest(const Registry& registry, Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return get(registry, request);
  if (request.method == "PUT") return put(registry, request);
  if (request.method == "DELETE") return remove(registry, request);
  return method_not_allowed();
}

}  // namespace slipway::emulator
