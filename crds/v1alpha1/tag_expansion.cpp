#include "crds/v1alpha1/tag_expansion.h"

#include <map>
#include <optional>
#include <utility>

#include "crds/base/image_reference.h"
#include "crds/base/semantic_version.h"
#include "crds/base/tag_template.h"
#include "crds/base/text.h"

namespace slipway {

namespace {

using Kind = TagVariable::Kind;

constexpr std::size_t kLongestTag = 128;
constexpr std::string_view kLatest = "latest";

/// The field that a variable is filled from.
std::string field_of(const TagVariable& variable) {
  switch (variable.kind) {
    case Kind::Commit:
      return "spec.build.commit";
    case Kind::Version:
    case Kind::Major:
    case Kind::Minor:
    case Kind::Patch:
      return "spec.build.version";
    case Kind::Number:
      return "spec.build.number";
    case Kind::Environment:
      return "spec.environment";
    case Kind::Branch:
      return "spec.build.branch";
    case Kind::Date:
      return "spec.build.builtAt";
    case Kind::Label:
      return "spec.build.labels." + variable.label;
    case Kind::Digest:
      break;
  }
  return "spec.source";
}

std::string date_of(const std::optional<Timestamp>& time) {
  if (!time) return {};
  const std::string text = to_string(*time);
  return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2);
}

std::string version_part(Kind kind, const std::optional<SemanticVersion>& version) {
  if (!version) return {};
  if (kind == Kind::Major) return version->major;
  return kind == Kind::Minor ? version->minor : version->patch;
}

/// Empty when the value is missing.
std::string value_of(const TagVariable& variable, const TagValues& values) {
  const BuildInfo& build = values.build;
  switch (variable.kind) {
    case Kind::Commit:
      return build.commit;
    case Kind::Version:
      return build.version;
    case Kind::Major:
    case Kind::Minor:
    case Kind::Patch:
      return version_part(variable.kind, parse_semantic_version(build.version));
    case Kind::Number:
      return build.number ? std::to_string(*build.number) : std::string();
    case Kind::Environment:
      return values.environment;
    case Kind::Branch:
      return build.branch;
    case Kind::Date:
      return date_of(build.built_at);
    case Kind::Digest:
      return std::string(values.digest.hex());
    case Kind::Label:
      break;
  }
  const auto label = build.labels.find(variable.label);
  return label == build.labels.end() ? std::string() : label->second;
}

std::string made_safe(std::string text) {
  for (char& c : text)
    if (!is_alphanumeric(c) && c != '_' && c != '.') c = '-';
  if (text.size() > kLongestTag) text.resize(kLongestTag);
  if (!text.empty() && (text.front() == '.' || text.front() == '-')) text.front() = '_';
  return text;
}

/// What came of filling a template: a tag, or the variable that has no value.
struct Filled {
  std::string tag;
  std::optional<TagVariable> missing;
};

Filled fill(const TagTemplate& parsed, const TagValues& values) {
  Filled out;
  for (const auto& part : parsed.parts()) {
    const auto* variable = std::get_if<TagVariable>(&part);
    if (variable == nullptr) {
      out.tag += std::get<std::string>(part);
      continue;
    }
    const std::string value = value_of(*variable, values);
    if (value.empty()) return {.tag = {}, .missing = *variable};
    out.tag += value.substr(0, variable->length.value_or(std::string::npos));
  }
  out.tag = made_safe(std::move(out.tag));
  return out;
}

bool uses_parts_of_version(const TagTemplate& parsed) {
  return (parsed.uses(Kind::Major) || parsed.uses(Kind::Minor) || parsed.uses(Kind::Patch)) &&
         !parsed.uses(Kind::Version);
}

std::unexpected<Error> without_value(const TagSpec& spec, const TagVariable& variable, const TagValues& values) {
  const std::string field = field_of(variable);
  const bool half = field == "spec.build.version" && !values.build.version.empty();
  const std::string what =
      half ? "its version " + quoted(values.build.version) + " is not semantic" : field + " is not set";
  return fail(
      ErrorClass::Invalid,
      "tag " + quoted(spec.name) + ": the template " + quoted(spec.template_text, 160) + " can't be filled: " + what,
      half ? "write a version like 1.8.2, or another template" : "set " + field + ", or set optional: true");
}

/// "sha256-<hex>" and "sha256-<hex>.sig" and their like, where clients look for what is attached to an image.
bool speaks_of_a_digest(std::string_view tag) {
  constexpr std::size_t kHexDigits = 64;  // Clients cut longer ones.
  if (!tag.starts_with("sha256-") && !tag.starts_with("sha512-")) return false;
  const std::string_view hex = tag.substr(std::string_view("sha256-").size(), kHexDigits);
  return hex.size() == kHexDigits && hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<ExpandedTag> expand_one(const TagSpec& spec, const TagValues& values) {
  const auto parsed = TagTemplate::parse(spec.template_text);
  if (!parsed) return while_doing("tag " + quoted(spec.name), parsed.error());
  ExpandedTag out;
  out.name = spec.name;
  out.mutability = spec.mutability;
  Filled filled = fill(*parsed, values);
  if (filled.missing) {
    if (!spec.optional) return without_value(spec, *filled.missing, values);
    out.state = ExpansionState::Missing;
    out.why = field_of(*filled.missing) + " gives no value and the tag is optional";
    return out;
  }
  out.tag = std::move(filled.tag);
  if (speaks_of_a_digest(out.tag))
    return fail(ErrorClass::Invalid,
                "tag " + quoted(spec.name) + ": it becomes " + quoted(out.tag, kLongestTag) +
                    ", where registries and clients keep what is attached to the image of that digest",
                "write a word before it, e.g. \"image-\", or another template");
  const bool cut_version = uses_parts_of_version(*parsed) || out.tag == kLatest;
  const bool with_patch = parsed->uses(Kind::Patch) && out.tag != kLatest;
  out.never_lower = cut_version && !with_patch;
  const auto version = parse_semantic_version(values.build.version);
  if (cut_version && version && version->is_prerelease()) {
    out.state = ExpansionState::HeldBack;
    out.why = "the prerelease " + values.build.version + " never sets it";
  }
  return out;
}

Result<void> check_unique(const std::vector<ExpandedTag>& tags) {
  std::map<std::string, std::string> names;
  for (const auto& one : tags) {
    if (one.state != ExpansionState::Expanded) continue;
    const auto [known, added] = names.emplace(one.tag, one.name);
    if (!added)
      return fail(ErrorClass::Invalid,
                  "tags " + quoted(known->second) + " and " + quoted(one.name) + " both become " + quoted(one.tag),
                  "change one of the templates so that each gives a tag of its own");
  }
  return {};
}

}  // namespace

Result<std::vector<ExpandedTag>> expand_tags(const std::vector<TagSpec>& tags, const TagValues& values) {
  std::vector<ExpandedTag> out;
  for (const auto& spec : tags) {
    auto one = expand_one(spec, values);
    if (!one) return std::unexpected(one.error());
    out.push_back(std::move(*one));
  }
  if (const auto unique = check_unique(out); !unique) return std::unexpected(unique.error());
  return out;
}

}  // namespace slipway
