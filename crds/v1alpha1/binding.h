#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crds/v1alpha1/codec.h"

namespace slipway {

/// Ties the fields of a resource to the members of the struct `T`: each is named and described once, and from that it
/// is read, written and put into the API server's schema.
template <class T>
class Binding {
 public:
  template <class M>
  Binding& field(std::string_view name, M T::* member, FieldInfo info) {
    Schema schema = merged(Codec<M>::schema(), info);
    return add_field({name, std::move(schema),
                      [member](const Node& node, const FieldInfo& each, FieldReader& reader, T& object) {
                        Codec<M>::read(node, each, reader, object.*member);
                      },
                      [member, always = info.always](const T& object) {
                        auto node = Codec<M>::write(object.*member);
                        return node || !always ? node : std::optional(Codec<M>::write_empty(object.*member));
                      }});
  }

  /// A field whose struct is bound in another way than its type is elsewhere.
  template <class M>
  Binding& field_bound_by(std::string_view name, std::optional<M> T::* member, FieldInfo info,
                          const Binding<M>& binding) {
    return add_field({name, merged(binding.schema(), info),
                      [member, binding](const Node& node, const FieldInfo&, FieldReader& reader, T& object) {
                        M inner{};
                        binding.read(node, reader, inner);
                        object.*member = std::move(inner);
                      },
                      [member, binding](const T& object) {
                        return object.*member ? std::optional(binding.write(*(object.*member))) : std::nullopt;
                      }});
  }
  template <class M>
  Binding& field_bound_by(std::string_view name, M T::* member, FieldInfo info, const Binding<M>& binding) {
    return add_field({name, merged(binding.schema(), info),
                      [member, binding](const Node& node, const FieldInfo&, FieldReader& reader, T& object) {
                        binding.read(node, reader, object.*member);
                      },
                      [member, binding](const T& object) -> std::optional<Node> {
                        Node node = binding.write(object.*member);
                        if (node.members.empty()) return std::nullopt;
                        return node;
                      }});
  }

  /// Fields that others write there: passed over, whatever is in them.
  Binding& ignore(std::vector<std::string_view> names) {
    ignored_ = std::move(names);
    return *this;
  }

  /// Exactly one of the fields is given; for the schema as well as for the reader.
  Binding& exactly_one_of(std::vector<std::string_view> names) {
    std::string list;
    std::string words;
    for (const auto name : names) {
      list += (list.empty() ? "" : ", ") + ("has(self." + std::string(name) + ")");
      words += (words.empty() ? "" : ", ") + std::string(name);
    }
    rules_.push_back({"[" + list + "].exists_one(x, x)", "give exactly one of " + words});
    choices_.push_back(std::move(names));
    return *this;
  }

  /// A rule that only the schema carries; the validation in C++ has its twin.
  Binding& rule(std::string cel, std::string message) { return rule({std::move(cel), std::move(message)}); }
  Binding& rule(SchemaRule rule) {
    rules_.push_back(std::move(rule));
    return *this;
  }

  void read(const Node& node, FieldReader& reader, T& object) const {
    if (!reader.expect(node, Node::Kind::Map)) return;
    for (const auto& member : node.members) read_member(member, reader, object);
    for (const auto& each : fields_)
      if (each.schema.info.required && is_absent(node.find(each.name)))
        reader.missing(node, each.name, each.schema.info.description);
    for (const auto& names : choices_) check_choice(node, names, reader);
  }

  Node write(const T& object) const {
    Node node = map_node();
    for (const auto& each : fields_)
      if (auto value = each.write(object)) add(node, each.name, std::move(*value));
    return node;
  }

  /// The first field that may not change and differs; empty when none does.
  std::string_view changed_for_good(const T& before, const T& now) const {
    for (const auto& each : fields_)
      if (each.schema.info.immutable && text_of(each.write(before)) != text_of(each.write(now))) return each.name;
    return {};
  }

  Schema schema() const {
    Schema schema{.type = Schema::Type::Object};
    for (const auto& each : fields_) schema.properties.push_back({std::string(each.name), each.schema});
    schema.rules = rules_;
    return schema;
  }

 private:
  struct Field {
    std::string_view name;
    Schema schema;
    std::function<void(const Node&, const FieldInfo&, FieldReader&, T&)> read;
    std::function<std::optional<Node>(const T&)> write;
    std::shared_ptr<const Pattern> pattern = {};  ///< Shared with the bindings that this one is copied into.
  };

  static bool is_absent(const Node* node) { return node == nullptr || node->kind == Node::Kind::Null; }

  static std::string text_of(const std::optional<Node>& node) { return node ? to_json_text(*node) : ""; }

  static bool is_scalar(const Schema& schema) {
    return schema.type == Schema::Type::String || schema.type == Schema::Type::Integer;
  }

  /// What the type says of itself, under what the field says.
  static Schema merged(Schema schema, FieldInfo info) {
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

  Binding& add_field(Field field) {
    FieldInfo& info = field.schema.info;
    if (!info.pattern.empty() && info.check == nullptr) {
      field.pattern = std::make_shared<const Pattern>(info.pattern);
      info.compiled = field.pattern.get();
    }
    fields_.push_back(std::move(field));
    return *this;
  }

  void read_member(const Node::Member& member, FieldReader& reader, T& object) const {
    const auto found =
        std::find_if(fields_.begin(), fields_.end(), [&](const Field& each) { return each.name == member.key; });
    if (found == fields_.end()) {
      if (std::find(ignored_.begin(), ignored_.end(), member.key) != ignored_.end()) return;
      std::vector<std::string_view> known;
      known.reserve(fields_.size());
      for (const auto& each : fields_) known.push_back(each.name);
      return reader.unknown_field(member, known);
    }
    if (member.value.kind == Node::Kind::Null) return;
    const FieldReader::Step step(reader, member.key);
    found->read(member.value, found->schema.info, reader, object);
  }

  static void check_choice(const Node& node, const std::vector<std::string_view>& names, FieldReader& reader) {
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

  std::vector<Field> fields_;
  std::vector<std::string_view> ignored_;
  std::vector<std::vector<std::string_view>> choices_;
  std::vector<SchemaRule> rules_;
};

/// Specialised for each struct of the model: `static const Binding<T>& get()`.
template <class T>
struct Bound;

template <class T>
  requires requires { Bound<T>::get(); }
struct Codec<T> {
  static void read(const Node& node, const FieldInfo& /*info*/, FieldReader& reader, T& value) {
    Bound<T>::get().read(node, reader, value);
  }
  static std::optional<Node> write(const T& value) {
    Node node = Bound<T>::get().write(value);
    if (node.members.empty()) return std::nullopt;
    return node;
  }
  static Node write_empty(const T& value) { return Bound<T>::get().write(value); }
  static Schema schema() { return Bound<T>::get().schema(); }
};

}  // namespace slipway
