#include "controller/registry/docker_config.h"

#include "crds/base/base64.h"
#include "crds/base/document.h"
#include "reconcilers/docker_hub.h"
#include "reconcilers/json.h"

namespace slipway::registry {
namespace {

std::string_view host_of(std::string_view key) {
  if (const std::size_t mark = key.find("://"); mark != std::string_view::npos) key.remove_prefix(mark + 3);
  key = key.substr(0, key.find('/'));
  return key == "index.docker.io" || key == "registry-1.docker.io" ? kDockerHub : key;
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

Result<std::optional<Credentials>> credentials_from_docker_config(std::string_view json, const std::string& host) {
  const Result<Document> document = parse(json, host);
  if (!document) return std::unexpected(document.error());
  const Node* auths = document->root.find("auths");
  if (auths == nullptr) return std::nullopt;
  for (const Node::Member& member : auths->members)
    if (host_of(member.key) == host) return credentials_of(member.value, host);
  return std::nullopt;
}

Result<std::string> credential_helper_in_docker_config(std::string_view json, const std::string& host) {
  const Result<Document> document = parse(json, host);
  if (!document) return std::unexpected(document.error());
  if (const Node* helpers = document->root.find("credHelpers"))
    for (const Node::Member& member : helpers->members)
      if (host_of(member.key) == host && member.value.kind == Node::Kind::String) return member.value.text;
  return json::text_at(document->root, "credsStore");
}

}  // namespace slipway::registry
