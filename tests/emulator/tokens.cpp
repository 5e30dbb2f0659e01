#include "tests/emulator/tokens.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crds/base/base64.h"
#include "tests/emulator/uploads.h"

namespace slipway::emulator {
namespace {

using nlohmann::json;

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

json to_json(const std::vector<Access>& access) {
  json list = json::array();
  for (const Access& each : access)
    list.push_back({{"type", each.type}, {"name", each.name}, {"actions", each.actions}});
  return list;
}

std::vector<Access> access_of(const json& list) {
  std::vector<Access> access;
  for (const json& each : list)
    access.push_back(
        {.type = each.at("type"), .name = each.at("name"), .actions = each.at("actions").get<std::set<std::string>>()});
  return access;
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
  json body = {{"jti", random_hex(16)},
               {"sub", claims.subject},
               {"nbf", now},
               {"iat", now},
               {"exp", now + lifetime.count()},
               {"iss", "Azure Container Registry"},
               {"aud", claims.audience},
               {"version", "1.0"},
               {"grant_type", claims.grant_type}};
  if (claims.grant_type == "access_token") body["access"] = to_json(claims.access);
  const std::string text = encode(R"({"alg":"HS256","typ":"JWT"})") + "." + encode(body.dump());
  return text + "." + sign(text);
}

std::optional<Claims> Tokens::verify(std::string_view token, std::string_view grant_type) const {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  if (sign(token.substr(0, last)) != token.substr(last + 1)) return std::nullopt;
  const std::optional<std::string> text = decode_base64(token.substr(first + 1, last - first - 1));
  const json body = json::parse(text.value_or(""), nullptr, false);
  if (!body.is_object() || body.at("grant_type") != grant_type || body.at("exp") <= now_seconds()) return std::nullopt;
  return Claims{.subject = body.at("sub"),
                .grant_type = body.at("grant_type"),
                .access = access_of(body.value("access", json::array())),
                .audience = body.at("aud")};
}

}  // namespace slipway::emulator
