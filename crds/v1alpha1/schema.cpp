#include "crds/v1alpha1/schema.h"

#include "crds/base/make_node.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/forms.h"
#include "crds/v1alpha1/label_selector.h"
#include "crds/v1alpha1/port_pattern.h"

namespace slipway {

namespace {

Node strings(const std::vector<std::string>& texts) {
  Node list = list_node();
  for (const auto& text : texts) list.items.push_back(string_node(text));
  return list;
}

Node integer(std::size_t value) {
  return integer_node(static_cast<std::int64_t>(value));
}

void add_string_bounds(Node& node, const Schema& schema) {
  const FieldInfo& info = schema.info;
  add(node, "type", string_node("string"));
  if (!schema.format.empty()) add(node, "format", string_node(schema.format));
  if (!schema.enum_values.empty()) {
    add(node, "enum", strings(schema.enum_values));
    return;
  }
  if (info.min_length > 0) add(node, "minLength", integer(info.min_length));
  add(node, "maxLength", integer(info.max_length));
  if (!info.pattern.empty() && form_of(info.pattern).empty()) add(node, "pattern", string_node(info.pattern));
}

void add_list(Node& node, const Schema& schema) {
  const FieldInfo& info = schema.info;
  add(node, "type", string_node("array"));
  if (info.min_items > 0) add(node, "minItems", integer(info.min_items));
  add(node, "maxItems", integer(info.max_items));
  if (!info.list_map_key.empty() && !info.atomic) {
    add(node, "x-kubernetes-list-type", string_node("map"));
    add(node, "x-kubernetes-list-map-keys", strings({std::string(info.list_map_key)}));
  } else {
    add(node, "x-kubernetes-list-type", string_node("atomic"));
  }
  add(node, "items", to_node(schema.items.front()));
}

void add_string_map(Node& node, const Schema& schema) {
  add(node, "type", string_node("object"));
  add(node, "maxProperties", integer(schema.info.max_items));
  Schema value{.type = Schema::Type::String};
  value.info.max_length = schema.info.max_length;
  value.info.pattern = schema.info.pattern;
  add(node, "additionalProperties", to_node(value));
}

void add_object(Node& node, const Schema& schema) {
  add(node, "type", string_node("object"));
  std::vector<std::string> required;
  Node properties = map_node();
  for (const auto& property : schema.properties) {
    if (property.schema.info.required) required.push_back(property.name);
    add(properties, property.name, to_node(property.schema));
  }
  if (!required.empty()) add(node, "required", strings(required));
  if (!schema.properties.empty()) add(node, "properties", std::move(properties));
}

void add_type(Node& node, const Schema& schema) {
  switch (schema.type) {
    case Schema::Type::Boolean:
      add(node, "type", string_node("boolean"));
      return;
    case Schema::Type::Integer:
      add(node, "type", string_node("integer"));
      add(node, "format", string_node("int64"));
      add(node, "minimum", integer_node(schema.info.minimum));
      if (schema.info.maximum != INT64_MAX) add(node, "maximum", integer_node(schema.info.maximum));
      return;
    case Schema::Type::String:
      return add_string_bounds(node, schema);
    case Schema::Type::List:
      return add_list(node, schema);
    case Schema::Type::StringMap:
      return add_string_map(node, schema);
    case Schema::Type::Object:
      return add_object(node, schema);
  }
}

/// CEL reads no days and years. A day is found where one of the numbers makes it; "23h60m" is refused.
std::string least_duration(std::int64_t seconds) {
  if (seconds < 86'400) return "self.matches('[1-9]')";
  return "self.matches('[1-9][0-9]*[yd]|(2[4-9]|[3-9][0-9]|[1-9][0-9]{2,})h"
         "|(14[4-9][0-9]|1[5-9][0-9]{2}|[2-9][0-9]{3}|[1-9][0-9]{4,})m"
         "|(86[4-9][0-9]{2}|8[7-9][0-9]{3}|9[0-9]{4}|[1-9][0-9]{5,})s')";
}

/// What is far longer than kLongestDuration; parse_duration() adds the units up.
constexpr const char* kNotTooLong =
    "!self.matches('^0*(1[0-9]{2}[1-9]|1[0-9][1-9][0-9]|1[1-9][0-9]{2}|[2-9][0-9]{3}|[1-9][0-9]{4,})y"
    "|^0*[1-9][0-9]{6,}d|^0*[1-9][0-9]{7,}h')";

/// Of what kUntilPattern lets pass, what no calendar and no clock has. In two rules: each has its cost.
constexpr const char* kIsOnTheClock =
    "!self.matches('^.{4}-(00|1[3-9]|[2-9])|^.{7}-(00|3[2-9]|[4-9])|^.{5}(02-3|(04|06|09|11)-31)|[Tt+](2[4-9]|[3-9])|:["
    "6-9]"
    "')";
constexpr const char* kIsLeapDay =
    "!self.matches('^.{5}02-29') || self.matches('^([02468][048]00|[13579][26]00|..(0[48]|[2468][048]|[13579][26]))')";

/// The rules that together ask for `pattern`. A label's value stands in three lists, of which the API server reckons
/// that each is full: there the whole pattern would be beyond the cost that it allows one rule.
std::vector<std::string> rules_for(std::string_view pattern) {
  if (pattern == kLabelValuePattern)
    return {R"(!self.matches(r'[^\w.-]'))", "!self.matches(r'^[_.-]')", "!self.matches(r'[_.-]$')"};
  return {"self.matches(r'" + std::string(pattern) + "')"};
}

void add_rules(Node& node, const Schema& schema) {
  Node rules = list_node();
  const auto add_rule = [&](const std::string& rule, const std::string& message, const std::string& expression = {},
                            const std::string& field_path = {}) {
    Node entry = map_node();
    add(entry, "rule", string_node(rule));
    add(entry, "message", string_node(message));
    if (!expression.empty()) add(entry, "messageExpression", string_node(expression));
    if (!field_path.empty()) add(entry, "fieldPath", string_node(field_path));
    rules.items.push_back(std::move(entry));
  };
  if (schema.info.immutable) add_rule("self == oldSelf", std::string(kCannotChange));
  // The API server answers a text that does not match its `pattern` with the pattern.
  if (const auto form = form_of(schema.info.pattern); !form.empty() && schema.type == Schema::Type::String)
    for (const auto& rule : rules_for(schema.info.pattern)) add_rule(rule, std::string(form));
  if (schema.info.pattern == kDurationPattern && schema.info.minimum > 0)
    add_rule(least_duration(schema.info.minimum),
             "write at least " + format_duration(std::chrono::seconds{schema.info.minimum}));
  if (schema.info.pattern == kDurationPattern) add_rule(kNotTooLong, "write 1000y at most");
  if (schema.info.pattern == kHostPattern && schema.type == Schema::Type::String)
    add_rule("!self.matches('" + std::string(kNoPort) + "$')", std::string(kPortForm));
  if (schema.info.pattern == kQuantityPattern) add_rule("self.matches('[1-9]')", "write a number above 0");
  if (schema.info.pattern == kUntilPattern) {
    add_rule(kIsOnTheClock, "write a day and a time that there are");
    add_rule(kIsLeapDay, "write a day that there is: that year has no 29 February");
  }
  for (const auto& rule : schema.rules) add_rule(rule.rule, rule.message, rule.message_expression, rule.field_path);
  if (!rules.items.empty()) add(node, "x-kubernetes-validations", std::move(rules));
}

}  // namespace

Node to_node(const Schema& schema) {
  Node node = map_node();
  if (!schema.info.description.empty()) add(node, "description", string_node(schema.info.description));
  add_type(node, schema);
  if (!schema.info.default_json.empty()) add(node, "default", parse_json(schema.info.default_json, "default").root);
  add_rules(node, schema);
  return node;
}

}  // namespace slipway
