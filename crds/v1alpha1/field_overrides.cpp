#include "crds/v1alpha1/field_overrides.h"

#include <algorithm>
#include <optional>

#include "crds/base/text.h"
#include "crds/v1alpha1/bindings.h"

namespace slipway {

namespace {

/// The place of a value while a path is walked; a Null node is one that is not there yet.
struct Slot {
  Node* node = nullptr;
  const Schema* schema = nullptr;
  std::string field;  ///< With lists counted, as problems name it.
};

const Schema& document_schema() {
  static const Schema schema = [] {
    Schema root{.type = Schema::Type::Object};
    root.properties.push_back({"spec", Bound<ImagePublicationSpec>::get().schema()});
    return root;
  }();
  return schema;
}

Node& member_of(Node& map, std::string_view key) {
  const auto found = std::find_if(map.members.begin(), map.members.end(),
                                  [&](const Node::Member& member) { return member.key == key; });
  if (found != map.members.end()) return found->value;
  Node absent;
  absent.place = map.place;
  map.members.push_back({std::string(key), map.place, std::move(absent)});
  return map.members.back().value;
}

std::unexpected<Error> no_such(std::string what, std::string remedy) {
  return fail(ErrorClass::Invalid, std::move(what), std::move(remedy));
}

std::string_view take(std::string_view& text, std::size_t count) {
  const std::string_view front = text.substr(0, count);
  text.remove_prefix(front.size());
  return front;
}

Result<Slot> field_slot(const Slot& slot, std::string_view& rest) {
  const std::string_view name = take(rest, std::min(rest.find_first_of(".["), rest.size()));
  const auto& properties = slot.schema->properties;
  const auto property =
      std::find_if(properties.begin(), properties.end(), [&](const auto& p) { return p.name == name; });
  if (property == properties.end()) {
    std::vector<std::string_view> known;
    known.reserve(properties.size());
    for (const auto& each : properties) known.push_back(each.name);
    const auto close = closest_to(name, known);
    const std::string where = slot.field.empty() ? "the document" : slot.field;
    return no_such(where + " has no field " + quoted(name) + " to set",
                   close.empty() ? "the fields there are " + joined(known) : "did you mean " + quoted(close) + "?");
  }
  const std::string field = slot.field.empty() ? property->name : slot.field + '.' + property->name;
  return Slot{&member_of(*slot.node, name), &property->schema, field};
}

/// The text between the brackets that `rest` starts with, or nothing.
std::optional<std::string_view> take_bracket(std::string_view& rest) {
  const std::size_t end = rest.find(']');
  if (!rest.starts_with('[') || end == std::string_view::npos) return std::nullopt;
  return take(rest, end + 1).substr(1, end - 1);
}

std::optional<std::size_t> index_of(const Slot& list, std::string_view wanted) {
  const auto& items = list.node->items;
  const std::string_view identity = list.schema->info.list_map_key;
  for (std::size_t i = 0; i < items.size() && !identity.empty(); ++i) {
    const Node* name = items[i].find(identity);
    if (name != nullptr && name->text == wanted) return i;
  }
  std::size_t index = 0;
  if (wanted.empty() || wanted.size() > 4 || !std::all_of(wanted.begin(), wanted.end(), is_digit)) return std::nullopt;
  for (const char digit : wanted) index = index * 10 + static_cast<std::size_t>(digit - '0');
  return index < items.size() ? std::optional(index) : std::nullopt;
}

Result<Slot> item_slot(const Slot& slot, std::string_view& rest) {
  const auto wanted = take_bracket(rest);
  if (!wanted)
    return no_such(slot.field + " is a list", "name one of its items in brackets, e.g. " + slot.field + "[0]");
  const auto index = index_of(slot, *wanted);
  if (!index) return no_such(slot.field + " has no item " + quoted(*wanted), "name an item that is there");
  return Slot{&slot.node->items[*index], &slot.schema->items.front(), slot.field + '[' + std::to_string(*index) + ']'};
}

/// One step along the path. A map's keys may have dots: what is left of the path is the key.
Result<Slot> next_slot(const Slot& slot, std::string_view& rest) {
  using Type = Schema::Type;
  const Type type = slot.schema->type;
  if (type == Type::List) return item_slot(slot, rest);
  if (type != Type::Object && type != Type::StringMap)
    return no_such(slot.field + " is a single value", "end the path there");
  if (slot.node->kind == Node::Kind::Null) slot.node->kind = Node::Kind::Map;
  if (slot.node->kind != Node::Kind::Map) return no_such(slot.field + " is no map here", "write fields there");
  if (type == Type::Object) return field_slot(slot, rest);
  const auto bracketed = take_bracket(rest);
  const std::string key(bracketed ? *bracketed : take(rest, rest.size()));
  return Slot{&member_of(*slot.node, key), nullptr, slot.field + '.' + key};
}

Result<Slot> find_slot(Node& root, std::string_view path) {
  Slot slot{&root, &document_schema(), {}};
  do {
    if (slot.schema == nullptr) return no_such(slot.field + " is a single value", "end the path there");
    auto next = next_slot(slot, path);
    if (!next) return next;
    slot = std::move(*next);
    if (path.starts_with('.') && path.size() > 1) path.remove_prefix(1);
  } while (!path.empty());
  return slot;
}

void put_at(Node& node, Place place) {
  node.place = place;
  for (auto& item : node.items) put_at(item, place);
  for (auto& member : node.members) {
    member.place = place;
    put_at(member.value, place);
  }
}

Result<Node> value_for(const Slot& slot, const std::string& text) {
  if (slot.schema == nullptr || slot.schema->type == Schema::Type::String) return string_node(text);
  auto documents = parse_documents(text, {});
  if (documents.empty()) return Node{};
  if (documents.size() == 1 && documents.front().problems.empty()) return std::move(documents.front().root);
  return no_such(quoted(text) + " is not one value", "write it as YAML, e.g. 7, true or [a, b]");
}

/// Gives the field's path. What can't be put leaves no trace.
Result<std::string> put(Node& root, const FieldOverride& field) {
  Node changed = root;
  auto slot = find_slot(changed, field.path);
  if (!slot) return std::unexpected(slot.error());
  auto value = value_for(*slot, field.value);
  if (!value) return std::unexpected(value.error());
  put_at(*value, root.place);
  *slot->node = std::move(*value);
  root = std::move(changed);
  return slot->field;
}

bool is_given(Node root, const FieldOverride& field) {
  const auto slot = find_slot(root, field.path);
  return slot && slot->node->kind != Node::Kind::Null;
}

/// What the field says to the value, if it stood alone.
std::optional<Problem> objection_to(const FieldOverride& field) {
  Node root = map_node();
  const auto path = put(root, field);
  FieldReader reader({}, false);
  if (!path) {
    reader.problem({}, path.error());
    return reader.problems().kept().front();
  }
  const FieldReader::Step step(reader, "spec");
  ImagePublicationSpec spec;
  Bound<ImagePublicationSpec>::get().read(*root.find("spec"), reader, spec);
  for (const auto& problem : reader.problems().kept())
    if (problem.field.starts_with(*path)) return problem;
  return std::nullopt;
}

void override_field(Node& root, const FieldOverride& field, FieldReader& reader) {
  const std::string option = "--set " + field.path;
  const auto path = put(root, field);
  if (path) return reader.came_from(seen_from(reader.path(), *path), option);
  reader.problem(root.place, option + ": " + path.error().message, path.error().remedy);
}

void fall_back(Node& root, const FieldOverride& field, FieldReader& reader) {
  if (is_given(root, field)) return;
  if (const auto objection = objection_to(field)) {
    const FieldReader::Step step(reader, field.path);
    return reader.warn(root.place, "the environment's value is left out: " + objection->message, objection->expected);
  }
  if (const auto path = put(root, field)) reader.came_from(seen_from(reader.path(), *path), "the environment's value");
}

}  // namespace

void apply_overrides(Node& root, const ParseOptions& options, FieldReader& reader) {
  for (const auto& field : options.overrides) override_field(root, field, reader);
  for (const auto& field : options.fallbacks) fall_back(root, field, reader);
  for (const auto& field : options.given_elsewhere) reader.is_given_by(field.path, field.value);
}

}  // namespace slipway
