#include "crds/v1alpha1/codec.h"

#include "crds/base/text.h"

namespace slipway {

namespace {

constexpr std::size_t kLongestKey = 317;  // A label's: a prefix of 253, a slash, a name of 63.

}  // namespace

void Codec<std::int64_t>::read(const Node& node, const FieldInfo& info, FieldReader& reader, std::int64_t& value) {
  // A number that has no bound here may have more digits than fit.
  const bool is_open = info.maximum == INT64_MAX && node.kind != Node::Kind::Number;
  std::string expected = "write a whole number from " + std::to_string(info.minimum) +
                         (is_open ? " on" : " to " + std::to_string(info.maximum));
  if (!reader.expect(node, Node::Kind::Integer, expected)) return;
  if (node.integer >= info.minimum && node.integer <= info.maximum)
    value = node.integer;
  else
    reader.problem(node.place, node.text + " is out of range", std::move(expected));
}

void Codec<std::chrono::seconds>::read(const Node& node, const FieldInfo& info, FieldReader& reader,
                                       std::chrono::seconds& value) {
  const bool is_number = node.kind == Node::Kind::Integer || node.kind == Node::Kind::Number;
  const bool bare_zero = is_number && node.text == "0";
  const auto duration = parse_duration(node.text);
  if (is_number && !bare_zero) {  // In quotes it would lack its unit.
    reader.expect(node, Node::Kind::String, duration ? "quote it" : duration.error().remedy);
    return;
  }
  if (!bare_zero && !reader.expect(node, Node::Kind::String)) return;
  if (!duration) return reader.problem(node.place, duration.error());
  const std::chrono::seconds least{info.minimum};
  if (*duration < least)
    return reader.problem(node.place, quoted(node.text) + " is too short", "write at least " + format_duration(least));
  value = *duration;
}

Schema Codec<std::chrono::seconds>::schema() {
  return {.type = Schema::Type::String, .info = {.max_length = 64, .pattern = kDurationPattern}};
}

void Codec<Timestamp>::read(const Node& node, const FieldInfo& /*info*/, FieldReader& reader, Timestamp& value) {
  if (!reader.expect(node, Node::Kind::String)) return;
  const auto time = parse_timestamp(node.text);
  if (!time) return reader.problem(node.place, time.error());
  value = *time;
}

Schema Codec<Timestamp>::schema() {
  return {.type = Schema::Type::String, .info = {.max_length = 64}, .format = "date-time"};
}

void Codec<std::map<std::string, std::string>>::read(const Node& node, const FieldInfo& info, FieldReader& reader,
                                                     Map& value) {
  if (!reader.expect(node, Node::Kind::Map)) return;
  if (node.members.size() > info.max_items)
    reader.problem(node.place, "there are " + std::to_string(node.members.size()) + " entries",
                   "write at most " + std::to_string(info.max_items));
  Map entries;
  for (const auto& member : node.members) {
    const FieldReader::Step step(reader, member.key);
    if (member.key.empty() || member.key.size() > kLongestKey) {
      reader.problem(member.place, "the key has " + std::to_string(member.key.size()) + " characters",
                     "write 1 to " + std::to_string(kLongestKey));
      continue;
    }
    std::string text;
    if (reader.read_string(member.value, info, text)) entries[member.key] = std::move(text);
  }
  value = std::move(entries);
}

std::optional<Node> Codec<std::map<std::string, std::string>>::write(const Map& value) {
  if (value.empty()) return std::nullopt;
  Node map = map_node();
  for (const auto& [key, text] : value) add(map, key, string_node(text));
  return map;
}

}  // namespace slipway
