#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include "crds/base/pattern.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/manifests.h"
#include "crds/v1alpha1/resources.h"
#include "tests/catch.h"

namespace slipway {
namespace {

std::int64_t number_of(const Node& schema, std::string_view key, std::int64_t otherwise) {
  const Node* found = schema.find(key);
  return found == nullptr ? otherwise : found->integer;
}

bool is_within(const Node& schema, std::string_view least, std::string_view most, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  return count >= number_of(schema, least, 0) && count <= number_of(schema, most, INT64_MAX);
}

/// What a rule says that stands for a pattern, or for a part of one that must not be found; all others are passed over.
bool lets_pass(const Node& rule, const std::string& text) {
  const std::string& expression = rule.find("rule")->text;
  const auto pattern_after = [&](std::string_view begin) {
    return expression.starts_with(begin) ? expression.substr(begin.size(), expression.size() - begin.size() - 2) : "";
  };
  const std::string wanted = pattern_after("self.matches(r'");
  const std::string unwanted = pattern_after("!self.matches(r'");
  return (wanted.empty() || Pattern(wanted).matches(text)) &&
         (unwanted.empty() || !Pattern(".*(" + unwanted + ").*").matches(text));
}

bool takes_text(const Node& schema, const std::string& text) {
  if (const Node* rules = schema.find("x-kubernetes-validations"))
    for (const Node& rule : rules->items)
      if (!lets_pass(rule, text)) return false;
  if (const Node* pattern = schema.find("pattern"); pattern != nullptr && !Pattern(pattern->text).matches(text))
    return false;
  if (const Node* choices = schema.find("enum"))
    return std::ranges::any_of(choices->items, [&](const Node& each) { return each.text == text; });
  return is_within(schema, "minLength", "maxLength", count_characters(text));
}

bool takes(const Node& schema, const Node& value);

bool takes_map(const Node& schema, const Node& map) {
  if (const Node* required = schema.find("required"))
    for (const auto& each : required->items)
      if (map.find(each.text) == nullptr) return false;
  const Node* properties = schema.find("properties");
  const Node* others = schema.find("additionalProperties");
  return std::ranges::all_of(map.members, [&](const auto& member) {
    const Node* of_member = properties == nullptr ? others : properties->find(member.key);
    return of_member != nullptr && takes(*of_member, member.value);
  });
}

/// Whether the value has the form that the schema asks for, as an API server judges it before any rule of CEL.
bool takes(const Node& schema, const Node& value) {
  const std::string& type = schema.find("type")->text;
  if (type == "string") return value.kind == Node::Kind::String && takes_text(schema, value.text);
  if (type == "boolean") return value.kind == Node::Kind::Boolean;
  if (type == "integer")
    return value.kind == Node::Kind::Integer && value.integer >= number_of(schema, "minimum", INT64_MIN) &&
           value.integer <= number_of(schema, "maximum", INT64_MAX);
  if (type == "object") return value.kind == Node::Kind::Map && takes_map(schema, value);
  return value.kind == Node::Kind::List && is_within(schema, "minItems", "maxItems", value.items.size()) &&
         std::ranges::all_of(value.items, [&](const Node& item) { return takes(*schema.find("items"), item); });
}

struct Judged {
  bool by_schema = true, by_reader = true;
};

Judged judge(ResourceKind kind, const std::string& spec) {
  const auto root = parse_documents(spec, "f").at(0).root;
  const Node manifest = crd_manifest(kind);
  const Node& schema = *manifest.find("spec")->find("versions")->items.at(0).find("schema")->find("openAPIV3Schema");
  const auto parsed =
      parse_resources("{\"apiVersion\": \"slipway.dev/v1alpha1\", \"kind\": \"" + std::string(to_string(kind)) +
                          "\", \"metadata\": {\"name\": \"a\"}, \"spec\": " + to_json_text(root) + "}",
                      "f");
  return {takes(*schema.find("properties")->find("spec"), root), parsed.resources.size() == 1};
}

const std::string kRegistry = "loginServer: contoso.azurecr.io\nauthentication: {anonymous: {}}\n";
const std::string kPublication = "registryRef: {name: contoso}\ntags: [{name: a, template: a}]\nrepository: shop/app\n";
const std::string kImage = kPublication + "source: {image: {reference: 'ghcr.io/contoso/app:1'}}\n";
const std::string kPolicy = "registryRef: {name: contoso}\nrepositories: ['**']\n";

std::string image(const std::string& reference) {
  return kPublication + "source: {image: {reference: '" + reference + "'}}";
}
std::string login_server(const std::string& host) {
  return "authentication: {anonymous: {}}\nloginServer: '" + host + "'";
}
std::string repository(const std::string& name) {
  return "registryRef: {name: contoso}\ntags: [{name: a, template: a}]\nsource: {image: {reference: a}}\nrepository: "
         "'" +
         name + "'";
}
std::string layout(const std::string& fields) {
  return kPublication + "source: {ociLayout: {path: image, " + fields + "}}";
}
std::string floor_exception(const std::string& fields) {
  return "gates: {scan: {exceptions: [{id: CVE-2026-1, reason: x, until: 2026-12-31, " + fields + "}]}}";
}
std::string scan_exception(const std::string& fields) {
  const bool has_id = fields.find("id:") != std::string::npos;
  return kImage + "gates: {scan: {reports: [{name: a, inline: '{}'}], exceptions: [{reason: x, until: 2026-12-31, " +
         (has_id ? "" : "id: CVE-2026-1, ") + fields + "}]}}";
}
std::string until(const std::string& text) {
  return kImage + "rollback: {digest: 'sha256:" + std::string(64, 'a') + "', reason: x, until: '" + text + "'}";
}

}  // namespace

TEST_CASE("what the reader takes and refuses, the schema takes and refuses") {
  struct Row {
    ResourceKind kind;
    std::string spec;
    bool taken;
  };
  const auto registry = ResourceKind::ContainerRegistry;
  const auto publication = ResourceKind::ImagePublication;
  const auto policy = ResourceKind::RetentionPolicy;
  const std::string entry = "access: [{name: a, namespaceSelector: {}, repositories: ['**'], actions: [Read], ";
  const std::string selector =
      kRegistry + "access: [{name: a, repositories: ['**'], actions: [Read], namespaceSelector: ";
  const Row rows[] = {
      {registry, kRegistry + "budget: {alertAt: [1, 1000]}", true},
      {registry, kRegistry + "budget: {alertAt: [0]}", false},
      {registry, kRegistry + "budget: {alertAt: [1001]}", false},
      {registry, kRegistry + "transfer: {concurrency: 64}", true},
      {registry, kRegistry + "transfer: {concurrency: 65}", false},
      {registry, login_server("Contoso.azurecr.io:443"), true},
      {registry, login_server("[::1]:5000"), true},
      {registry, login_server("https://contoso.azurecr.io"), false},
      {registry, login_server("contoso.azurecr.io/shop"), false},
      {registry, login_server("-contoso.azurecr.io"), false},
      {registry, login_server("contoso.azurecr.io:"), false},
      {registry, kRegistry + "aliases: ['b.example']", true},
      {registry, kRegistry + "aliases: ['b.example/x']", false},
      {registry, selector + "{matchLabels: {team: shop}}}]", true},
      {registry, selector + "{matchLabels: {team: 'a b'}}}]", false},
      {registry, selector + "{matchExpressions: [{key: 'contoso.com/team', operator: Exists}]}}]", true},
      {registry, selector + "{matchExpressions: [{key: 'bad key//', operator: Exists}]}}]", false},
      {registry, selector + "{matchExpressions: [{key: team, operator: exists}]}}]", false},
      {registry, selector + "{matchExpressions: [{key: team, operator: In, values: ['-']}]}}]", false},
      {registry, selector + "{matchExpressions: [{key: team, operator: In, values: ['a b']}]}}]", false},
      {registry, selector + "{matchExpressions: [{key: team, operator: In, values: ['', shop, a_b-c.d]}]}}]", true},
      {registry, kRegistry + entry + "gates: {signatures: []}}]", false},
      {publication, kImage + "gates: {signatures: []}", false},
      {publication, kImage + "gates: {signatures: [{name: a, cosignKeyRef: {name: b, key: c}}]}", true},
      {publication, scan_exception("package: openssl"), true},
      {publication, scan_exception("package: ''"), false},
      {publication, scan_exception("package: '', id: ''"), false},
      {registry, kRegistry + entry + floor_exception("package: openssl") + "}]", true},
      {registry, kRegistry + entry + floor_exception("package: ''") + "}]", false},
      {registry, "loginServer: a.example\nauthentication: {managedIdentity: {clientID: ''}}\n", false},
      {publication, kImage + "gates: {provenance: {builder: ''}}", false},
      {publication, kImage + "gates: {provenance: {sourceRepository: ''}}", false},
      {publication, layout("image: shop"), true},
      {publication, layout("image: ''"), false},
      {publication, repository("shop/my-app__x.y"), true},
      {publication, repository("Shop/app"), false},
      {publication, repository("shop//app"), false},
      {publication, repository("shop/app:1"), false},
      {publication, image("alpine"), true},
      {publication, image("localhost:5000/team/app:1.2@sha256:" + std::string(64, 'a')), true},
      {publication, image("https://ghcr.io/app"), false},
      {publication, image("ghcr.io/contoso/app:"), false},
      {publication, image("ghcr.io/contoso/app@sha256:12"), false},
      {publication, image("ghcr.io/contoso/app 1"), false},
      {publication, until("2026-12-31"), true},
      {publication, until("2026-12-31T18:00:00+01:00"), true},
      {publication, until("31.12.2026"), false},
      {publication, until("tomorrow"), false},
      {policy, kPolicy + "rules: [{name: a, match: {tags: ['*']}, expireAfter: 1d}]", true},
      {policy, kPolicy + "rules: [{name: a, match: {tags: []}, expireAfter: 1d}]", false},
      {policy, kPolicy + "rules: [{name: a, match: {environments: [staging]}, retain: {atLeast: 7y}}]", true},
      {policy, kPolicy + "rules: [{name: a, match: {environments: [Production]}, retain: {atLeast: 7y}}]", false},
      {policy, kPolicy + "rules: [{name: a, match: {environments: ['']}, retain: {atLeast: 7y}}]", false},
      {policy, kPolicy + "protect: {ignorePullsFrom: ['']}", false},
      {policy, kPolicy + "limits: {maxPercent: 101}", false},
  };
  for (const auto& row : rows) {
    INFO(row.spec);
    const auto judged = judge(row.kind, row.spec);
    CHECK(judged.by_schema == row.taken);
    CHECK(judged.by_reader == row.taken);
  }
}

TEST_CASE("what a status repeats of a build is taken there, and read back, to the ends of what a build may say") {
  const Node manifest = crd_manifest(ResourceKind::ImagePublication);
  const Node& schema = *manifest.find("spec")->find("versions")->items.at(0).find("schema")->find("openAPIV3Schema");
  const std::string most(128, 'a');
  for (const auto& build :
       {"{commit: '" + most + "', version: '1.0.0-" + most.substr(6) + "', number: 9223372036854775807}",
        std::string("{commit: a, version: 0.0.0, number: 0}"), std::string("{builtAt: '0000-12-31T23:59:00-00:01'}"),
        std::string("{builtAt: '9999-12-31T23:59:59.999999999Z'}"),
        std::string("{builtAt: '9999-12-31T23:58:59-00:01'}")}) {
    INFO(build);
    const auto parsed = parse_resources(
        "{apiVersion: slipway.dev/v1alpha1, kind: ImagePublication, metadata: {name: a}, "
        "spec: {registryRef: {name: contoso}, tags: [{name: a, template: a}], repository: a, "
        "source: {image: {reference: a}}, environment: " +
            most.substr(0, 63) + ", build: " + build + "}}",
        "f");
    REQUIRE(parsed.resources.size() == 1);
    const auto& spec = std::get<ImagePublication>(parsed.resources.front().resource).spec;
    ImagePublicationStatus status;
    status.history.push_back({.digest = "sha256:a",
                              .environment = spec.environment,
                              .version = spec.build.version,
                              .commit = spec.build.commit,
                              .number = spec.build.number,
                              .built_at = spec.build.built_at,
                              .published_at = Timestamp{}});
    const Node written = to_node(status);
    CHECK(takes(*schema.find("properties")->find("status"), written));
    const auto read = publication_status_from(written);
    REQUIRE(read);
    CHECK(*read == status);
  }
}

TEST_CASE("the conditions' schema is that of metav1.Condition") {
  const Node manifest = crd_manifest(ResourceKind::ImagePublication);
  const Node& schema = *manifest.find("spec")->find("versions")->items.at(0).find("schema")->find("openAPIV3Schema");
  const Node& conditions =
      *schema.find("properties")->find("status")->find("properties")->find("conditions")->find("items");
  const auto condition = [](const std::string& type, const std::string& status, const std::string& reason) {
    return parse_documents("lastTransitionTime: \"2026-11-24T09:00:00Z\"\nmessage: \"\"\ntype: \"" + type +
                               "\"\nstatus: \"" + status + "\"\nreason: \"" + reason + "\"\n",
                           "f")
        .at(0)
        .root;
  };
  CHECK(takes(conditions, condition("Ready", "True", "Succeeded")));
  CHECK(takes(conditions, condition("slipway.dev/Ready", "Unknown", "A_b")));
  CHECK_FALSE(takes(conditions, condition("Ready!", "True", "Succeeded")));
  CHECK_FALSE(takes(conditions, condition("Ready", "true", "Succeeded")));
  CHECK_FALSE(takes(conditions, condition("Ready", "True", "")));
  CHECK_FALSE(takes(conditions, condition("Ready", "True", "two words")));
  CHECK(to_json_text(*conditions.find("required")) == R"(["type","status","lastTransitionTime","reason","message"])");
}

}  // namespace slipway
