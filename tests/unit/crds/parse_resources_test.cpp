#include "crds/v1alpha1/resources.h"
#include "tests/catch.h"

namespace slipway {

namespace {

const std::string kPublication = R"(apiVersion: slipway.dev/v1alpha1
kind: ImagePublication
metadata: {name: app, namespace: shop}
spec:
  registryRef: {name: contoso}
  repository: shop/app
  environment: staging
  source:
    image: {reference: "ghcr.io/contoso/app:1"}
  build: {commit: 4f2a91c0, number: 812, version: 1.8.2}
  tags:
    - {name: commit, template: "{{commit:7}}"}
    - {name: env, template: "{{environment}}", mutability: Moving}
  gates:
    scan: {reports: [{name: all, path: scan.json}], allowUpTo: High, maxAge: 24h}
)";

const std::string kRegistry = R"(apiVersion: slipway.dev/v1alpha1
kind: ContainerRegistry
metadata: {name: contoso}
spec:
  loginServer: 127.0.0.1:5000
  plainHTTP: true
  authentication: {anonymous: {}}
  access:
    - {name: shop, namespaceSelector: {}, repositories: ["shop/**"], actions: [Read, Publish]}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string first_problem(const std::string& text) {
  const auto parsed = parse_resources(text, "f.yaml");
  for (const auto& problem : parsed.problems)
    if (!problem.warning) return to_string(problem);
  return "none";
}

}  // namespace

TEST_CASE("a publication is read into its model") {
  const auto parsed = parse_resources(kPublication, "f.yaml");
  REQUIRE(parsed.problems.empty());
  REQUIRE(parsed.resources.size() == 1);
  const auto& object = std::get<ImagePublication>(parsed.resources[0].resource);
  CHECK(object.metadata.namespace_name == "shop");
  CHECK(object.spec.source.image->reference == "ghcr.io/contoso/app:1");
  CHECK(object.spec.build.number == 812);
  CHECK(object.spec.tags[1].mutability == Mutability::Moving);
  CHECK(object.spec.gates.scan->allow_up_to == Severity::High);
  CHECK(object.spec.gates.scan->max_age == std::chrono::hours{24});
  CHECK(object.status.observed_generation == -1);
}

TEST_CASE("an object that is written is read back as the same") {
  for (const auto& text : {kPublication, kRegistry}) {
    const auto parsed = parse_resources(text, "f.yaml");
    REQUIRE(parsed.resources.size() == 1);
    const auto& resource = parsed.resources[0].resource;
    Node node;
    if (const auto* publication = std::get_if<ImagePublication>(&resource)) node = to_node(*publication);
    if (const auto* registry = std::get_if<ContainerRegistry>(&resource)) node = to_node(*registry);
    const auto again = parse_resources(to_yaml_text(node), "again");
    REQUIRE(again.resources.size() == 1);
    CHECK(again.resources[0].resource == resource);
  }
}

TEST_CASE("a status is written and read back") {
  ImagePublicationStatus status;
  status.observed_generation = 3;
  status.published = PublishedStatus{};
  status.published->generation = 3;
  status.published->digest = "sha256:x";
  status.published->tags = {{.name = "env", .tag = "staging", .state = TagState::Superseded, .digest = "sha256:y"}};
  status.attempt = AttemptStatus{};
  status.attempt->error = AttemptError{.cls = "Throttled", .message = "m", .remedy = "r"};
  const auto read = publication_status_from(to_node(status));
  REQUIRE(read.has_value());
  CHECK(*read == status);
}

TEST_CASE("what is wrong is said with its place, its field and what is expected") {
  CHECK(first_problem(replaced(kPublication, "version: 1.8.2", "version: 1.10")) ==
        "f.yaml:10:51: spec.build.version: \"1.10\" is a number; quote it, and write three numbers with dots "
        "between them and no letter in front, e.g. 1.10.0");
  CHECK(first_problem(replaced(kPublication, "commit: 4f2a91c0", "commit: 12345678"))
            .find("spec.build.commit: \"12345678\" is an integer; quote it: \"12345678\"") != std::string::npos);
  CHECK(first_problem(replaced(kPublication, "commit: 4f2a91c0", "commit: y"))
            .find("spec.build.commit: \"y\" is a boolean; quote it") != std::string::npos);
  CHECK(first_problem(replaced(kPublication, "repository: shop/app", "repositry: shop/app")) ==
        "f.yaml:6:3: spec.repositry: the field \"repositry\" is not known; did you mean \"repository\"?");
  CHECK(first_problem(replaced(kPublication, "mutability: Moving", "mutability: Mutable")) ==
        "f.yaml:13:60: spec.tags[1].mutability: \"Mutable\" is not one of the values; write one of Immutable, Moving");
  CHECK(first_problem(replaced(kPublication, "mutability: Moving", "mutability: moving")) ==
        "f.yaml:13:60: spec.tags[1].mutability: \"moving\" is not one of the values; did you mean Moving?");
  CHECK(first_problem(replaced(kPublication, "{{commit:7}}", "{{comit}}"))
            .find("f.yaml:12:32: spec.tags[0].template: ") == 0);
  CHECK(first_problem(replaced(kPublication, "maxAge: 24h", "maxAge: 24"))
            .find("spec.gates.scan.maxAge: \"24\" is an integer; write whole numbers with a unit") !=
        std::string::npos);
  CHECK(first_problem(replaced(kPublication, "path: scan.json", "path: scan.json, inline: x"))
            .find("path and inline are given together; give exactly one of") != std::string::npos);
  CHECK(first_problem(replaced(kPublication, "kind: ImagePublication", "kind: Imagepublication"))
            .find("is not known; did you mean ImagePublication?") != std::string::npos);
  CHECK(first_problem(replaced(kPublication, ", number: 812", ", number: -1"))
            .find("-1 is out of range; write a whole number from 0 on") != std::string::npos);
}

TEST_CASE("a version that is not semantic is one error, in words") {
  struct Row {
    std::string written, example;
  };
  const std::string versioned = replaced(kPublication, "{{commit:7}}", "{{version}}");
  const std::string used_twice = replaced(versioned, "{{environment}}", "{{major}}");
  for (const auto& [written, example] : {Row{"v1.0", "1.0.0"}, Row{"v1.8.2", "1.8.2"}, Row{"\"2\"", "2.0.0"},
                                         Row{"01.0.0", "1.0.0"}, Row{"\"\"", "1.0.0"}, Row{"1.0.0-a..b", "1.0.0"}}) {
    const auto parsed = parse_resources(replaced(used_twice, "version: 1.8.2", "version: " + written), "f.yaml");
    REQUIRE(parsed.problems.size() == 1);
    const std::string shown = written.starts_with('"') ? written : '"' + written + '"';
    CHECK(to_string(parsed.problems[0]) == "f.yaml:10:51: spec.build.version: " + shown +
                                               " is not a semantic version; write three numbers with dots between "
                                               "them and no letter in front, e.g. " +
                                               example);
  }
  for (const std::string good : {"0.0.0", "1.8.2-rc.1", "1.8.2+b.07", "1.8.2-0a.1+x"})
    CHECK(first_problem(replaced(used_twice, "version: 1.8.2", "version: " + good)) == "none");
}

TEST_CASE("a source that stays what it is is not followed, and is signed in to in one way") {
  const auto with_source = [](const std::string& source) {
    const std::string given = "source:\n    image: {reference: \"ghcr.io/contoso/app:1\"}";
    return first_problem(replaced(replaced(kPublication, given, "source: " + source), "template: \"{{commit:7}}\"",
                                  "template: \"{{digest:12}}\""));
  };
  const std::string digest = "sha256:" + std::string(64, 'a');
  const std::string stays = "spec.source.follow: a source with a digest stays what it is; remove follow, or the digest";
  CHECK(with_source("{follow: true, image: {reference: ghcr.io/contoso/app:1}}") == "none");
  CHECK(with_source("{follow: true, image: {reference: ghcr.io/contoso/app@" + digest + "}}").find(stays) !=
        std::string::npos);
  CHECK(with_source("{follow: true, digest: " + digest + ", image: {reference: ghcr.io/contoso/app:1}}").find(stays) !=
        std::string::npos);
  CHECK(with_source("{image: {reference: ghcr.io/contoso/app:1, pullSecretRef: {name: a}, registryRef: {name: b}}}")
            .find("pullSecretRef: it can't be used with registryRef") != std::string::npos);
  CHECK(with_source("{platforms: [], image: {reference: ghcr.io/contoso/app:1}}").find("write at least 1") !=
        std::string::npos);
}

TEST_CASE("an empty field that says what something is for is refused: it would be for everything") {
  const std::string with = ", maxAge: 24h, exceptions: [{id: CVE-2026-1, package: '', reason: x, until: 2026-12-31}]}";
  CHECK_THAT(first_problem(replaced(kPublication, ", maxAge: 24h}", with)),
             Catch::Contains("spec.gates.scan.exceptions[0].package: it is empty; give it a value, or leave it out"));
}

TEST_CASE("what a template lacks is told once, though it has several parts of it") {
  const auto parsed = parse_resources(
      replaced(replaced(kPublication, ", version: 1.8.2", ""), "{{commit:7}}", "{{major}}.{{minor}}.{{patch}}"),
      "f.yaml");
  REQUIRE(parsed.problems.size() == 1);
  CHECK_THAT(to_string(parsed.problems[0]),
             Catch::Contains("spec.tags[0].template: the template needs spec.build.version"));
}

TEST_CASE("two deployment targets may have one name") {
  CHECK(first_problem(replaced(kPublication, "  tags:",
                               "  deploymentTargets: [{kind: Deployment, name: shop, cluster: eu}, {kind: Deployment, "
                               "name: shop, cluster: us}]\n  tags:")) == "none");
}

TEST_CASE("a rollback that takes no tag back is warned of, unless what is wrong with the tags is told") {
  const auto told = [](const std::string& from, const std::string& to) {
    std::string text;
    const auto parsed =
        parse_resources(replaced(kPublication, from, to) + "  rollback:\n    digest: sha256:" + std::string(64, 'a') +
                            "\n    reason: checkout is broken\n",
                        "f.yaml");
    for (const auto& problem : parsed.problems)
      if (problem.field.starts_with("spec.rollback")) text += to_string(problem);
    return text;
  };
  CHECK(told("Moving", "Moving").empty());
  CHECK(told("Moving", "Immutable")
            .find("spec.rollback: no tag is Moving: it takes none back; write mutability: Moving "
                  "at the tag that is to go back, or remove the rollback") != std::string::npos);
  CHECK(told("Moving", "moving").empty());
}

TEST_CASE("gates of an entry that gives no Publish are warned of") {
  const auto warnings = [](const std::string& actions) {
    const auto parsed = parse_resources(
        replaced(kRegistry, "actions: [Read, Publish]", "gates: {scan: {}}, actions: " + actions), "f.yaml");
    CHECK(parsed.resources.size() == 1);
    return std::ranges::count_if(parsed.problems, &Problem::warning);
  };
  CHECK(warnings("[Read]") == 1);
  CHECK(warnings("[Read, Publish]") == 0);
}

TEST_CASE("a value that was refused is not said to be missing too") {
  for (const std::string wrong : {"commit: [], ", "commit: a/b, "})
    CHECK(parse_resources(replaced(kPublication, "commit: 4f2a91c0, ", wrong), "f.yaml").problems.size() == 1);
  CHECK(parse_resources(replaced(kPublication, "{commit: 4f2a91c0, number: 812, version: 1.8.2}", "[]"), "f.yaml")
            .problems.size() == 1);
}

TEST_CASE("all errors of a file are reported at once") {
  const auto parsed = parse_resources(
      replaced(replaced(kPublication, "repository: shop/app", "repository: Shop/app"), "number: 812", "number: x"),
      "f.yaml");
  CHECK(parsed.resources.empty());
  CHECK(parsed.problems.size() == 2);
}

TEST_CASE("a key that stands twice or a number that JSON has not hides no other error, and is told at its field") {
  const auto [twice, field] = GENERATE(values<std::pair<std::string, std::string>>({
      {"  repository: shop/app\n  repository: shop/other\n", "spec.repository"},
      {"  repository: shop/app\n  suspend: .inf\n", "spec.suspend"},
  }));
  const auto parsed = parse_resources(
      replaced(replaced(kPublication, "  repository: shop/app\n", twice), "number: 812", "number: x"), "f.yaml");
  CHECK(parsed.resources.empty());
  std::vector<std::string> fields;
  for (const Problem& problem : parsed.problems) fields.push_back(problem.field);
  CHECK(fields == std::vector<std::string>{field, "spec.build.number"});
  CHECK(parse_resources(replaced(kPublication, "  repository: shop/app\n", twice), "f.yaml").resources.empty());
}

TEST_CASE("contradictions are refused") {
  CHECK(first_problem(replaced(kPublication, "source:\n", "source:\n    follow: true\n")).find("with follow: true") !=
        std::string::npos);
  CHECK(first_problem(replaced(kPublication, "{{environment}}", "{{commit:7}}"))
            .find("it gives the tag \"4f2a91c\", and so does spec.tags[0]") != std::string::npos);
  const std::string hex(64, 'a');
  for (const std::string& text : {"sha256-" + hex, "sha256-" + hex + ".sig", std::string("sha512-{{digest}}")}) {
    INFO(text);
    CHECK_THAT(first_problem(replaced(kPublication, "{{environment}}", text)),
               Catch::StartsWith("f.yaml:13:29: spec.tags[1].template: ") && Catch::Contains("what is attached to"));
  }
  CHECK(first_problem(replaced(kPublication, "{{environment}}", "sha256-" + hex.substr(1))) == "none");
  CHECK(first_problem(replaced(kPublication, "commit: 4f2a91c0, ", "")).find("the template needs spec.build.commit") !=
        std::string::npos);
  CHECK(
      first_problem(replaced(kRegistry, "127.0.0.1:5000", "contoso.azurecr.io")).find("only a registry on localhost") !=
      std::string::npos);
  CHECK(parse_resources(replaced(kRegistry, "127.0.0.1:5000", "https://127.0.0.1:5000"), "f.yaml").problems.size() ==
        1);
  CHECK(first_problem(kPublication + "---\n" + kPublication).find("stands here a second time") != std::string::npos);
}

TEST_CASE("a broken resource does not hide the others") {
  const auto parsed = parse_resources(kRegistry + "---\nkind: [\n---\n" + kPublication, "f.yaml");
  CHECK(parsed.resources.size() == 2);
  CHECK(parsed.problems.size() == 1);
}

TEST_CASE("what this version cannot carry out is a warning and never passed over") {
  const auto parsed =
      parse_resources(replaced(kRegistry, "{anonymous: {}}", "{managedIdentity: {clientID: x}}"), "f.yaml");
  REQUIRE(parsed.problems.size() == 1);
  CHECK(parsed.problems[0].warning);
  CHECK(parsed.problems[0].reason == "NotSupported");
  CHECK(parsed.problems[0].field == "spec.authentication.managedIdentity");
  CHECK(parsed.problems[0].place == Place{7, 37});
  CHECK(parsed.resources.size() == 1);
}

TEST_CASE("of what only observes each field that nothing reads is named, and the others are not") {
  const auto fields = [](const std::string& more) {
    const auto parsed = parse_resources(kRegistry + more, "f.yaml");
    std::string out;
    for (const auto& problem : parsed.problems) {
      CHECK(problem.warning);
      out += problem.field + ' ';
    }
    CHECK(parsed.resources.size() == 1);
    return out;
  };
  CHECK(fields("").empty());
  CHECK(fields("  cloud: AzurePublic\n").empty());
  CHECK(fields("  cloud: AzureChina\n") == "spec.cloud ");
  CHECK(
      fields("  resourceID: /subscriptions/0/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/c\n") ==
      "spec.resourceID ");
  CHECK(fields("  replicas: {timeout: 1m}\n") == "spec.replicas.timeout ");
  const std::string entry = "    - {name: a, namespaceSelector: {}, repositories: [\"**\"], actions: ";
  CHECK(fields(entry + "[Read, Publish]}\n").empty());
  CHECK(fields(entry + "[Read, Prune]}\n") == "spec.access[1].actions ");
}

TEST_CASE("what kubectl get -o yaml gives is accepted, and what is not ours passed over") {
  const std::string text = R"(apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: slipway.dev/v1alpha1
  kind: ImagePublication
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"slipway.dev/v1alpha1"}
    creationTimestamp: "2026-11-24T09:00:00Z"
    deletionTimestamp: "2026-11-24T10:00:00Z"
    deletionGracePeriodSeconds: 0
    finalizers: [slipway.dev/untag]
    generation: 3
    labels: {team: shop}
    managedFields: [{manager: kubectl, operation: Apply, fieldsV1: {"f:spec": {}}}]
    name: app
    namespace: shop
    ownerReferences: [{apiVersion: v1, kind: Pod, name: p, uid: u}]
    resourceVersion: "812"
    selfLink: /apis/slipway.dev/v1alpha1/namespaces/shop/imagepublications/app
    uid: 0d9a1f7e-6a55-4f6a-9a52-1de8f1c8a001
  spec:
    registryRef: {name: contoso}
    repository: shop/app
    source: {image: {reference: "ghcr.io/contoso/app:1"}}
    tags: [{name: latest, template: latest, mutability: Moving}]
  status:
    observedGeneration: 3
    ofALaterVersion: {a: 1}
)";
  const auto parsed = parse_resources(text, "-");
  INFO(first_problem(text));
  REQUIRE(parsed.resources.size() == 1);
  CHECK(parsed.problems.empty());
  const auto& object = std::get<ImagePublication>(parsed.resources[0].resource);
  ObjectMeta expected;
  expected.name = "app";
  expected.namespace_name = "shop";
  expected.labels = {{"team", "shop"}};
  expected.annotations = object.metadata.annotations;
  CHECK(object.metadata == expected);
  CHECK(object.metadata.annotations.size() == 1);
  CHECK(object.status == ImagePublicationStatus{});

  ParseOptions from_api;
  from_api.from_api_server = true;
  const auto live = parse_resources(text, "", from_api);
  REQUIRE(live.resources.size() == 1);
  const auto& same = std::get<ImagePublication>(live.resources[0].resource);
  CHECK(same.metadata.generation == 3);
  CHECK(same.metadata.finalizers == std::vector<std::string>{"slipway.dev/untag"});
  CHECK(same.metadata.deletion_timestamp.has_value());
  CHECK(same.status.observed_generation == 3);
}

TEST_CASE("a list without items holds nothing, and items are a list") {
  CHECK(parse_resources("apiVersion: v1\nkind: List\nitems: []", "f").problems.empty());
  CHECK(parse_resources("apiVersion: v1\nkind: List\nitems:", "f").problems.empty());
  CHECK(first_problem("apiVersion: v1\nkind: List\nitems: x") ==
        "f.yaml:3:8: items: \"x\" is a string; write a list, each item after a '-'");
}

TEST_CASE("a field of an item of a list is named with the item, whatever is wrong with it") {
  const std::string item = "- " + replaced(R"(apiVersion: slipway.dev/v1alpha1
  kind: ImagePublication
  metadata: {name: NAME}
  spec:
    registryRef: {name: contoso}
    repository: shop/app
    bogus: 1
    source: {image: {reference: "ghcr.io/contoso/app:1"}}
    tags: [{name: v, template: "{{version}}"}]
)",
                                           "NAME", "app");
  const std::string list = "apiVersion: v1\nkind: List\nitems:\n";
  const auto fields = [](const std::string& text, const ParseOptions& options = {}) {
    std::vector<std::string> told;
    for (const auto& problem : parse_resources(text, "f", options).problems) told.push_back(problem.field);
    return told;
  };
  CHECK(fields(list + item + item) == std::vector<std::string>{"items[0].spec.bogus", "items[0].spec.tags[0].template",
                                                               "items[1].spec.bogus",
                                                               "items[1].spec.tags[0].template"});
  CHECK(fields(list + replaced(item, "bogus: 1", "repository: shop/other")) ==
        std::vector<std::string>{"items[0].spec.repository", "items[0].spec.tags[0].template"});
  CHECK(fields(list + replaced(item, "ImagePublication", "ImagePublicaton")) ==
        std::vector<std::string>{"items[0].kind"});
  // What `--set` gives is told as its own there, too.
  ParseOptions set;
  set.overrides = {{"spec.build.version", "v1"}};
  const auto parsed = parse_resources(list + replaced(item, "bogus: 1", "suspend: true"), "f", set);
  REQUIRE(parsed.problems.size() == 1);
  CHECK_THAT(to_string(parsed.problems[0]), Catch::Contains("items[0].spec.build.version: --set spec.build.version: "));
}

TEST_CASE("the places of what can't be changed are known") {
  const auto parsed = parse_resources(kPublication, "f.yaml");
  REQUIRE(parsed.resources.size() == 1);
  const Node& root = parsed.resources[0].where.root;
  CHECK(place_of(root, "spec.repository") == Place{6, 15});
  CHECK(place_of(root, "spec.registryRef") == Place{5, 16});
  CHECK(root.find("spec")->find("source") == nullptr);
}

TEST_CASE("of very many problems of a file the first are shown and the others counted") {
  std::string text = kPublication;
  for (int i = 0; i < 150; ++i) text += "  unknown" + std::to_string(i) + ": 1\n";
  const auto many = parse_resources(text + "---\nkind: Pod\n", "f.yaml");
  CHECK(many.resources.empty());
  REQUIRE(many.problems.size() == 101);
  CHECK(to_string(many.problems.back()) == "f.yaml: there are 51 more errors; mend those above first");
}

TEST_CASE("texts are bounded in characters") {
  const auto with_branch = [](const std::string& branch) {
    return first_problem(
        replaced(kPublication, "commit: 4f2a91c0, ", "commit: 4f2a91c0, branch: \"" + branch + "\", "));
  };
  std::string umlauts;
  for (int i = 0; i < 255; ++i) umlauts += "ä";
  CHECK(with_branch(umlauts) == "none");
  CHECK(with_branch(umlauts + "ä").find("it has 256 characters; write at most 255") != std::string::npos);
}

TEST_CASE("a report fits inline up to a mebibyte") {
  const auto with_report = [](std::size_t size) {
    return first_problem(replaced(kPublication, "path: scan.json", "inline: " + std::string(size, 'x')));
  };
  CHECK(with_report(1'048'576) == "none");
  CHECK(with_report(1'048'577).find("write at most 1048576") != std::string::npos);
}

TEST_CASE("tags are told apart by what they become") {
  const auto with_template = [](const std::string& text) {
    return first_problem(replaced(kPublication, "{{environment}}", text));
  };
  CHECK(with_template("{{version}}") == "none");
  CHECK(with_template("{{digest:12}}") == "none");
  CHECK(with_template("{{commit:8}}") == "none");
  CHECK(with_template("4f2a91c").find(
            "spec.tags[1].template: it gives the tag \"4f2a91c\", and so does spec.tags[0]") != std::string::npos);
  const std::string versioned = replaced(kPublication, "{{commit:7}}", "{{version}}");
  CHECK(first_problem(replaced(versioned, "{{environment}}", "{{major}}.{{minor}}.{{patch}}"))
            .find("it gives the tag \"1.8.2\", and so does") != std::string::npos);
  const std::string prerelease = replaced(replaced(kPublication, "1.8.2", "1.9.0-rc.1"), "{{commit:7}}", "{{major}}");
  CHECK(first_problem(replaced(prerelease, "{{environment}}", "{{major}}"))
            .find("spec.tags[1].template: it is that of spec.tags[0], too") != std::string::npos);
  const std::string misspelled =
      replaced(replaced(kPublication, "{{commit:7}}", "{{versoin}}"), "{{environment}}", "{{majr}}");
  const auto problems = parse_resources(misspelled, "deploy/app.yaml").problems;
  REQUIRE(problems.size() == 2);
  for (const auto& problem : problems) CHECK(problem.message.find("there is no variable") != std::string::npos);
}

TEST_CASE("an object of an API server reads no file of the controller") {
  ParseOptions from_api;
  from_api.from_api_server = true;
  const auto parsed = parse_resources(
      replaced(kPublication, "image: {reference: \"ghcr.io/contoso/app:1\"}", "dockerArchive: {path: /etc/save.tar}"),
      "", from_api);
  CHECK(parsed.resources.empty());
  REQUIRE(parsed.problems.size() == 2);
  CHECK(parsed.problems[0].field == "spec.source.dockerArchive");
  CHECK(parsed.problems[1].field == "spec.gates.scan.reports[0].path");
  for (const auto& problem : parsed.problems) CHECK(problem.reason == "Refused");
  CHECK(parse_resources(replaced(kPublication, "path: scan.json", "inline: \"{}\""), "", from_api).problems.empty());
}

TEST_CASE("gates that hold nothing back are refused where they stand, as a floor of an access entry too") {
  const std::string words = "gates: no gate is given";
  CHECK_THAT(first_problem(replaced(kRegistry, "actions: [Read, Publish]", "actions: [Read, Publish], gates: {}")),
             Catch::Contains("spec.access[0]." + words));
  const std::string publication(kPublication);
  const auto gates = publication.find("  gates:");
  REQUIRE(gates != std::string::npos);
  CHECK_THAT(first_problem(publication.substr(0, gates) + "  gates: {}\n"), Catch::Contains("spec." + words));
}

TEST_CASE("a policy's schedule is checked where it stands") {
  const auto with_schedule = [](const std::string& schedule) {
    return first_problem(
        "apiVersion: slipway.dev/v1alpha1\nkind: RetentionPolicy\nmetadata: {name: p}\nspec:\n  registryRef: {name: "
        "r}\n"
        "  repositories: [\"shop/**\"]\n  schedule: " +
        schedule + "\n");
  };
  CHECK(with_schedule("{cron: \"0 3 * * *\", timeZone: Europe/Berlin}") == "none");
  CHECK(with_schedule("{cron: \"0 25 * * *\"}").find("f.yaml:7:20: spec.schedule.cron: the hour \"25\"") == 0);
  CHECK(with_schedule("{cron: \"@daily\", timeZone: CEST}").find("spec.schedule.timeZone: \"CEST\" is no time zone") !=
        std::string::npos);
}

TEST_CASE("a selector that the API server's own parser would refuse is refused, and selects nothing") {
  const auto with_selector = [](const std::string& selector) {
    return first_problem(replaced(kRegistry, "namespaceSelector: {}", "namespaceSelector: {" + selector + "}"));
  };
  const auto with_expression = [&](const std::string& expression) {
    return with_selector("matchExpressions: [{" + expression + "}]");
  };
  CHECK(with_expression("key: team, operator: NotIn, values: [shop]") == "none");
  CHECK(with_expression("key: contoso.com/team, operator: In, values: [shop, \"\"]") == "none");
  CHECK(with_expression("key: team, operator: Exists") == "none");
  CHECK(with_expression("key: team, operator: DoesNotExist, values: []") == "none");
  CHECK(with_selector("matchLabels: {kubernetes.io/metadata.name: shop}") == "none");
  CHECK(with_expression("key: team, operator: NotIn") ==
        "f.yaml:9:59: spec.access[0].namespaceSelector.matchExpressions[0].values: NotIn has no values; write at least "
        "one");
  CHECK(with_expression("key: team, operator: In, values: []").find("In has no values") != std::string::npos);
  CHECK(with_expression("key: team, operator: Exists, values: [shop]").find("Exists takes no values; remove them") !=
        std::string::npos);
  CHECK(with_expression("key: team, operator: DoesNotExist, values: [shop]").find("takes no values") !=
        std::string::npos);
  CHECK(with_expression("key: team, operator: notin, values: [shop]").find(".operator: ") != std::string::npos);
  for (const auto* key : {"\"\"", "\"bad key//\"", "team/", "/team", "Team.com/a", "-team", "a/b/c"})
    CHECK(with_expression(std::string("operator: Exists, key: ") + key).find("[0].key: ") != std::string::npos);
  for (const auto* value : {"\"a b\"", "-a", "a/b"}) {
    CHECK(with_expression(std::string("key: a, operator: In, values: [") + value + "]").find("values[0]: ") !=
          std::string::npos);
    CHECK(with_selector(std::string("matchLabels: {team: ") + value + "}").find("matchLabels.team: ") !=
          std::string::npos);
  }
  CHECK(with_selector("matchLabels: {\"bad key//\": x}").find("namespaceSelector.matchLabels: ") != std::string::npos);
  CHECK(with_selector("matchLabels: {" + std::string(64, 'k') + ": x}").find("namespaceSelector.matchLabels: ") !=
        std::string::npos);
}

TEST_CASE("an invalid selector that got past the reading selects nothing") {
  const std::map<std::string, std::string> labels{{"team", "shop"}};
  const auto selected = [&](const LabelSelectorRequirement& requirement) {
    return selects({.match_labels = {}, .match_expressions = {requirement}}, labels);
  };
  CHECK(selected({"team", "NotIn", {"other"}}));
  CHECK(selected({"absent", "NotIn", {"other"}}));
  CHECK_FALSE(selected({"team", "NotIn", {}}));
  CHECK_FALSE(selected({"team", "In", {}}));
  CHECK(selected({"team", "Exists", {}}));
  CHECK_FALSE(selected({"team", "Exists", {"shop"}}));
  CHECK(selected({"absent", "DoesNotExist", {}}));
  CHECK_FALSE(selected({"absent", "DoesNotExist", {"shop"}}));
  CHECK_FALSE(selected({"", "DoesNotExist", {}}));
  CHECK_FALSE(selected({"bad key//", "DoesNotExist", {}}));
  CHECK_FALSE(selected({"team", "NotIn", {"a b"}}));
  CHECK_FALSE(selected({"team", "in", {"shop"}}));
  CHECK(selects({}, labels));
}

TEST_CASE("only waitFor may be no time at all") {
  const auto publication = [](const std::string& fields) { return first_problem(kPublication + "  " + fields + "\n"); };
  const auto registry = [](const std::string& fields) { return first_problem(kRegistry + "  " + fields + "\n"); };
  for (const auto* zero : {"0", "0s", "0h0m"}) {
    const std::string value = std::string(": ") + zero;
    CHECK(publication("interval" + value).find("spec.interval: ") != std::string::npos);
    CHECK(registry("interval" + value).find("spec.interval: ") != std::string::npos);
    CHECK(publication("ttlAfterPublished" + value).find("write at least 1s") != std::string::npos);
    CHECK(publication("retry: {maxDuration" + value + "}").find("write at least 1s") != std::string::npos);
    CHECK(registry("replicas: {required: [eastus], timeout" + value + "}").find("write at least 1s") !=
          std::string::npos);
    CHECK(first_problem(replaced(kPublication, "maxAge: 24h", "waitFor" + value)) == "none");
    CHECK(first_problem(replaced(kPublication, "maxAge: 24h", "maxAge" + value)).find("write at least 1s") !=
          std::string::npos);
  }
  CHECK(publication("interval: 1s") == "none");
  CHECK(registry("interval: 1s") == "none");
}

TEST_CASE("a policy deletes little and late unless it says otherwise, and never by accident") {
  const std::string head =
      "apiVersion: slipway.dev/v1alpha1\nkind: RetentionPolicy\nmetadata: {name: p}\nspec:\n  registryRef: {name: r}\n"
      "  repositories: [\"shop/**\"]\n";
  const auto with_rule = [&](const std::string& rule) {
    return first_problem(head + "  rules: [{name: a, " + rule + "}]\n");
  };
  const auto plain = parse_resources(head, "f.yaml");
  REQUIRE(plain.resources.size() == 1);
  const auto& spec = std::get<RetentionPolicy>(plain.resources[0].resource).spec;
  CHECK(to_json_text(to_node(std::get<RetentionPolicy>(plain.resources[0].resource)))
            .find(R"("limits":{"maxDeletions":100,"maxPercent":10},"gracePeriod":"7d")") != std::string::npos);
  CHECK(spec.mode == RetentionMode::Preview);
  CHECK(with_rule("match: {tags: [\"*\"]}, expireAfter: 1d") == "none");
  CHECK(with_rule("match: {tags: [\"*\"]}, expireAfter: 23h59m").find("write at least 1d") != std::string::npos);
  CHECK(first_problem(head + "  untagged: {expireAfter: 1h}\n").find("write at least 1d") != std::string::npos);
  CHECK(first_problem(head + "  gracePeriod: 0s\n").find("write at least 1s") != std::string::npos);
  CHECK(with_rule("match: {olderThan: 1d}, expireAfter: 1d") == "none");
  CHECK(with_rule("match: {}, expireAfter: 1d").find("rules[0].match: the rule matches nothing in particular") !=
        std::string::npos);
  CHECK(with_rule("match: {tags: []}, expireAfter: 1d").find("rules[0].match.tags: ") != std::string::npos);
  CHECK(with_rule("match: {tags: [a]}, retain: {atLeast: 1y}") == "none");
  CHECK(with_rule("match: {tags: [a]}, retain: {atLeast: 1y}, keepLast: 1").find("rules[0].keepLast: ") !=
        std::string::npos);
  CHECK(with_rule("match: {tags: [a]}, retain: {atLeast: 1y}, keepNewestPerMinor: 1").find("keepNewestPerMinor: ") !=
        std::string::npos);
  CHECK(with_rule("match: {tags: [a]}, retain: {atLeast: 1y}, expireAfter: 1d").find("given together") !=
        std::string::npos);
}

}  // namespace slipway
