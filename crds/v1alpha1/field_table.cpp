#include "crds/v1alpha1/field_table.h"

#include <algorithm>
#include <string>
#include <utility>

#include "crds/base/make_node.h"

namespace slipway {

namespace {

bool is_absent(const Node* node) {
  return node == nullptr || node->kind == Node::Kind::Null;
}

std::string text_of(const std::optional<Node>& node) {
  return node ? to_json_text(*node) : "";
}

bool is_scalar(const Schema& schema) {
  return schema.type == Schema::Type::String || schema.type == Schema::Type::Integer;
}

/// What the type says of itself, under what the field says.
Schema merged(Schema schema, FieldInfo info) {
  if (info.pattern.empty()) info.pattern = schema.info.pattern;
  if (info.max_length == FieldInfo{}.max_length) info.max_length = schema.info.max_length;
  if (!info.one_of.empty()) schema.enum_values.assign(info.one_of.begin(), info.one_of.end());
  if (schema.type == Schema::Type::List && is_scalar(schema.items.front())) {
    FieldInfo each = info;
    each.description = {};
    each.default_json = {};
    each.required = false;
    each.immutable = false;
    schema.items.front().info = each;
  }
  schema.info = info;
  return schema;
}

void check_choice(const Node& node, const std::vector<std::string_view>& names, FieldReader& reader) {
  std::string given;
  std::string all;
  std::size_t count = 0;
  for (const auto name : names) {
    all += (all.empty() ? "" : ", ") + std::string(name);
    if (is_absent(node.find(name))) continue;
    given += (given.empty() ? "" : " and ") + std::string(name);
    ++count;
  }
  if (count == 1) return;
  reader.problem(node.place, count == 0 ? "none of " + all + " is given" : given + " are given together",
                 "give exactly one of " + all);
}

}  // namespace

std::optional<Node> FieldTable::Field::write(const void* object) const {
  const void* value = place.in(object);
  auto node = codec->write(value);
  return node || !schema.info.always ? node : std::optional(codec->write_empty(value));
}

void FieldTable::add(std::string_view name, MemberPlace place, const FieldInfo& info, const ValueCodec& codec) {
  Field field{.name = name, .place = place, .schema = merged(codec.schema(), info), .codec = &codec};
  FieldInfo& kept = field.schema.info;
  if (!kept.pattern.empty() && kept.check == nullptr) {
    field.pattern = std::make_shared<const Pattern>(kept.pattern);
    kept.compiled = field.pattern.get();
  }
  fields_.push_back(std::move(field));
}

void FieldTable::exactly_one_of(std::vector<std::string_view> names) {
  std::string list;
  std::string words;
  for (const auto name : names) {
    list += (list.empty() ? "" : ", ") + ("has(self." + std::string(name) + ")");
    words += (words.empty() ? "" : ", ") + std::string(name);
  }
  rules_.push_back({"[" + list + "].exists_one(x, x)", "give exactly one of " + words});
  choices_.push_back(std::move(names));
}

void FieldTable::read(const Node& node, FieldReader& reader, void* object) const {
  if (!reader.expect(node, Node::Kind::Map)) return;
  for (const auto& member : node.members) read_member(member, reader, object);
  for (const auto& each : fields_)
    if (each.schema.info.required && is_absent(node.find(each.name)))
      reader.missing(node, each.name, each.schema.info.description);
  for (const auto& names : choices_) check_choice(node, names, reader);
}

void FieldTable::read_member(const Node::Member& member, FieldReader& reader, void* object) const {
  const auto found = std::ranges::find(fields_, member.key, &Field::name);
  if (found == fields_.end()) {
    if (std::ranges::find(ignored_, member.key) != ignored_.end()) return;
    std::vector<std::string_view> known;
    known.reserve(fields_.size());
    for (const auto& each : fields_) known.push_back(each.name);
    return reader.unknown_field(member, known);
  }
  if (member.value.kind == Node::Kind::Null) return;
  const FieldReader::Step step(reader, member.key);
  found->codec->read(member.value, found->schema.info, reader, found->place.in(object));
}

Node FieldTable::write(const void* object) const {
  Node node = map_node();
  for (const auto& each : fields_)
    if (auto value = each.write(object)) slipway::add(node, each.name, std::move(*value));
  return node;
}

std::vector<std::string_view> FieldTable::changed_for_good(const void* before, const void* now) const {
  std::vector<std::string_view> changed;
  for (const auto& each : fields_)
    if (each.schema.info.immutable && text_of(each.write(before)) != text_of(each.write(now)))
      changed.push_back(each.name);
  return changed;
}

Schema FieldTable::schema() const {
  Schema schema{.type = Schema::Type::Object};
  for (const auto& each : fields_) schema.properties.push_back({std::string(each.name), each.schema});
  schema.rules = rules_;
  return schema;
}

}  // namespace slipway
