#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/document.h"
#include "crds/base/pattern.h"
#include "crds/base/result.h"

namespace slipway {

/// A CEL rule of a schema: refused by the API server when it is false, with what `message_expression` makes of the
/// value, or with `message` where there is none or it makes nothing.
struct SchemaRule {
  std::string rule;
  std::string message;
  std::string message_expression = {};
  std::string field_path = {};  ///< Which field it is about, where it is not all that stands there: ".matchLabels".
};

/// What is said once of a field: for the API server's schema, for reading, and for people.
struct FieldInfo {
  std::string_view description = {};
  bool required = false;
  bool always = false;  ///< Written even when it has its default value.
  std::size_t min_length = 0;
  std::size_t max_length = 1024;                  ///< In characters; of the string, or of each of the list or map.
  std::string_view pattern = {};                  ///< Of the string, or of each; anchored.
  std::span<const std::string_view> one_of = {};  ///< The string is one of these.
  std::int64_t minimum = 0;                       ///< Of the number, or of each; of a duration in seconds.
  std::int64_t maximum = INT64_MAX;
  std::size_t min_items = 0;
  std::size_t max_items = 64;                         ///< Of the list or map.
  std::string_view list_map_key = {};                 ///< The items have this identity; it stands once.
  bool atomic = false;                                ///< The list is replaced as a whole.
  std::string_view default_json = {};                 ///< Default that the API server fills in.
  bool immutable = false;                             ///< Refuses every change.
  Result<void> (*check)(std::string_view) = nullptr;  ///< Of the string, or of each; its error is shown.
  const Pattern* compiled = nullptr;                  ///< `pattern`; the binding sets and owns it.
};

/// A structural OpenAPI schema (apiextensions.k8s.io/v1) as a value.
struct Schema {
  enum class Type { Boolean, Integer, String, List, StringMap, Object };
  struct Property;

  Type type = Type::Object;
  FieldInfo info = {};
  std::string format = {};                    ///< "date-time", "int64".
  std::vector<std::string> enum_values = {};  ///< String.
  std::vector<Property> properties;           ///< Object.
  std::vector<Schema> items;                  ///< List: exactly one.
  std::vector<SchemaRule> rules = {};
};

struct Schema::Property {
  std::string name;
  Schema schema;
};

/// What a change of an immutable field is answered with.
inline constexpr std::string_view kCannotChange = "the field can't be changed; make a new object";

/// The schema as the API server takes it.
Node to_node(const Schema& schema);

}  // namespace slipway
