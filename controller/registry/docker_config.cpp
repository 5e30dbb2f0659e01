#include "controller/registry/docker_config.h"

#include <algorithm>
#include <string>

#include "crds/base/base64.h"
#include "crds/base/document.h"
#include "reconcilers/docker_hub.h"
#include "reconcilers/json.h"
#include "reconcilers/registry_name.h"

namespace slipway::registry {
namespace {

/// Whom an entry is for.
struct Place {
  std::string_view host;
  std::string_view path;  ///< Without slashes at its ends; empty for all of the host.
};

Place place_of(std::string_view key) {
  if (const std::size_t mark = key.find("://"); mark != std::string_view::npos) key.remove_prefix(mark + 3);
  while (key.ends_with('/')) key.remove_suffix(1);
  const std::size_t slash = std::min(key.find('/'), key.size());
  Place place{.host = key.substr(0, slash), .path = key.substr(std::min(slash + 1, key.size()))};
  const std::string_view api = place.path.substr(0, place.path.find('/'));
  if (api == "v1" || api == "v2") place.path.remove_prefix(std::min(api.size() + 1, place.path.size()));
  return place;
}

/// One for all spellings of a host and port, and for the names of Docker Hub.
std::string name_of(std::string_view host) {
  const std::string name = registry_name(host, /*plain_http=*/false);
  return name == "index.docker.io:443" ? registry_name(kDockerHub, /*plain_http=*/false) : name;
}

bool holds(std::string_view path, std::string_view repository) {
  if (path.empty() || path == repository) return true;
  return repository.starts_with(path) && repository[path.size()] == '/';
}

/// Whether an entry with this path is to be taken rather than one with `other`.
bool goes_before(std::string_view path, std::string_view other, bool of_repository) {
  return of_repository ? path.size() > other.size() : path.empty() && !other.empty();
}

std::unexpected<Error> unreadable(const std::string& host, const std::string& why) {
  return fail(ErrorClass::Invalid, "docker configuration for " + host + ": " + why,
              "write it anew, for example with docker login");
}

Result<std::optional<Credentials>> credentials_of(const Node& entry, const std::string& host) {
  Credentials credentials{.username = json::text_at(entry, "username"),
                          .password = SecretText(json::text_at(entry, "password")),
                          .identity_token = SecretText(json::text_at(entry, "identitytoken"))};
  if (const std::string packed = json::text_at(entry, "auth"); credentials.anonymous() && !packed.empty()) {
    const auto plain = decode_base64(packed);
    const std::size_t colon = plain ? plain->find(':') : std::string::npos;
    if (colon == std::string::npos) return unreadable(host, "auth is not base64 of user:password");
    credentials.username = plain->substr(0, colon);
    credentials.password = SecretText(plain->substr(colon + 1));
  }
  if (credentials.anonymous()) return std::nullopt;
  return credentials;
}

Result<Document> parse(std::string_view json, const std::string& host) {
  Document document = parse_json(json, "config.json", {.bytes = 1u << 20, .depth = 16, .nodes = 20'000});
  if (!document.problems.empty()) return unreadable(host, "not JSON");
  return document;
}

}  // namespace

Result<std::optional<Credentials>> credentials_from_docker_config(std::string_view json, const std::string& host,
                                                                  std::string_view repository) {
  const Result<Document> document = parse(json, host);
  if (!document) return std::unexpected(document.error());
  const Node* auths = document->root.find("auths");
  if (auths == nullptr) return std::nullopt;
  const std::string wanted = name_of(host);
  const Node::Member* best = nullptr;
  std::string_view path;
  for (const Node::Member& member : auths->members) {
    const Place place = place_of(member.key);
    const bool is_for_it = name_of(place.host) == wanted && (repository.empty() || holds(place.path, repository));
    if (!is_for_it || (best != nullptr && !goes_before(place.path, path, !repository.empty()))) continue;
    best = &member;
    path = place.path;
  }
  if (best == nullptr) return std::nullopt;
  auto found = credentials_of(best->value, host);
  if (found && *found) (*found)->path = path;
  return found;
}

Result<std::string> credential_helper_in_docker_config(std::string_view json, const std::string& host) {
  const Result<Document> document = parse(json, host);
  if (!document) return std::unexpected(document.error());
  const std::string wanted = name_of(host);
  if (const Node* helpers = document->root.find("credHelpers"))
    for (const Node::Member& member : helpers->members)
      if (name_of(place_of(member.key).host) == wanted && member.value.kind == Node::Kind::String)
        return member.value.text;
  return json::text_at(document->root, "credsStore");
}

}  // namespace slipway::registry
