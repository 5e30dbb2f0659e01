#include "reconcilers/json.h"
#include "tests/emulator/pages.h"
#include "tests/emulator/registry.h"

namespace slipway::emulator {
namespace {

constexpr std::size_t kAcrPage = 100;
constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";

/// One page of `names` as `document[key]`.
Answer list(const Registry& registry, const Request& request, json::MapBuilder document, const std::string& key,
            const std::vector<std::string>& names) {
  const Result<PageRequest> asked =
      parse_page(request.target, registry.configuration.acr() ? std::optional(kAcrPage) : std::nullopt);
  if (!asked) return error_answer(400, "PAGINATION_NUMBER_INVALID", asked.error().message);
  const Page page = page_of(names, *asked);
  document.add(key, json::text_list(page.names));
  Answer answer = json_answer(200, to_json_text(document.build()) + "\n");
  if (page.more) answer.headers.emplace_back("Link", next_link(request.target, page, *asked));
  return answer;
}

Node descriptor_of(const StoredManifest& manifest) {
  json::MapBuilder descriptor;
  descriptor.add("mediaType", json::text(manifest.media_type))
      .add("digest", json::text(manifest.digest.str()))
      .add("size", json::integer(manifest.size))
      .add_text("artifactType", manifest.artifact_type);
  if (manifest.annotations.kind != Node::Kind::Null) descriptor.add("annotations", manifest.annotations);
  return descriptor.build();
}

}  // namespace

Answer answer_tags(const Registry& registry, Request& request) {
  if (request.method != "GET") return method_not_allowed();
  const std::string& name = request.route.repository;
  const auto tags = registry.repositories.ask(name, [](const Repository* repository) {
    std::optional<std::vector<std::string>> names;
    if (repository == nullptr) return names;
    names.emplace();
    for (const auto& [tag, stored] : repository->tags)
      if (stored.locks.list_enabled) names->push_back(tag);
    return names;
  });
  if (!tags) return name_unknown(name);
  return list(registry, request, json::MapBuilder().add("name", json::text(name)), "tags", *tags);
}

Answer answer_catalog(const Registry& registry, Request& request) {
  if (request.method != "GET") return method_not_allowed();
  return list(registry, request, {}, "repositories", registry.repositories.names());
}

Answer answer_referrers(const Registry& registry, Request& request) {
  if (request.method != "GET") return method_not_allowed();
  const Result<Digest> subject = Digest::parse(request.route.reference);
  if (!subject) return digest_invalid(request.route.reference);
  const std::string type = request.target.parameter("artifactType");
  std::vector<Node> manifests;
  registry.repositories.ask(request.route.repository, [&](const Repository* repository) {
    if (repository == nullptr) return;
    for (const auto& [digest, manifest] : repository->manifests)
      if (manifest.subject == *subject && (type.empty() || manifest.artifact_type == type))
        manifests.push_back(descriptor_of(manifest));
  });
  const Node index = json::MapBuilder()
                         .add("schemaVersion", json::integer(2))
                         .add("mediaType", json::text(kIndexType))
                         .add("manifests", json::list(std::move(manifests)))
                         .build();
  Answer answer{.status = 200, .headers = {{"Content-Type", kIndexType}}, .body = to_json_text(index), .cut = false};
  if (!type.empty()) answer.headers.emplace_back("OCI-Filters-Applied", "artifactType");
  return answer;
}

}  // namespace slipway::emulator
