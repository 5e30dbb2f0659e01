#include "crds/v1alpha1/validation.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "crds/base/host.h"
#include "crds/base/image_reference.h"
#include "crds/base/tag_template.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/label_selector.h"
#include "crds/v1alpha1/tag_expansion.h"

namespace slipway {

namespace {

/// Tells problems where their field stands in the document.
class Places {
 public:
  Places(const Node& root, FieldReader& reader) : root_(root), reader_(reader) {}

  void problem(std::string_view path, std::string message, std::string expected) {
    const FieldReader::Step step(reader_, path);
    reader_.problem(place_of(root_, path), std::move(message), std::move(expected));
  }
  void warn(std::string_view path, std::string message, std::string expected) {
    const FieldReader::Step step(reader_, path);
    reader_.warn(place_of(root_, path), std::move(message), std::move(expected));
  }
  bool is_refused(std::string_view path) const { return reader_.is_refused(path); }
  bool passes_over_unknown() const { return reader_.lenient(); }
  std::string giver_of(const std::string& field) const { return reader_.giver_of(field); }
  void problem(std::string_view path, const Error& error) { problem(path, error.message, error.remedy); }

 private:
  const Node& root_;
  FieldReader& reader_;
};

std::string at(std::string_view list, std::size_t index) {
  return std::string(list) + '[' + std::to_string(index) + ']';
}

const Node* member_of(const Node* node, std::string_view key) {
  return node == nullptr ? nullptr : node->find(key);
}

/// A gate that asks for nothing must not be taken for none: an API server may have dropped the field in it, or somebody
/// made comments of the lines below it.
void check_gates(Places& places, const std::string& path, const Node* gates) {
  if (gates == nullptr || gates->kind != Node::Kind::Map) return;
  bool is_told = false;
  for (const std::string gate : {"scan", "signatures", "sbom", "provenance"}) {
    const Node* given = gates->find(gate);
    if (given == nullptr) continue;
    is_told = true;
    if (given->kind != Node::Kind::Null) continue;
    std::string field = path;
    field += '.';
    field += gate;
    places.problem(field, gate + " is empty",
                   gate == "scan" ? "write allowUpTo or reports, {} for a scan by the defaults, or remove it"
                                  : "write what is asked for, or remove it");
  }
  if (!is_told && (gates->members.empty() || places.passes_over_unknown()))
    places.problem(path, "no gate is given", "write one of scan, signatures, sbom, provenance, or leave gates out");
}

/// An API server drops what has no value, so it counts as left out here as well; but whoever wrote the name may have
/// meant it to hold something back.
void warn_of_nothing(const Node& node, const std::string& path, FieldReader& reader) {
  for (std::size_t i = 0; i < node.items.size(); ++i) warn_of_nothing(node.items[i], at(path, i), reader);
  for (const auto& member : node.members) {
    const std::string field = path + '.' + member.key;
    warn_of_nothing(member.value, field, reader);
    if (member.value.kind != Node::Kind::Null || reader.is_refused(field)) continue;
    const FieldReader::Step step(reader, field);
    reader.warn(member.place, "it has no value, and counts as left out", "give it one, or remove it");
  }
}

void check_selector(Places& places, const std::string& path, const LabelSelector& selector) {
  for (const auto& [key, value] : selector.match_labels)
    if (const auto checked = check_label_key(key); !checked) places.problem(path + ".matchLabels", checked.error());
  for (std::size_t i = 0; i < selector.match_expressions.size(); ++i)
    if (const auto checked = check_values(selector.match_expressions[i]); !checked)
      places.problem(at(path + ".matchExpressions", i) + ".values", checked.error());
}

bool has_value(const BuildInfo& build, const std::string& environment, const TagVariable& variable) {
  switch (variable.kind) {
    case TagVariable::Kind::Commit:
      return !build.commit.empty();
    case TagVariable::Kind::Version:
    case TagVariable::Kind::Major:
    case TagVariable::Kind::Minor:
    case TagVariable::Kind::Patch:
      return !build.version.empty();
    case TagVariable::Kind::Number:
      return build.number.has_value();
    case TagVariable::Kind::Environment:
      return !environment.empty();
    case TagVariable::Kind::Branch:
      return !build.branch.empty();
    case TagVariable::Kind::Date:
      return build.built_at.has_value();
    case TagVariable::Kind::Digest:
      return true;
    case TagVariable::Kind::Label:
      return build.labels.contains(variable.label);
  }
  return true;
}

std::string value_field(const TagVariable& variable) {
  switch (variable.kind) {
    case TagVariable::Kind::Commit:
      return "spec.build.commit";
    case TagVariable::Kind::Number:
      return "spec.build.number";
    case TagVariable::Kind::Environment:
      return "spec.environment";
    case TagVariable::Kind::Branch:
      return "spec.build.branch";
    case TagVariable::Kind::Date:
      return "spec.build.builtAt";
    case TagVariable::Kind::Label:
      return "spec.build.labels." + variable.label;
    default:
      return "spec.build.version";
  }
}

/// Whether every value is there.
bool check_tag(Places& places, const ImagePublicationSpec& spec, std::size_t index) {
  const TagSpec& tag = spec.tags[index];
  const auto parsed = TagTemplate::parse(tag.template_text);
  if (!parsed) return false;  // The field's own check has said so.
  bool is_filled = true;
  const std::string path = at("spec.tags", index) + ".template";
  std::set<std::string> missing;  // Of a version there are parts.
  for (const auto& part : parsed->parts()) {
    const auto* variable = std::get_if<TagVariable>(&part);
    if (variable == nullptr || tag.optional || has_value(spec.build, spec.environment, *variable)) continue;
    is_filled = false;
    const std::string field = value_field(*variable);
    if (places.is_refused(field) || !missing.insert(field).second) continue;
    const std::string giver = places.giver_of(field);
    places.problem(path, "the template needs " + field + ", which is not given" + (giver.empty() ? "" : " here"),
                   "give it, or write optional: true" + (giver.empty() ? "" : " (" + giver + ")"));
  }
  if (spec.source.follow && tag.mutability == Mutability::Immutable && !parsed->uses(TagVariable::Kind::Digest))
    places.problem(path, "with follow: true each new digest would want this immutable tag",
                   "write mutability: Moving or use {{digest:12}}");
  return is_filled;
}

constexpr const char* kOneOfTwo = "remove one of the two, or write another template";

/// The digest is not known yet; one stands for it, the same in each template.
void check_tags(Places& places, const ImagePublicationSpec& spec) {
  std::map<std::string, std::size_t> seen;
  std::map<std::string, std::size_t> templates;
  for (std::size_t i = 0; i < spec.tags.size(); ++i) {
    const bool is_filled = check_tag(places, spec, i);
    const auto expanded = expand_tags({spec.tags[i]}, {.build = spec.build, .environment = spec.environment});
    if (!expanded && is_filled)
      places.problem(at("spec.tags", i) + ".template", expanded.error().message, expanded.error().remedy);
    const std::string& text = spec.tags[i].template_text;
    const auto [same, is_new] = templates.emplace(text, i);
    if (!expanded || expanded->front().state != ExpansionState::Expanded) {
      if (!is_new && !text.empty())  // What was refused is left empty.
        places.problem(at("spec.tags", i) + ".template", "it is that of " + at("spec.tags", same->second) + ", too",
                       kOneOfTwo);
      continue;
    }
    const std::string& tag = expanded->front().tag;
    const auto [first, added] = seen.emplace(tag, i);
    if (!added)
      places.problem(at("spec.tags", i) + ".template",
                     "it gives the tag " + quoted(tag) + ", and so does " + at("spec.tags", first->second), kOneOfTwo);
  }
}

void check_source(Places& places, const SourceSpec& source) {
  std::optional<Digest> named;
  if (source.image) {
    const auto reference = ImageReference::parse(source.image->reference);
    if (reference) named = reference->digest;
    if (reference && source.image->plain_http && !is_loopback_host(reference->registry))
      places.problem("spec.source.image.plainHTTP", "only a registry on localhost is reached without TLS",
                     "remove plainHTTP");
    if (source.image->pull_secret_ref && source.image->registry_ref)
      places.problem("spec.source.image.pullSecretRef", "it can't be used with registryRef, which says how to sign in",
                     "remove one of the two");
  }
  if (named && source.digest && named->str() != *source.digest)
    places.problem("spec.source.digest", "it differs from the digest in image.reference", "remove one of the two");
  if (source.follow && (named || source.digest))
    places.problem("spec.source.follow", "a source with a digest stays what it is", "remove follow, or the digest");
}

/// Whoever goes back in an emergency must not take a publication that went well for it.
void check_rollback(Places& places, const ImagePublicationSpec& spec) {
  if (!spec.rollback || places.is_refused("spec.tags")) return;
  for (std::size_t i = 0; i < spec.tags.size(); ++i)
    if (spec.tags[i].mutability == Mutability::Moving || places.is_refused(at("spec.tags", i) + ".mutability")) return;
  places.warn("spec.rollback", "no tag is Moving: it takes none back",
              "write mutability: Moving at the tag that is to go back, or remove the rollback");
}

/// What its gates ask is asked of who publishes.
void check_floor(Places& places, const std::string& path, const AccessEntry& entry) {
  if (entry.gates == Gates{} || std::ranges::find(entry.actions, AccessAction::Publish) != entry.actions.end()) return;
  places.warn(path + ".gates", "they hold nothing back, because this entry gives no Publish",
              "write them in the entry that gives Publish, or remove them");
}

}  // namespace

void warn_of_nothing(const Node& root, FieldReader& reader) {
  if (const Node* spec = root.find("spec")) warn_of_nothing(*spec, "spec", reader);
}

void validate(const ContainerRegistry& object, const Node& root, FieldReader& reader) {
  Places places(root, reader);
  const auto& spec = object.spec;
  if (spec.plain_http && check_registry_host(spec.login_server) && !is_loopback_host(spec.login_server))
    places.problem("spec.plainHTTP", "only a registry on localhost is reached without TLS",
                   "remove plainHTTP, or name localhost in loginServer");
  const Node* access = member_of(root.find("spec"), "access");
  for (std::size_t i = 0; i < spec.access.size(); ++i) {
    check_selector(places, at("spec.access", i) + ".namespaceSelector", spec.access[i].namespace_selector);
    check_floor(places, at("spec.access", i), spec.access[i]);
    if (access != nullptr && i < access->items.size())
      check_gates(places, at("spec.access", i) + ".gates", access->items[i].find("gates"));
  }
}

void validate(const ImagePublication& object, const Node& root, FieldReader& reader) {
  Places places(root, reader);
  const auto& spec = object.spec;
  check_tags(places, spec);
  check_gates(places, "spec.gates", member_of(root.find("spec"), "gates"));
  check_source(places, spec.source);
  check_rollback(places, spec);
  if (spec.ttl_after_published && spec.deletion_policy == DeletionPolicy::Untag)
    places.problem("spec.ttlAfterPublished", "it can't be used with deletionPolicy: Untag",
                   "remove it or write deletionPolicy: Retain");
}

void refuse_files(const ImagePublication& object, const Node& root, FieldReader& reader) {
  const auto refuse = [&](bool given, const std::string& field, std::string remedy) {
    if (!given) return;
    const FieldReader::Step step(reader, field);
    reader.refuse(root.place, "it would read a file of the controller's own", std::move(remedy));
  };
  const auto& source = object.spec.source;
  const std::string image = "name an image of a registry";
  refuse(source.oci_layout.has_value(), "spec.source.ociLayout", image);
  refuse(source.oci_archive.has_value(), "spec.source.ociArchive", image);
  refuse(source.docker_archive.has_value(), "spec.source.dockerArchive", image);
  if (!object.spec.gates.scan) return;
  const auto& reports = object.spec.gates.scan->reports;
  for (std::size_t i = 0; i < reports.size(); ++i)
    refuse(reports[i].path.has_value(), at("spec.gates.scan.reports", i) + ".path", "give the report by configMapRef");
}

void validate(const RetentionPolicy& object, const Node& root, FieldReader& reader) {
  Places places(root, reader);
  const auto& spec = object.spec;
  for (std::size_t i = 0; i < spec.rules.size(); ++i) {
    const auto& rule = spec.rules[i];
    const std::string path = at("spec.rules", i);
    for (std::size_t k = 0; k < rule.match.tag_regexes.size(); ++k) {
      const RE2 expression(rule.match.tag_regexes[k], RE2::Quiet);
      if (!expression.ok())
        places.problem(at(path + ".match.tagRegexes", k),
                       quoted(rule.match.tag_regexes[k]) + " is not an RE2 expression", expression.error());
    }
    if (rule.expire_after.has_value() == rule.retain.has_value())
      places.problem(
          path, rule.retain ? "expireAfter and retain are given together" : "neither expireAfter nor retain is given",
          "give exactly one of expireAfter, retain");
    if (rule.match == RetentionMatch{})
      places.problem(path + ".match", "the rule matches nothing in particular",
                     "say what it is for; every tag is tags: [\"*\"]");
    if (rule.retain && (rule.keep_last || rule.keep_newest_per_minor))
      places.problem(path + (rule.keep_last ? ".keepLast" : ".keepNewestPerMinor"),
                     "what is retained is kept whatever its number", "remove it, or the retain");
  }
}

}  // namespace slipway
