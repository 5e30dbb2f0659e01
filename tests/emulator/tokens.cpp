#include "tests/emulator/tokens.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "crds/base/base64.h"
#include "reconcilers/json.h"
#include "tests/emulator/uploads.h"

namespace slipway::emulator {
namespace {

std::string hmac(const std::string& key, std::string_view text) {
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), reinterpret_cast<unsigned char*>(out.data()), &length);
  out.resize(length);
  return out;
}

/// RFC 7515's base64url: no padding.
std::string encode(std::string_view bytes) {
  std::string text = encode_base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  while (text.ends_with('=')) text.pop_back();
  return text;
}

Node to_node(const Access& access) {
  return json::MapBuilder()
      .add("actions", json::text_list({access.actions.begin(), access.actions.end()}))
      .add("name", json::text(access.name))
      .add("type", json::text(access.type))
      .build();
}

Access access_of(const Node& node) {
  const std::vector<std::string> actions = json::texts_at(node, "actions");
  return {.type = json::text_at(node, "type"),
          .name = json::text_at(node, "name"),
          .actions = {actions.begin(), actions.end()}};
}

}  // namespace

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Tokens::Tokens() : key_(random_hex(32)) {}

std::string Tokens::sign(std::string_view text) const {
  return encode(hmac(key_, text));
}

std::string Tokens::issue(const Claims& claims, std::chrono::seconds lifetime) const {
  const std::int64_t now = now_seconds();
  json::MapBuilder body;
  if (claims.grant_type == "access_token") body.add("access", json::list_of(claims.access, to_node));
  body.add("aud", json::text(claims.audience))
      .add("exp", json::integer(now + lifetime.count()))
      .add("grant_type", json::text(claims.grant_type))
      .add("iat", json::integer(now))
      .add("iss", json::text("Azure Container Registry"))
      .add("jti", json::text(random_hex(16)))
      .add("nbf", json::integer(now))
      .add("sub", json::text(claims.subject))
      .add("version", json::text("1.0"));
  const std::string text = encode(R"({"alg":"HS256","typ":"JWT"})") + "." + encode(to_json_text(body.build()));
  return text + "." + sign(text);
}

std::optional<Claims> Tokens::verify(std::string_view token, std::string_view grant_type) const {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  if (sign(token.substr(0, last)) != token.substr(last + 1)) return std::nullopt;
  const std::optional<std::string> text = decode_base64(token.substr(first + 1, last - first - 1));
  const Node body = parse_json(text.value_or(""), "token").root;
  if (json::text_at(body, "grant_type") != grant_type) return std::nullopt;
  if (json::integer_at(body, "exp").value_or(0) <= now_seconds()) return std::nullopt;
  Claims claims{.subject = json::text_at(body, "sub"),
                .grant_type = std::string(grant_type),
                .access = {},
                .audience = json::text_at(body, "aud")};
  for (const Node& each : json::items_at(body, "access")) claims.access.push_back(access_of(each));
  return claims;
}

}  // namespace slipway::emulator
