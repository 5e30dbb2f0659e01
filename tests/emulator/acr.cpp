#include <algorithm>
#include <nlohmann/json.hpp>

#include "crds/base/image_reference.h"
#include "tests/emulator/pages.h"
#include "tests/emulator/registry.h"

namespace slipway::emulator {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kAcrPage = 100;
constexpr std::size_t kLargestChange = 1 << 20;

ordered_json to_json(const Locks& locks) {
  return {{"deleteEnabled", locks.delete_enabled},
          {"writeEnabled", locks.write_enabled},
          {"readEnabled", locks.read_enabled},
          {"listEnabled", locks.list_enabled}};
}

ordered_json to_json(const StoredTag& tag) {
  return {{"name", tag.name},
          {"digest", tag.digest.str()},
          {"createdTime", tag.times.created},
          {"lastUpdateTime", tag.times.updated},
          {"signed", false},
          {"changeableAttributes", to_json(tag.locks)}};
}

ordered_json to_json(const StoredManifest& manifest, const Repository& repository) {
  ordered_json object = {{"digest", manifest.digest.str()},
                         {"imageSize", manifest.size},
                         {"createdTime", manifest.times.created},
                         {"lastUpdateTime", manifest.times.updated},
                         {"mediaType", manifest.media_type}};
  ordered_json tags = ordered_json::array();
  for (const auto& [name, tag] : repository.tags)
    if (tag.digest == manifest.digest) tags.push_back(name);
  if (!tags.empty()) object["tags"] = std::move(tags);
  object["changeableAttributes"] = to_json(manifest.locks);
  return object;
}

ordered_json attributes(const Request& request, const Repository& repository) {
  return {{"registry", request.host()},
          {"imageName", request.route.repository},
          {"createdTime", repository.times.created},
          {"lastUpdateTime", repository.times.updated},
          {"manifestCount", repository.manifests.size()},
          {"tagCount", repository.tags.size()},
          {"changeableAttributes", to_json(repository.locks)}};
}

/// An answer about something in one repository: `document` beside the repository's name.
Answer about(const Request& request, const std::string& key, ordered_json value) {
  ordered_json document = {{"registry", request.host()}, {"imageName", request.route.repository}};
  document[key] = std::move(value);
  return json_answer(200, document.dump());
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
template <class ToJson>
Answer list(const Request& request, const std::string& key, const std::vector<std::string>& names, ToJson to_json_of) {
  const Result<PageRequest> asked = parse_page(request.target, kAcrPage);
  if (!asked) return error_answer(400, "PAGINATION_NUMBER_INVALID", asked.error().message);
  const Page page = page_of_ordered(names, *asked);
  ordered_json document = {{"registry", request.host()}, {"imageName", request.route.repository}};
  for (const std::string& name : page.names) document[key].push_back(to_json_of(name));
  Answer answer = json_answer(200, document.dump());
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
  return list(request, "tags", names, [&](const std::string& name) { return to_json(repository.tags.at(name)); });
}

Answer list_manifests(const Request& request, const Repository& repository) {
  const std::vector<std::string> names = ordered(repository.manifests, request.target.parameter("orderby"),
                                                 [](const StoredManifest& each) { return each.digest.str(); });
  return list(request, "manifests", names,
              [&](const std::string& name) { return to_json(*repository.find(name), repository); });
}

/// Reads a PATCH body over the locks there are.
Result<Locks> changed(Request& request, Locks locks) {
  const Result<std::string> text = read_text(*request.body, kLargestChange);
  if (!text) return std::unexpected(text.error());
  const json change = json::parse(*text, nullptr, false);
  if (!change.is_object()) return fail(ErrorClass::Invalid, "the body is not a JSON object", "send one");
  const auto take = [&](const char* key, bool& value) {
    if (change.contains(key) && change[key].is_boolean()) value = change[key].get<bool>();
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
  return about(request, "tag", to_json(tag));
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
  return about(request, "manifest", to_json(manifest, repository));
}

Answer remove_repository(const Registry& registry, const Request& request, const Repository& repository) {
  if (!can_go(repository, repository.locks)) return disallowed();
  registry.repositories.remove_repository(request.route.repository);
  ordered_json document = {{"manifestsDeleted", ordered_json::array()}, {"tagsDeleted", ordered_json::array()}};
  for (const auto& [digest, manifest] : repository.manifests) document["manifestsDeleted"].push_back(digest.str());
  for (const auto& [name, tag] : repository.tags) document["tagsDeleted"].push_back(name);
  return json_answer(202, document.dump());
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
  return json_answer(200, attributes(request, repository).dump());
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
