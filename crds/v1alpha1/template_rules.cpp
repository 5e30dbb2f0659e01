#include "crds/v1alpha1/template_rules.h"

#include <string>
#include <string_view>

namespace slipway {

namespace {

/// ":N" of a variable: `short_ones` are the numbers of one digit that are taken, the longest is 128.
std::string length_of(std::string_view short_ones) {
  return "( *: *(" + std::string(short_ones) + "|0?[1-9][0-9]|1[01][0-9]|12[0-8]))?";
}

std::string any_variable() {
  return "[{][{] *(version|major|minor|patch|number|environment|date|commit" + length_of("0{0,2}[4-9]") + "|digest" +
         length_of("0{0,2}[6-9]") + "|branch" + length_of("0{0,2}[1-9]") + "|labels[.][A-Za-z0-9._/-]{1,63}" +
         length_of("0{0,2}[1-9]") + ") *[}][}]";
}

constexpr const char* kWhatToGive = ", which is not given; give it, or write optional: true at the tag";
constexpr const char* kMaySkip = "(has(tag.optional) && tag.optional)";

/// Each template with a variable that matches `names` is optional, or `given` holds.
SchemaRule needs(std::string_view names, std::string_view given, const std::string& field) {
  const std::string needs_none =
      std::string(kMaySkip) + " || !tag.template.matches('[{][{] *(" + std::string(names) + ") *[:}]')";
  return {"!has(self.tags) || (" + std::string(given) + ") || self.tags.all(tag, " + needs_none + ")",
          "a tag's template needs " + field + kWhatToGive,
          "self.tags.map(tag, !(" + needs_none + "), \"the template of tag '\" + tag.name + \"' needs " + field +
              kWhatToGive + "\")[0]"};
}

SchemaRule needs_text_of_build(std::string_view names, const std::string& field) {
  return needs(names, "has(self.build) && has(self.build." + field + ") && self.build." + field + " != ''",
               "spec.build." + field);
}

SchemaRule needs_labels() {
  const std::string key = "found.substring(found.indexOf('.') + 1)";
  const std::string all = "tag.template.findAll('[{][{] *labels[.][A-Za-z0-9._/-]+')";
  const std::string is_given = "has(self.build) && has(self.build.labels) && " + key +
                               " in self.build.labels && self.build.labels[" + key + "] != ''";
  const std::string needs_none = std::string(kMaySkip) + " || " + all + ".all(found, " + is_given + ")";
  return {"!has(self.tags) || self.tags.all(tag, " + needs_none + ")",
          std::string("a tag's template needs a key of spec.build.labels") + kWhatToGive,
          "self.tags.map(tag, !(" + needs_none +
              "), \"the template of tag '\" + tag.name + \"' needs spec.build.labels.\" + " + all + ".map(found, !(" +
              is_given + "), " + key + ")[0] + \"" + kWhatToGive + "\")[0]"};
}

SchemaRule no_two_the_same() {
  const std::string is_alone = "self.tags.exists_one(other, other.template == tag.template)";
  const std::string remedy = " have the same template; write another template, or remove one of them";
  return {"!has(self.tags) || self.tags.all(tag, " + is_alone + ")", "two tags" + remedy,
          "self.tags.map(tag, !" + is_alone +
              ", self.tags.map(other, other.template == tag.template && other.name != tag.name,"
              " \"the tags '\" + tag.name + \"' and '\" + other.name + \"'" +
              remedy + "\")[0])[0]"};
}

}  // namespace

std::vector<SchemaRule> rules_of_template() {
  return {{"self.template.matches('^([A-Za-z0-9_]|" + any_variable() + ")([A-Za-z0-9._-]|" + any_variable() + ")*$')",
           "write letters, digits, '.', '_' and '-', none of '.' and '-' first, and variables in double braces: "
           "{{commit}}, {{commit:7}}, {{version}}, {{major}}, {{minor}}, {{patch}}, {{number}}, {{environment}}, "
           "{{branch}}, {{date}}, {{digest:12}} and {{labels.KEY}}"},
          {"self.template.contains('{') || self.template.size() <= 128",
           "a tag has at most 128 characters; write a shorter one"},
          {"!self.template.matches('^sha(256|512)-[0-9a-f]{64}')",
           "tags of this form hold what is attached to the image of that digest; write a word before it"}};
}

std::vector<SchemaRule> rules_of_templates() {
  return {needs_text_of_build("commit", "commit"),
          needs_text_of_build("version|major|minor|patch", "version"),
          needs("number", "has(self.build) && has(self.build.number)", "spec.build.number"),
          needs("environment", "has(self.environment) && self.environment != ''", "spec.environment"),
          needs_text_of_build("branch", "branch"),
          needs("date", "has(self.build) && has(self.build.builtAt)", "spec.build.builtAt"),
          needs_labels(),
          no_two_the_same()};
}

}  // namespace slipway
