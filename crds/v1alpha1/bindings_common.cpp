#include <array>

#include "crds/base/cron.h"
#include "crds/base/digest.h"
#include "crds/base/glob.h"
#include "crds/base/image_reference.h"
#include "crds/base/quantity.h"
#include "crds/base/semantic_version.h"
#include "crds/base/tag_template.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/glob_pattern.h"
#include "crds/v1alpha1/label_selector.h"

namespace slipway {

namespace {

template <class T>
Result<void> only_success(const Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

constexpr std::array<std::string_view, 3> kConditionStatuses{"True", "False", "Unknown"};
constexpr std::array<std::string_view, 4> kSelectorOperators{"In", "NotIn", "Exists", "DoesNotExist"};
constexpr std::string_view kConditionTypePattern =
    "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$";

constexpr std::string_view kLoopback4 = "127([.](25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}";

SchemaRule label_keys_rule() {
  const std::string is_key = "key.matches('" + std::string(kLabelKeyPattern) + "')";
  const std::string refusal = " is not the key of a label; " + std::string(kLabelKeyForm);
  return {"!has(self.matchLabels) || self.matchLabels.all(key, " + is_key + ")", "a key of matchLabels" + refusal,
          "self.matchLabels.map(key, !" + is_key + ", \"'\" + key + \"'" + refusal + "\")[0]", ".matchLabels"};
}

}  // namespace

Result<void> check_digest_text(std::string_view text) {
  return only_success(Digest::parse(text));
}
Result<void> check_repository_text(std::string_view text) {
  return only_success(check_repository_name(text));
}
Result<void> check_host_text(std::string_view text) {
  return only_success(check_registry_host(text));
}
Result<void> check_quantity_text(std::string_view text) {
  return only_success(parse_quantity(text));
}
Result<void> check_reference_text(std::string_view text) {
  return only_success(ImageReference::parse(text));
}
Result<void> check_template_text(std::string_view text) {
  return only_success(TagTemplate::parse(text));
}
Result<void> check_version_text(std::string_view text) {
  const bool has_letter = text.starts_with('v');
  const std::string without = std::string(has_letter ? text.substr(1) : text);
  if (!has_letter && parse_semantic_version(text)) return {};
  std::string example = "1.0.0";
  for (const auto& candidate : {without, without + ".0", without + ".0.0"})
    if (parse_semantic_version(candidate) && !candidate.starts_with('v')) example = candidate;
  return fail(ErrorClass::Invalid, quoted(text) + " is not a semantic version",
              "write three numbers with dots between them and no letter in front, e.g. " + example);
}
Result<void> check_until_text(std::string_view text) {
  return only_success(parse_until(text));
}
Result<void> check_cron_text(std::string_view text) {
  return only_success(parse_cron(text));
}

const Binding<ObjectMeta>& Bound<ObjectMeta>::get() {
  static const auto binding =
      Binding<ObjectMeta>()
          .field("name", &ObjectMeta::name,
                 {.description = "Name of the object.",
                  .required = true,
                  .min_length = 1,
                  .max_length = 253,
                  .pattern = kNamePattern})
          .field("namespace", &ObjectMeta::namespace_name,
                 {.description = "Namespace of the object.", .max_length = 63, .pattern = kNamePattern})
          .field("uid", &ObjectMeta::uid, {.description = "Given by the API server."})
          .field("resourceVersion", &ObjectMeta::resource_version, {.description = "Given by the API server."})
          .field("generation", &ObjectMeta::generation, {.description = "Counts the edits of spec."})
          .field("labels", &ObjectMeta::labels, {.description = "Labels.", .max_length = 63, .max_items = 4096})
          .field("annotations", &ObjectMeta::annotations,
                 {.description = "Annotations.", .max_length = 262'144, .max_items = 4096})
          .field("finalizers", &ObjectMeta::finalizers, {.description = "Who must act before the object goes."})
          .field("creationTimestamp", &ObjectMeta::creation_timestamp, {.description = "Given by the API server."})
          .field("deletionTimestamp", &ObjectMeta::deletion_timestamp, {.description = "Given by the API server."})
          .ignore({"managedFields", "ownerReferences", "selfLink", "generateName", "deletionGracePeriodSeconds"});
  return binding;
}

const Binding<NameRef>& Bound<NameRef>::get() {
  static const auto binding = Binding<NameRef>().field("name", &NameRef::name,
                                                       {.description = "Name of the object.",
                                                        .required = true,
                                                        .min_length = 1,
                                                        .max_length = 253,
                                                        .pattern = kNamePattern});
  return binding;
}

const Binding<KeyRef>& Bound<KeyRef>::get() {
  static const auto binding =
      Binding<KeyRef>()
          .field("name", &KeyRef::name,
                 {.description = "Name of the object.",
                  .required = true,
                  .min_length = 1,
                  .max_length = 253,
                  .pattern = kNamePattern})
          .field("key", &KeyRef::key,
                 {.description = "Key in its data.", .required = true, .min_length = 1, .max_length = 253});
  return binding;
}

FieldInfo glob_list(FieldInfo info) {
  info.min_length = 1;
  info.max_length = 512;
  info.pattern = kGlobPattern;
  info.atomic = true;
  info.check = check_glob;
  return info;
}

/// Of an IPv6 address it asks for the end: whether the beginning is one, its own rule says.
SchemaRule plain_http_rule(std::string_view text, std::string_view end) {
  return {"!has(self.plainHTTP) || !self.plainHTTP || self." + std::string(text) +
              ".matches('^((?i:([-a-z0-9]+[.])*localhost)|" + std::string(kLoopback4) +
              "|[[][0:]*:(0{0,3}1|(?i:ffff):(" + std::string(kLoopback4) +
              "|(?i:7f[0-9a-f]{2}):[0-9A-Fa-f]{1,4}))[]])(:[0-9]+)?" + std::string(end) + "')",
          "only a registry on localhost is reached without TLS"};
}

const Binding<Condition>& Bound<Condition>::get() {
  static const auto binding =
      Binding<Condition>()
          .field("type", &Condition::type,
                 {.description = "What the condition is about.",
                  .required = true,
                  .max_length = 316,
                  .pattern = kConditionTypePattern})
          .field("status", &Condition::status,
                 {.description = "True, False or Unknown.", .required = true, .one_of = kConditionStatuses})
          .field("observedGeneration", &Condition::observed_generation,
                 {.description = "Generation it was judged for.", .always = true})
          .field("lastTransitionTime", &Condition::last_transition_time,
                 {.description = "When the status last changed.", .required = true})
          .field("reason", &Condition::reason,
                 {.description = "One word for programs.",
                  .required = true,
                  .min_length = 1,
                  .pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"})
          .field("message", &Condition::message,
                 {.description = "A sentence for people.", .required = true, .always = true, .max_length = 32'768});
  return binding;
}

const Binding<LabelSelectorRequirement>& Bound<LabelSelectorRequirement>::get() {
  static const auto binding =
      Binding<LabelSelectorRequirement>()
          .field("key", &LabelSelectorRequirement::key,
                 {.description = "Label.",
                  .required = true,
                  .min_length = 1,
                  .max_length = 317,
                  .pattern = kLabelKeyPattern,
                  .check = check_label_key})
          .field("operator", &LabelSelectorRequirement::operator_name,
                 {.description = "In, NotIn, Exists or DoesNotExist.", .required = true, .one_of = kSelectorOperators})
          .field("values", &LabelSelectorRequirement::values,
                 {.description = "Values for In and NotIn.",
                  .max_length = 63,
                  .pattern = kLabelValuePattern,
                  .atomic = true,
                  .check = check_label_value})
          .rule(
              "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0"
              " : !has(self.values) || size(self.values) == 0",
              "In and NotIn need values, Exists and DoesNotExist take none");
  return binding;
}

const Binding<LabelSelector>& Bound<LabelSelector>::get() {
  static const auto binding =
      Binding<LabelSelector>()
          .field("matchLabels", &LabelSelector::match_labels,
                 {.description = "Labels that must be equal.",
                  .max_length = 63,
                  .pattern = kLabelValuePattern,
                  .check = check_label_value})
          .field("matchExpressions", &LabelSelector::match_expressions,
                 {.description = "Further requirements; all must hold.", .max_items = 32, .atomic = true})
          .rule(label_keys_rule());
  return binding;
}

}  // namespace slipway
