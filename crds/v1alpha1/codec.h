#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "crds/base/boxed.h"
#include "crds/base/make_node.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/enum_names.h"
#include "crds/v1alpha1/field_reader.h"
#include "crds/v1alpha1/schema.h"

namespace slipway {

/// How one C++ type is read, written and described. `read` reports to the reader and leaves the value alone on failure;
/// `write` gives nothing for a value that need not be shown.
template <class T>
struct Codec;

template <>
struct Codec<std::string> {
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, std::string& value) {
    std::string text;
    if (reader.read_string(node, info, text)) value = std::move(text);
  }
  static std::optional<Node> write(const std::string& value) {
    return value.empty() ? std::nullopt : std::optional(string_node(value));
  }
  static Node write_empty(const std::string& value) { return string_node(value); }
  static Schema schema() { return {.type = Schema::Type::String}; }
};

template <>
struct Codec<bool> {
  static void read(const Node& node, const FieldInfo& /*info*/, FieldReader& reader, bool& value) {
    if (reader.expect(node, Node::Kind::Boolean)) value = node.boolean;
  }
  static std::optional<Node> write(bool value) { return value ? std::optional(boolean_node(value)) : std::nullopt; }
  static Node write_empty(bool value) { return boolean_node(value); }
  static Schema schema() { return {.type = Schema::Type::Boolean}; }
};

template <>
struct Codec<std::int64_t> {
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, std::int64_t& value);
  static std::optional<Node> write(std::int64_t value) {
    return value == 0 ? std::nullopt : std::optional(integer_node(value));
  }
  static Node write_empty(std::int64_t value) { return integer_node(value); }
  static Schema schema() { return {.type = Schema::Type::Integer}; }
};

template <>
struct Codec<std::chrono::seconds> {
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, std::chrono::seconds& value);
  static std::optional<Node> write(std::chrono::seconds value) { return write_empty(value); }
  static Node write_empty(std::chrono::seconds value) { return string_node(format_duration(value)); }
  static Schema schema();
};

template <>
struct Codec<Timestamp> {
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, Timestamp& value);
  static std::optional<Node> write(Timestamp value) { return write_empty(value); }
  static Node write_empty(Timestamp value) { return string_node(to_string(value)); }
  static Schema schema();
};

template <>
struct Codec<std::map<std::string, std::string>> {
  using Map = std::map<std::string, std::string>;
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, Map& value);
  static std::optional<Node> write(const Map& value);
  static Node write_empty(const Map& /*value*/) { return map_node(); }
  static Schema schema() { return {.type = Schema::Type::StringMap}; }
};

template <class E>
  requires std::is_enum_v<E>
struct Codec<E> {
  static std::vector<std::string> names() {
    return std::vector<std::string>(EnumNames<E>::kNames.begin(), EnumNames<E>::kNames.end());
  }
  static void read(const Node& node, const FieldInfo& /*info*/, FieldReader& reader, E& value) {
    if (!reader.expect(node, Node::Kind::String)) return;
    for (std::size_t i = 0; i < EnumNames<E>::kNames.size(); ++i) {
      if (EnumNames<E>::kNames[i] != node.text) continue;
      value = static_cast<E>(i);
      return;
    }
    reader.check_choice(node, node.text, names());
  }
  static std::optional<Node> write(E value) { return write_empty(value); }
  static Node write_empty(E value) { return string_node(name_of(value)); }
  static Schema schema() { return {.type = Schema::Type::String, .info = {}, .format = {}, .enum_values = names()}; }
};

/// Of a T that may be absent.
template <class T, class Optional, class Inner = Codec<T>>
struct OptionalCodec {
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, Optional& value) {
    T inner{};
    Inner::read(node, info, reader, inner);
    value = std::move(inner);
  }
  /// What is set is shown, even when it is zero, empty or false.
  static std::optional<Node> write(const Optional& value) {
    if (!value) return std::nullopt;
    auto node = Inner::write(*value);
    return node ? node : std::optional(Inner::write_empty(*value));
  }
  static Node write_empty(const Optional& /*value*/) { return {}; }
  static Schema schema() { return Inner::schema(); }
};

template <class T>
struct Codec<std::optional<T>> : OptionalCodec<T, std::optional<T>> {};
template <class T>
struct Codec<Boxed<T>> : OptionalCodec<T, Boxed<T>> {};

template <class T>
struct Codec<std::vector<T>> {
  static void read(const Node& node, const FieldInfo& info, FieldReader& reader, std::vector<T>& value) {
    if (!reader.expect(node, Node::Kind::List)) return;
    reader.check_list(node, info);
    std::vector<T> items;
    items.reserve(node.items.size());
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const FieldReader::Step step(reader, i);
      T item{};
      Codec<T>::read(node.items[i], info, reader, item);
      items.push_back(std::move(item));
    }
    value = std::move(items);
  }
  static std::optional<Node> write(const std::vector<T>& value) {
    if (value.empty()) return std::nullopt;
    Node list = list_node();
    for (const auto& item : value) {
      auto node = Codec<T>::write(item);
      list.items.push_back(node ? std::move(*node) : Codec<T>::write_empty(item));
    }
    return list;
  }
  static Node write_empty(const std::vector<T>& /*value*/) { return list_node(); }
  static Schema schema() { return {.type = Schema::Type::List, .items = {Codec<T>::schema()}}; }
};

}  // namespace slipway
