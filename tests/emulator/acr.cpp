#include <algorithm>

#include "crds/base/image_reference.h"
#include "reconcilers/json.h"
#include "tests/emulator/pages.h"
#include "tests/emulator/registry.h"

namespace slipway::emulator {
namespace {

constexpr std::size_t kAcrPage = 100;
constexpr std::size_t kLargestChange = 1 << 20;

Node to_node(const Locks& locks) {
  return json::MapBuilder()
      .add("deleteEnabled", json::boolean(locks.delete_enabled))
      .add("writeEnabled", json::boolean(locks.write_enabled))
      .add("readEnabled", json::boolean(locks.read_enabled))
      .add("listEnabled", json::boolean(locks.list_enabled))
      .build();
}

void add_times(json::MapBuilder& map, const Times& times) {
  map.add("createdTime", json::text(times.created)).add("lastUpdateTime", json::text(times.updated));
}

Node to_node(const StoredTag& tag) {
  json::MapBuilder map;
  map.add("name", json::text(tag.name)).add("digest", json::text(tag.digest.str()));
  add_times(map, tag.times);
  return map.add("signed", json::boolean(false)).add("changeableAttributes", to_node(tag.locks)).build();
}

Node to_node(const StoredManifest& manifest, const Repository& repository) {
  json::MapBuilder map;
  map.add("digest", json::text(manifest.digest.str())).add("imageSize", json::integer(manifest.size));
  add_times(map, manifest.times);
  map.add("mediaType", json::text(manifest.media_type));
  std::vector<std::string> tags;
  for (const auto& [name, tag] : repository.tags)
    if (tag.digest == manifest.digest) tags.push_back(name);
  if (!tags.empty()) map.add("tags", json::text_list(tags));
  return map.add("changeableAttributes", to_node(manifest.locks)).build();
}

/// What every answer about a repository or something in it begins with.
json::MapBuilder named(const Request& request) {
  json::MapBuilder document;
  document.add("registry", json::text(request.host())).add("imageName", json::text(request.route.repository));
  return document;
}

Node attributes(const Request& request, const Repository& repository) {
  json::MapBuilder document = named(request);
  add_times(document, repository.times);
  return document.add("manifestCount", json::integer(repository.manifests.size()))
      .add("tagCount", json::integer(repository.tags.size()))
      .add("changeableAttributes", to_node(repository.locks))
      .build();
}

/// An answer about something in one repository, which stands at `key`.
Answer about(const Request& request, const std::string& key, Node value) {
  return json_answer(200, to_json_text(named(request).add(key, std::move(value)).build()));
}

/// Names in the order that `orderby` asks for.
template <class Map, class NameOf>
std::vector<std::string> ordered(const Map& map, const std::string& order, NameOf name_of) {
  std::vector<std::pair<std::string, std::string>> found;  // time, name
  for (const auto& [key, each] : map)
    if (each.locks.list_enabled) found.emplace_back(order.starts_with("time") ? each.times.updated : "", name_of(each));
  std::ranges::sort(found);
  if (order == "timedesc") std::ranges::reverse(found);
  std::vector<std::string> names;
  for (auto& [time, name] : found) names.push_back(std::move(name));
  return names;
}

/// One page of a list; the key is absent when nothing is left.
template <class ToNode>
Answer list(const Request& request, const std::string& key, const std::vector<std::string>& names, ToNode to_node_of) {
  const Result<PageRequest> asked = parse_page(request.target, kAcrPage);
  if (!asked) return error_answer(400, "PAGINATION_NUMBER_INVALID", asked.error().message);
  const Page page = page_of_ordered(names, *asked);
  json::MapBuilder document = named(request);
  if (!page.names.empty()) document.add(key, json::list_of(page.names, to_node_of));
  Answer answer = json_answer(200, to_json_text(document.build()));
  if (page.more) answer.headers.emplace_back("Link", next_link(request.target, page, *asked));
  return answer;
}

Answer list_tags(const Request& request, const Repository& repository) {
  std::vector<std::string> names =
      ordered(repository.tags, request.target.parameter("orderby"), [](const StoredTag& tag) { return tag.name; });
  const std::string digest = request.target.parameter("digest");
  std::erase_if(names, [&](const std::string& name) {
    return !digest.empty() && repository.tags.at(name).digest.str() != digest;
  });
  return list(request, "tags", names, [&](const std::string& name) { return to_node(repository.tags.at(name)); });
}

Answer list_manifests(const Request& request, const Repository& repository) {
  const std::vector<std::string> names = ordered(repository.manifests, request.target.parameter("orderby"),
                                                 [](const StoredManifest& each) { return each.digest.str(); });
  return list(request, "manifests", names,
              [&](const std::string& name) { return to_node(*repository.find(name), repository); });
}

/// Reads a PATCH body over the locks there are.
Result<Locks> changed(Request& request, Locks locks) {
  const Result<std::string> text = read_text(*request.body, kLargestChange);
  if (!text) return std::unexpected(text.error());
  const Node change = parse_json(*text, "change").root;
  if (change.kind != Node::Kind::Map) return fail(ErrorClass::Invalid, "the body is not a JSON object", "send one");
  const auto take = [&](const char* key, bool& value) {
    if (const Node& given = json::at(change, key); given.kind == Node::Kind::Boolean) value = given.boolean;
  };
  take("deleteEnabled", locks.delete_enabled);
  take("writeEnabled", locks.write_enabled);
  take("readEnabled", locks.read_enabled);
  take("listEnabled", locks.list_enabled);
  return locks;
}

bool can_go(const Repository& repository, const Locks& locks) {
  return repository.locks.write_enabled && locks.write_enabled && locks.delete_enabled;
}

Answer change_failed(const Error& error) {
  return error.cls == ErrorClass::Invalid ? error_answer(400, "UNSUPPORTED", error.message) : failure_answer(error);
}

Answer answer_tag(const Registry& registry, Request& request, const Repository& repository) {
  const auto found = repository.tags.find(request.route.reference);
  if (found == repository.tags.end()) return error_answer(404, "TAG_UNKNOWN", "tag is not known to the registry");
  const std::string& name = request.route.repository;
  StoredTag tag = found->second;
  if (request.method == "DELETE") {
    if (!can_go(repository, tag.locks)) return disallowed();
    registry.repositories.remove_tag(name, tag.name);
    return {.status = 202, .headers = {}, .body = {}, .cut = false};
  }
  if (request.method == "PATCH") {
    const Result<Locks> locks = changed(request, tag.locks);
    if (!locks) return change_failed(locks.error());
    registry.repositories.change_tag(name, tag.name, [&](StoredTag& stored) { stored.locks = *locks; });
    tag.locks = *locks;
  }
  return about(request, "tag", to_node(tag));
}

Answer answer_one_manifest(const Registry& registry, Request& request, const Repository& repository) {
  const StoredManifest* found = repository.find(request.route.reference);
  if (found == nullptr || !request.route.reference.contains(':')) return manifest_unknown(request.route.reference);
  if (request.method == "DELETE") return method_not_allowed();
  StoredManifest manifest = *found;
  if (request.method == "PATCH") {
    const Result<Locks> locks = changed(request, manifest.locks);
    if (!locks) return change_failed(locks.error());
    registry.repositories.change_manifest(request.route.repository, manifest.digest,
                                          [&](StoredManifest& stored) { stored.locks = *locks; });
    manifest.locks = *locks;
  }
  return about(request, "manifest", to_node(manifest, repository));
}

Answer remove_repository(const Registry& registry, const Request& request, const Repository& repository) {
  if (!can_go(repository, repository.locks)) return disallowed();
  registry.repositories.remove_repository(request.route.repository);
  std::vector<std::string> manifests;
  std::vector<std::string> tags;
  for (const auto& [digest, manifest] : repository.manifests) manifests.push_back(digest.str());
  for (const auto& [name, tag] : repository.tags) tags.push_back(name);
  json::MapBuilder document;
  document.add("manifestsDeleted", json::text_list(manifests)).add("tagsDeleted", json::text_list(tags));
  return json_answer(202, to_json_text(document.build()));
}

Answer answer_repository(const Registry& registry, Request& request, Repository& repository) {
  if (request.method == "DELETE") return remove_repository(registry, request, repository);
  if (request.method == "PATCH") {
    const Result<Locks> locks = changed(request, repository.locks);
    if (!locks) return change_failed(locks.error());
    registry.repositories.change_repository(request.route.repository,
                                            [&](Repository& stored) { stored.locks = *locks; });
    repository.locks = *locks;
  }
  return json_answer(200, to_json_text(attributes(request, repository)));
}

}  // namespace

Answer answer_acr(const Registry& registry, Request& request) {
  std::optional<Repository> repository = registry.repositories.find(request.route.repository);
  if (!repository) return name_unknown(request.route.repository);
  if (request.method != "GET" && request.method != "PATCH" && request.method != "DELETE") return method_not_allowed();
  switch (request.route.resource) {
    case Resource::AcrTags:
      return request.method == "GET" ? list_tags(request, *repository) : method_not_allowed();
    case Resource::AcrManifests:
      return request.method == "GET" ? list_manifests(request, *repository) : method_not_allowed();
    case Resource::AcrTag:
      return answer_tag(registry, request, *repository);
    case Resource::AcrManifest:
      return answer_one_manifest(registry, request, *repository);
    default:
      return answer_repository(registry, request, *repository);
  }
}

}  // namespace slipway::emulator
