#include "crds/v1alpha1/core_objects.h"

#include <algorithm>

#include "crds/base/article.h"
#include "crds/base/base64.h"
#include "crds/base/host.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/bindings.h"

namespace slipway {

namespace {

using Data = std::map<std::string, std::string>;

constexpr std::string_view kSpace = " \t\r\n\v\f";

/// Unlike FieldReader::expect() it never shows the value.
bool expect_map(const Node& node, FieldReader& reader) {
  if (node.kind == Node::Kind::Map) return true;
  reader.problem(node.place, with_article(node.kind) + " stands here", "write fields, each as name: value");
  return false;
}

/// The section's node, or null when it is absent, empty or no map.
const Node* section(const Node& root, std::string_view name, FieldReader& reader) {
  const Node* node = root.find(name);
  if (node == nullptr || node->kind == Node::Kind::Null) return nullptr;
  const FieldReader::Step step(reader, name);
  return expect_map(*node, reader) ? node : nullptr;
}

struct Name {
  std::string namespace_name = "default";
  std::string name;
  Data labels;
};

/// The rest of the metadata is not ours: annotations of a Secret can hold a copy of it.
Name read_name(const Node& root, FieldReader& reader) {
  Name result;
  const FieldReader::Step step(reader, "metadata");
  const Node* metadata = root.find("metadata");
  if (metadata == nullptr || metadata->kind != Node::Kind::Map) {
    reader.problem(root.place, "the section is missing", "add it with the object's name");
    return result;
  }
  Node known = map_node();
  known.place = metadata->place;
  for (const auto& member : metadata->members)
    if (member.key == "name" || member.key == "namespace" || member.key == "labels") known.members.push_back(member);
  ObjectMeta meta;
  Bound<ObjectMeta>::get().read(known, reader, meta);
  result.name = meta.name;
  result.labels = std::move(meta.labels);
  if (!meta.namespace_name.empty()) result.namespace_name = std::move(meta.namespace_name);
  return result;
}

void refuse_unknown(const Node& root, const std::vector<std::string_view>& known, FieldReader& reader) {
  for (const auto& member : root.members)
    if (std::find(known.begin(), known.end(), member.key) == known.end()) reader.unknown_field(member, known);
}

bool is_data_key(std::string_view key) {
  return !key.empty() && key.size() <= 253 && key != "." && key != ".." &&
         std::all_of(key.begin(), key.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

enum class Encoding { Text, Base64 };

/// As an API server takes it: the standard alphabet, padded. decode_base64() is for tokens too, which have neither.
std::optional<std::string> decode_padded(std::string_view text) {
  if (text.size() % 4 != 0 || text.find_first_of("-_") != text.npos) return std::nullopt;
  return decode_base64(text);
}

void read_entry(const Node::Member& member, Encoding encoding, FieldReader& reader, Data& data) {
  if (!is_data_key(member.key))
    return reader.problem(member.place, quoted(member.key) + " can't be a key",
                          "write letters, digits, '-', '_' and '.', at most 253");
  const FieldReader::Step step(reader, member.key);
  const Node& value = member.value;
  if (value.kind != Node::Kind::String && value.kind != Node::Kind::Null)
    return reader.problem(value.place, "the value is " + with_article(value.kind), "quote it");
  if (encoding == Encoding::Text) {
    data[member.key] = value.kind == Node::Kind::String ? value.text : "";
    return;
  }
  std::string text = value.kind == Node::Kind::String ? value.text : "";
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  auto bytes = decode_padded(text);
  if (!bytes)
    return reader.problem(value.place, "the value is not base64",
                          "encode it, or write it as it is under stringData, of a ConfigMap under data");
  data[member.key] = std::move(*bytes);
}

void read_data(const Node& root, std::string_view name, Encoding encoding, FieldReader& reader, Data& data) {
  const Node* node = section(root, name, reader);
  if (node == nullptr) return;
  const FieldReader::Step step(reader, name);
  for (const auto& member : node->members) read_entry(member, encoding, reader, data);
}

void check_size(const Node& root, const Data& data, FieldReader& reader) {
  std::size_t bytes = 0;
  for (const auto& [key, value] : data) bytes += key.size() + value.size();
  if (bytes <= kLargestData) return;
  reader.problem(root.place, "its data has " + std::to_string(bytes) + " bytes",
                 "an API server takes at most " + std::to_string(kLargestData) + "; make it smaller, e.g. with gzip");
}

/// Nothing where it has the keys.
std::optional<std::string> lacking_for_sign_in(const SecretObject& secret) {
  constexpr std::size_t kMostNamed = 5;
  std::string lacking;
  for (const std::string key : {"username", "password"})
    if (!secret.data.contains(key)) lacking += (lacking.empty() ? "lacks " : " and ") + key;
  if (lacking.empty() || secret.data.contains(std::string(kDockerConfigKey))) return std::nullopt;
  std::string there;
  std::size_t count = 0;
  for (const auto& [key, value] : secret.data)
    if (count++ < kMostNamed) there += (there.empty() ? "it has " : ", ") + visible(key, 60);
  if (count > kMostNamed) there += ", …";
  return lacking + " (" + (there.empty() ? "it is empty" : there) + ")";
}

std::string name_of(const SecretObject& secret) {
  return "Secret " + secret.namespace_name + '/' + secret.name;
}

/// A URL or a path might be meant to say more than where to.
bool is_no_host(std::string_view text) {
  return text.empty() || text.find_first_of("/@") != std::string_view::npos ||
         text.find_first_of(kSpace) != std::string_view::npos;
}

/// Whether both are one host, however they are spelled.
bool is_one_registry(std::string_view one, std::string_view other) {
  const CanonicalAddress address = canonical_address(one);
  return !address.host.empty() &&
         address.endpoint(/*plain_http=*/false) == canonical_address(other).endpoint(/*plain_http=*/false);
}

}  // namespace

NamespaceObject read_namespace(const Node& root, FieldReader& reader) {
  refuse_unknown(root, {"apiVersion", "kind", "metadata", "spec", "status"}, reader);
  auto name = read_name(root, reader);
  return {std::move(name.name), std::move(name.labels)};
}

SecretObject read_secret(const Node& root, FieldReader& reader) {
  refuse_unknown(root, {"apiVersion", "kind", "metadata", "type", "data", "stringData", "immutable"}, reader);
  auto name = read_name(root, reader);
  SecretObject object{std::move(name.namespace_name), std::move(name.name), "Opaque", {}};
  if (const Node* type = root.find("type"); type != nullptr && type->kind == Node::Kind::String)
    object.type = type->text;
  read_data(root, "data", Encoding::Base64, reader, object.data);
  read_data(root, "stringData", Encoding::Text, reader, object.data);
  check_size(root, object.data, reader);
  return object;
}

ConfigMapObject read_config_map(const Node& root, FieldReader& reader) {
  refuse_unknown(root, {"apiVersion", "kind", "metadata", "data", "binaryData", "immutable"}, reader);
  auto name = read_name(root, reader);
  ConfigMapObject object{std::move(name.namespace_name), std::move(name.name), {}};
  Data binary;
  read_data(root, "data", Encoding::Text, reader, object.data);
  read_data(root, "binaryData", Encoding::Base64, reader, binary);
  for (auto& [key, value] : binary)
    if (!object.data.emplace(key, std::move(value)).second)
      reader.problem(root.place, "the key " + quoted(key) + " stands in data and in binaryData", "keep one of the two");
  check_size(root, object.data, reader);
  return object;
}

std::optional<Error> objection_to_sign_in(const SecretObject& secret) {
  const auto lacking = lacking_for_sign_in(secret);
  if (!lacking) return std::nullopt;
  return Error{ErrorClass::Unauthorized, name_of(secret) + ' ' + *lacking, "give it the keys username and password"};
}

std::optional<Error> objection_to_pull(const SecretObject& secret, std::string_view host) {
  auto objection = objection_to_sign_in(secret);
  if (objection || secret.data.contains(std::string(kDockerConfigKey))) return objection;
  const auto named = secret.data.find(std::string(kRegistryKey));
  if (named == secret.data.end()) {
    const std::string line = "kubectl patch secret " + secret.name + " -n " + secret.namespace_name +
                             " -p '{\"stringData\":{\"registry\":\"" + std::string(host) + "\"}}'";
    return Error{ErrorClass::Unauthorized,
                 name_of(secret) + " has username and password, and no key registry that says where they may go",
                 "if they are for " + std::string(host) + ", give it that key: " + line};
  }
  // What a file or an echo ends with is nobody's meaning.
  const std::string_view registry = trimmed(named->second, kSpace);
  if (is_no_host(registry))
    return Error{ErrorClass::Unauthorized, "the key registry of " + name_of(secret) + " holds no host",
                 "write the host that they are for alone (ghcr.io), without https:// and path"};
  if (is_one_registry(registry, host)) return std::nullopt;
  return Error{ErrorClass::Unauthorized, name_of(secret) + " is for another registry than " + std::string(host),
               "name the Secret of that registry, or correct the key registry of this one"};
}

}  // namespace slipway
