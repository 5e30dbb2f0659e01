#include "reconcilers/publish/admission.h"
#include "reconcilers/publish/status.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};
const publish::Settings kInCluster{.publisher_id = "cluster-1", .version = "0.1.0", .in_cluster = true};

ContainerRegistry named_registry(const std::string& name, const std::string& server) {
  auto registry = make_registry();
  registry.metadata.name = name;
  registry.spec.login_server = server;
  return registry;
}

}  // namespace

TEST_CASE("without an entry there is no access, nothing is asked for, and the entry that is needed is shown") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  auto registry = make_registry();
  auto& entry = registry.spec.access[0];

  SECTION("no ContainerRegistry") {
    world.objects.kept_registries.clear();
  }
  SECTION("no entry") {
    registry.spec.access.clear();
    world.objects.apply(registry);
  }
  SECTION("an entry for another namespace") {
    entry.namespace_selector.match_labels = {{"kubernetes.io/metadata.name", "blog"}};
    world.objects.apply(registry);
  }
  SECTION("an entry for other repositories") {
    entry.repositories = {"shop/secret"};
    world.objects.apply(registry);
  }
  SECTION("an entry that lets read") {
    entry.actions = {AccessAction::Read};
    world.objects.apply(registry);
  }
  SECTION("an entry for other sources") {
    entry.sources = {"ghcr.io/secret/**"};
    world.objects.apply(registry);
  }
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.registry.requests.empty());
  CHECK(world.condition(publication, "Ready") == "False Forbidden");
  CHECK(world.condition(publication, "Stalled") == "True Forbidden");
  // The same words whatever is behind it.
  CHECK(world.message(publication) ==
        "namespace shop has no Publish on \"shop/storefront\" of ContainerRegistry contoso for an image from "
        "\"ghcr.io/contoso/storefront\": check the repository, the registry's name and the namespace's labels; its "
        "keeper adds to "
        "spec.access, with the gates of its other entries: - {name: shop-publish-802713, namespaceSelector: "
        "{matchLabels: "
        "{kubernetes.io/metadata.name: shop}}, repositories: "
        "[\"shop/storefront\"], actions: [Publish], sources: [\"ghcr.io/contoso/storefront\"]}");
  CHECK(world.plan(publication).at(0) ==
        "not published: namespace shop has no Publish on \"shop/storefront\" of "
        "ContainerRegistry contoso for an image from \"ghcr.io/contoso/storefront\"");

  // Nothing was attempted, and nothing says so.
  CHECK_FALSE(world.status(publication).attempt);
  CHECK(publish::failure_of(world.status(publication)) ==
        Error{.cls = ErrorClass::Forbidden, .message = world.message(publication)});

  world.objects.apply(make_registry());
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK_FALSE(publish::failure_of(world.status(publication)));
}

TEST_CASE("an attempt that is not allowed any more is still on record") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT")) return fail(ErrorClass::Unavailable, "no answer", "wait");
    return {};
  };
  static_cast<void>(world.publish(publication));
  REQUIRE(world.status(publication).attempt);
  world.objects.kept_registries.clear();
  CHECK(world.look(publication) == kStalledForAnHour);
  REQUIRE(world.status(publication).attempt);
  CHECK(world.status(publication).attempt->sent);
  CHECK(world.status(publication).attempt->error->cls == "Forbidden");
}

TEST_CASE("who wrote everything is told which ContainerRegistry was not read, and a tenant is not") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  const bool is_owner = GENERATE(true, false);
  publish::Settings settings{.publisher_id = "folder", .version = "0.1.0", .one_shot = true};
  if (is_owner) settings.read_from = "\"app.yaml\"";
  std::string name = "contoso";
  std::string field = "spec.registryRef";
  SECTION("of the destination") {
    world.objects.kept_registries.clear();
  }
  SECTION("of the source") {
    publication.spec.source.image->registry_ref = NameRef{"sources"};
    name = "sources";
    field = "spec.source.image.registryRef";
  }
  world.objects.apply(publication);
  CHECK(world.look(publication, settings) == kStalledForAnHour);
  CHECK(world.registry.requests.empty());
  if (!is_owner) {
    CHECK(world.condition(publication, "Ready") == "False Forbidden");
    return;
  }
  CHECK(world.condition(publication, "Ready") == "False NotFound");
  CHECK(world.message(publication) == "ContainerRegistry " + name + ", which " + field +
                                          " names, is not in \"app.yaml\": correct the name, or give -f the folder "
                                          "that holds both (it takes one path)");
}

TEST_CASE("when an entry is withdrawn what is published stays") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  const auto before = world.destination();
  const auto published = world.status(publication).published;
  auto registry = make_registry();
  registry.spec.access.clear();
  world.objects.apply(registry);

  CHECK(world.look(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False Forbidden");
  CHECK(world.status(publication).published == published);
  CHECK(world.destination() == before);
  CHECK(world.registry.requests.empty());

  world.objects.apply(make_registry());
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.registry.writes().empty());
}

TEST_CASE("what passed for one place is judged anew for another") {
  PublishWorld world;
  world.push({"base"});
  auto registry = make_registry();
  auto floor = registry.spec.access[0];
  floor.name = "production";
  floor.repositories = {"prod/**"};
  floor.gates.scan = ScanGate{.allow_up_to = Severity::Low};
  auto publication = make_publication();

  SECTION("another repository, which has a floor") {
    registry.spec.access.push_back(floor);
    world.objects.apply(registry);
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    publication.spec.repository = "prod/storefront";
  }
  SECTION("another ContainerRegistry, which has a floor") {
    world.objects.apply(registry);
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    registry.metadata.name = "production";
    floor.repositories = {"shop/**"};
    registry.spec.access = {floor};
    world.objects.apply(registry);
    publication.spec.registry_ref.name = "production";
  }
  SECTION("a ContainerRegistry that was made anew for another server, with a floor") {
    world.objects.apply(registry);
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    registry.spec.login_server = "prod.example";
    floor.repositories = {"shop/**"};
    registry.spec.access = {floor};
    world.objects.apply(registry);
  }
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "GatesPassed") == "False ReportNotNamed");
  CHECK(world.condition(publication, "Ready") == "False ReportNotNamed");
  CHECK(world.registry.writes().empty());
}

TEST_CASE("a registry's identity reads only where the namespace has Read") {
  PublishWorld world;
  auto publication = make_publication();
  auto registry = make_registry();

  SECTION("a repository of the destination's own registry") {
    auto& own = world.registry.at("registry.example", "team/base");
    own.tags.insert_or_assign("1.8", make_image(own, {"base"}).descriptor.digest);
    publication.spec.source.image->reference = "registry.example/team/base:1.8";
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False Forbidden");
    CHECK_THAT(world.message(publication), Catch::Contains("no Read on \"team/base\""));
    CHECK(world.registry.requests.empty());

    SECTION("also when an entry lists it as a source") {
      registry.spec.access[0].sources = {"registry.example/team/**"};
      world.objects.apply(registry);
      CHECK(world.look(publication) == kStalledForAnHour);
      CHECK(world.condition(publication, "Ready") == "False Forbidden");
    }
    SECTION("with Read it is published, its blobs mounted, whatever `sources` say") {
      registry.spec.access[0].sources = {"ghcr.io/contoso/**"};
      registry.spec.access.push_back({.name = "base",
                                      .namespace_selector = registry.spec.access[0].namespace_selector,
                                      .repositories = {"team/**"},
                                      .sources = std::nullopt,
                                      .actions = {AccessAction::Read}});
      world.objects.apply(registry);
      CHECK(world.look(publication) == kAgainInAnHour);
      CHECK(world.status(publication).published->transfer.blobs_mounted == 2);
    }
  }
  SECTION("another ContainerRegistry that the source names") {
    auto& other = world.registry.at("other.example", "shop/base");
    other.tags.insert_or_assign("1.8", make_image(other, {"base"}).descriptor.digest);
    publication.spec.source.image->reference = "other.example/shop/base:1.8";
    publication.spec.source.image->registry_ref = NameRef{"other"};
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK_THAT(world.message(publication), Catch::Contains("no Read on \"shop/base\" of ContainerRegistry other"));

    SECTION("with Read it is published") {
      world.objects.apply(named_registry("other", "other.example"));
      CHECK(world.look(publication) == kAgainInAnHour);
      CHECK(world.status(publication).published->transfer.blobs_mounted == 0);
    }
    SECTION("it must be the one that the reference is on") {
      world.objects.apply(named_registry("other", "third.example"));
      CHECK(world.look(publication) == kStalledForAnHour);
      CHECK(world.condition(publication, "Ready") == "False Invalid");
    }
  }
}

TEST_CASE("what a ContainerRegistry keeps is read with its Read alone, whoever is named as the source") {
  PublishWorld world;
  auto& kept = world.registry.at("priv.example", "shop/base");
  kept.tags.insert_or_assign("1.8", make_image(kept, {"base"}).descriptor.digest);
  auto priv = named_registry("priv", "Priv.example");
  priv.spec.aliases = {"old.example"};
  priv.spec.access.clear();
  world.objects.apply(priv);
  const auto written = GENERATE(as<std::string>{}, "priv.example", "priv.example:443", "old.example");
  CAPTURE(written);
  auto publication = make_publication();
  publication.spec.source.image->reference = written + "/shop/base:1.8";

  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False Forbidden");
  CHECK_THAT(world.message(publication),
             Catch::Contains("namespace shop has no Read on \"shop/base\" of ContainerRegistry priv: check"));
  CHECK(world.registry.requests.empty());

  SECTION("also where an entry lists it as a source") {
    auto registry = make_registry();
    registry.spec.access[0].sources = {"*.example/**", "*.example:443/**"};
    world.objects.apply(registry);
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False Forbidden");
  }
  SECTION("with Read it is published, signed in as that registry") {
    priv.spec.login_server = "priv.example";
    priv.spec.access = make_registry().spec.access;
    world.objects.apply(priv);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.registry.sources_opened.empty());
  }
  SECTION("what can't be done for who publishes to it keeps nobody from reading") {
    priv.spec.login_server = "priv.example";
    priv.spec.access = make_registry().spec.access;
    priv.spec.replicas = RequiredReplicas{.required = {"westeurope"}, .timeout = {}};
    world.objects.apply(priv);
    CHECK(world.look(publication) == kAgainInAnHour);
  }
  SECTION("Read of one of two ContainerRegistries of one server is enough") {
    world.objects.apply(named_registry("team", "priv.example"));
    auto of_team = world.objects.kept_registries.at("team");
    of_team.spec.aliases = {"old.example"};
    world.objects.apply(of_team);
    CHECK(world.look(publication) == kAgainInAnHour);
  }
  SECTION("one that this version can't sign in to is named, with a way out, unless another one can be used") {
    priv.spec.access = make_registry().spec.access;
    priv.spec.authentication = {.workload_identity = WorkloadIdentity{}};
    world.objects.apply(priv);
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False NotSupported");
    CHECK_THAT(world.message(publication), Catch::Contains("ContainerRegistry priv, which keeps the source") &&
                                               Catch::Contains("or give source.image.pullSecretRef"));
    auto team = named_registry("team", "priv.example");
    team.spec.aliases = {"old.example"};
    world.objects.apply(team);
    CHECK(world.look(publication) == kAgainInAnHour);
  }
  SECTION("who brings a pull secret reads by itself") {
    world.registry.at(written, "shop/base") = kept;
    publication.spec.source.image->pull_secret_ref = NameRef{"mine"};
    CHECK(world.publish(publication) == kAgainInAnHour);
    CHECK(world.registry.sources_opened.size() == 1);
  }
}

TEST_CASE("where a source is, as records name it") {
  const RegistrySource image{.reference = "GHCR.io/contoso/storefront:1.8"};
  CHECK(publish::location_of({.image = image}) == "ghcr.io/contoso/storefront");
  CHECK(publish::location_of({.oci_layout = LayoutSource{.path = "layout", .image = {}}}) == "layout");
  CHECK(publish::location_of({.oci_archive = LayoutSource{.path = "oci.tar", .image = {}}}) == "oci.tar");
  CHECK(publish::location_of({.docker_archive = DockerArchiveSource{.path = "save.tar", .image = {}}}) == "save.tar");
}

TEST_CASE("the environment's credentials are lent to a source that the entry names, and to who runs it alone") {
  struct Row {
    std::string name;
    std::optional<std::vector<std::string>> sources;
    bool owner_runs = false;
    bool lent = false;
  };
  const auto row = GENERATE(values<Row>({
      {"an entry for any source", std::nullopt, false, false},
      {"an entry that names the source", {{"ghcr.io/contoso/**"}}, false, true},
      {"an entry that names it among others", {{"r.io/**", "ghcr.io/contoso/storefront"}}, false, true},
      {"an entry for any repository of its host", {{"ghcr.io/**"}}, false, true},
      {"an entry for any host", {{"**"}}, false, false},
      {"an entry for that repository of any host", {{"*/contoso/storefront"}}, false, false},
      {"an entry for hosts that begin so", {{"gh*/contoso/storefront"}}, false, false},
      {"an entry for what begins so", {{"ghcr.io**"}}, false, false},
      {"an entry for any host that names it too", {{"**", "ghcr.io/*/storefront"}}, false, true},
      {"an entry for any source, by the owner", std::nullopt, true, true},
  }));
  CAPTURE(row.name);
  PublishWorld world;
  world.push({"base"});
  auto registry = make_registry();
  registry.spec.access[0].sources = row.sources;
  // What gives nothing to this publication lends it nothing.
  auto other = registry.spec.access[0];
  other.name = "other";
  other.repositories = {"other/**"};
  other.sources = {{"ghcr.io/**"}};
  registry.spec.access.push_back(other);
  world.objects.apply(registry);
  const auto publication = make_publication();
  world.objects.apply(publication);
  CHECK(world.look(publication, {.publisher_id = "p", .version = "0.1.0", .lends_credentials = row.owner_runs}) ==
        kAgainInAnHour);
  REQUIRE_FALSE(world.registry.sources_opened.empty());
  for (const SourceSignIn& sign_in : world.registry.sources_opened) {
    CHECK(sign_in.environment == row.lent);
    CHECK(sign_in.namespace_name == "shop");
  }
}

TEST_CASE("in a cluster a tenant's text reaches neither this machine nor its files") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  world.objects.files["scan.json"] = make_report(image);
  std::string told;
  SECTION("a loopback source") {
    publication.spec.source.image->reference = "127.0.0.1:5000/app:1";
    told = "127.0.0.1";
  }
  SECTION("a file as a source") {
    publication.spec.source = {.docker_archive = DockerArchiveSource{.path = "/etc/passwd"}};
    told = "spec.source names a file";
  }
  SECTION("a file as a report") {
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}};
    told = "report \"amd64\" names a file";
  }
  world.objects.apply(publication);
  CHECK(world.look(publication, kInCluster) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False Refused");
  CHECK_THAT(world.message(publication), Catch::Contains(told));
  CHECK(world.registry.requests.empty());
}

TEST_CASE("in a cluster a registry's owner may name this machine") {
  PublishWorld world;
  auto& local = world.registry.at("127.0.0.1:5000", "app");
  local.tags.insert_or_assign("1", make_image(local, {"base"}).descriptor.digest);
  auto publication = make_publication();
  publication.spec.source.image->reference = "127.0.0.1:5000/app:1";
  auto registry = make_registry();
  registry.spec.access[0].sources = {"127.0.0.1:5000/**"};
  world.objects.apply(registry);
  world.objects.apply(publication);
  CHECK(world.look(publication, kInCluster) == kAgainInAnHour);
}

TEST_CASE("what this version can't carry out stops what it guards") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  auto registry = make_registry();
  std::string field;
  SECTION("a gate of the publication") {
    publication.spec.gates.sbom = SbomGate{};
    field = "spec.gates.sbom";
  }
  SECTION("a report from elsewhere") {
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .url = "https://example.com/scan.json"}}};
    field = "spec.gates.scan.reports[0].url";
  }
  SECTION("a gate of an access entry") {
    registry.spec.access[0].gates.provenance = ProvenanceGate{};
    field = "spec.access[0].gates.provenance";
  }
  SECTION("required replicas") {
    registry.spec.replicas = RequiredReplicas{.required = {"westeurope"}};
    field = "spec.replicas.required";
  }
  world.objects.apply(registry);
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False NotSupported");
  CHECK(world.status(publication).attempt->error->cls == "Invalid");
  CHECK_THAT(world.message(publication), Catch::Contains(field));
  CHECK(world.registry.requests.empty());
}

TEST_CASE("what only observes leaves Ready alone and is said") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  std::string field;
  SECTION("notify") {
    publication.spec.notify.push_back({.name = "team"});
    field = "spec.notify";
  }
  SECTION("attach") {
    publication.spec.attach.sbom = true;
    field = "spec.attach";
  }
  SECTION("ttlAfterPublished") {
    publication.spec.ttl_after_published = 3600s;
    field = "spec.ttlAfterPublished";
  }
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.condition(publication, "Unsupported") == "True NotSupported");
  CHECK_THAT(world.message(publication, "Unsupported"), Catch::StartsWith(field));

  world.publish(make_publication());
  CHECK(world.condition(publication, "Unsupported") == "absent");
}

TEST_CASE("a floor needs a report, and says so at once when none is named") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  auto registry = make_registry();
  registry.spec.access[0].gates.scan = ScanGate{.allow_up_to = Severity::High};
  world.objects.apply(registry);
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "GatesPassed") == "False ReportNotNamed");
  CHECK(world.destination() == InMemoryRepository{});

  SECTION("the publication's exceptions count for its own gate alone") {
    publication.spec.gates.scan =
        ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}},
                 .exceptions = {{.id = "CVE-2026-1000", .package = "openssl", .reason = "n/a", .until = "2026-12-31"}}};
    world.objects.files["scan.json"] = make_report(image, {"CRITICAL"});
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "GatesPassed") == "False FindingsAboveLimit");
    CHECK_THAT(world.message(publication, "GatesPassed"), Catch::Contains("access entry shop"));
  }
  SECTION("the floors of every entry that gives Publish apply") {
    registry.spec.access.push_back(registry.spec.access[0]);
    registry.spec.access[1].name = "strict";
    registry.spec.access[1].gates.scan->allow_up_to = Severity::Low;
    world.objects.apply(registry);
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}};
    world.objects.files["scan.json"] = make_report(image, {"MEDIUM"});
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK_THAT(world.message(publication, "GatesPassed"), Catch::Contains("access entry strict"));
    world.objects.files["scan.json"] = make_report(image, {"LOW"});
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.status(publication).published->verdicts.size() == 3);
  }
}

}  // namespace slipway::tests
