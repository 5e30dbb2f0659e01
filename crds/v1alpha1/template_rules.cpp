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

/// Each template with a variable that matches `names` is optional, or `given` holds.
SchemaRule needs(std::string_view names, std::string_view given, std::string_view field) {
  return {"!has(self.tags) || (" + std::string(given) +
              ") || self.tags.all(tag, (has(tag.optional) && tag.optional) || !tag.template.matches('[{][{] *(" +
              std::string(names) + ") *[:}]'))",
          "a tag's template needs " + std::string(field) +
              ", which is not given; give it, or write optional: true at the tag"};
}

SchemaRule needs_text_of_build(std::string_view names, const std::string& field) {
  return needs(names, "has(self.build) && has(self.build." + field + ") && self.build." + field + " != ''",
               "spec.build." + field);
}

SchemaRule needs_labels() {
  const std::string key = "found.substring(found.indexOf('.') + 1)";
  return {
      "!has(self.tags) || self.tags.all(tag, (has(tag.optional) && tag.optional) ||"
      " tag.template.findAll('[{][{] *labels[.][A-Za-z0-9._/-]+').all(found,"
      " has(self.build) && has(self.build.labels) && " +
          key + " in self.build.labels && self.build.labels[" + key + "] != ''))",
      "a tag's template needs a key of spec.build.labels, which is not given; give it, or write optional: true at the "
      "tag"};
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
          {"!has(self.tags) || self.tags.all(tag, self.tags.exists_one(other, other.template == tag.template))",
           "two tags have the same template; remove one of the two, or write another template"}};
}

}  // namespace slipway
