#include "controller/cluster/object_store.h"

#include "reconcilers/json.h"
#include "reconcilers/outcome.h"
#include "reconcilers/publish/neighbours.h"
#include "reconcilers/readiness.h"
#include "tests/unit/controller/cluster/cluster_world.h"

using namespace slipway;
using namespace slipway::tests;
using cluster::ObjectStore;
using namespace std::chrono_literals;

namespace {

const ObjectKey kStorefront{ResourceKind::ImagePublication, "shop", "storefront"};
const ObjectKey kContoso{ResourceKind::ContainerRegistry, "", "contoso"};
const std::string kSecret = "/api/v1/namespaces/shop/secrets/ghcr";
const std::string kPatched = "PATCH " + path_of(kStorefront);

struct World : ClusterWorld {
  World() {
    apply(make_publication());
    apply(make_registry());
    list_all();
  }

  ImagePublication publication() { return store.publication(kStorefront).value()->object; }
  InMemoryApiServer::Json stored() { return server.object(path_of(kStorefront)); }

  /// What may_write() says, and how often it was asked.
  Result<void> allowed;
  int asked = 0;
  ObjectStore store{caches,
                    client,
                    {.references = {.controller = "slipway-system", .granted = std::set<std::string>{"shop"}},
                     .may_write = [this](const ObjectKey&) { return ++asked, allowed; }}};
};

Condition condition(const std::string& type, const std::string& message = "as wanted") {
  return make_condition(type, true, "Succeeded", message,
                        {.generation = 1, .now = Timestamp(std::chrono::hours{500'000})});
}

ImagePublication with_status(ImagePublication object, Conditions conditions) {
  object.status.observed_generation = object.metadata.generation;
  object.status.conditions = std::move(conditions);
  return object;
}

}  // namespace

TEST_CASE("Objects of ours are read from the caches, without a request") {
  World world;
  const auto before = world.server.reads().size();
  CHECK(world.publication().spec.repository == "shop/storefront");
  CHECK(world.store.registry("contoso").value()->spec.login_server == "registry.example");
  CHECK_FALSE(world.store.registry("fabrikam").value());
  CHECK_FALSE(world.store.publication({ResourceKind::ImagePublication, "shop", "other"}).value());
  CHECK(world.store.publications_to("shop/storefront")->size() == 1);
  CHECK(world.store.publications_to("shop/other")->empty());
  CHECK(world.server.reads().size() == before);
}

TEST_CASE("Which publications go to a repository follows edits and deletions") {
  World world;
  world.apply(make_publication("second"));
  world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["repository"] = "shop/moved"; });
  world.list_all();
  REQUIRE(world.store.publications_to("shop/storefront")->size() == 1);
  CHECK(world.store.publications_to("shop/storefront")->front()->metadata.name == "second");
  CHECK(world.store.publications_to("shop/moved")->size() == 1);
  world.server.remove(path_of(kStorefront));
  world.list_all();
  CHECK(world.store.publications_to("shop/moved")->empty());
}

TEST_CASE("A namespace's labels are those of the cache, or fetched where it is not there yet") {
  World world;
  world.server.create("/api/v1/namespaces/shop", {{"metadata", {{"labels", {{"team", "shop"}}}}}});
  CHECK(world.store.namespace_labels("shop").value().at("team") == "shop");
  world.list_all();
  const auto before = world.server.reads().size();
  const auto labels = world.store.namespace_labels("shop").value();
  CHECK(labels.at("team") == "shop");
  CHECK(labels.at("kubernetes.io/metadata.name") == "shop");
  CHECK(world.server.reads().size() == before);
  CHECK(world.store.namespace_labels("nowhere").value().size() == 1);
}

TEST_CASE("A Secret is fetched each time it is asked for") {
  World world;
  CHECK_FALSE(world.store.secret("shop", "ghcr").value());
  world.server.create(kSecret, {{"apiVersion", "v1"}, {"kind", "Secret"}, {"data", {{"username", "Y2k="}}}});
  CHECK(world.store.secret("shop", "ghcr").value()->data.at("username") == "ci");
  world.server.edit(kSecret, [](auto& secret) { secret["data"]["username"] = "Ym90"; });
  CHECK(world.store.secret("shop", "ghcr").value()->data.at("username") == "bot");
}

TEST_CASE("Where Secrets and ConfigMaps may not be read, the error says what grants it") {
  World world;
  SECTION("by the API server") {
    world.server.refuse("/api/v1/namespaces/shop/configmaps");
    const auto found = world.store.config_map("shop", "scan");
    REQUIRE_FALSE(found);
    CHECK(found.error().cls == ErrorClass::Forbidden);
    CHECK_THAT(found.error().remedy,
               Catch::Contains("to a Role in namespace shop") &&
                   Catch::Contains("resources: [secrets, configmaps], verbs: [get, list, watch]") &&
                   !Catch::Contains("add shop to watchNamespaces"));
    // It may be granted at any moment, and nothing tells of it.
    CHECK(found.error().retry_after == 60s);
  }
  SECTION("by --watch-namespaces, without a request, and whatever the API server would say") {
    const auto before = world.server.reads().size();
    const auto found = world.store.secret("billing", "ghcr");
    REQUIRE_FALSE(found);
    CHECK(found.error().cls == ErrorClass::Forbidden);
    CHECK_THAT(found.error().remedy, Catch::Contains("add billing to watchNamespaces") && !Catch::Contains("Role"));
    CHECK_THAT(found.error().remedy, Catch::Contains("-n slipway-system") &&
                                         Catch::Contains("--set 'watchNamespaces={…,billing}'") &&
                                         !Catch::Contains("shop"));
    CHECK_FALSE(found.error().retry_after);
    CHECK(world.server.reads().size() == before);
  }
  SECTION("the controller's own namespace always may") {
    CHECK(world.store.secret("slipway-system", "acr"));
  }
}

TEST_CASE("A file beside a resource is the controller's own, and refused") {
  World world;
  CHECK(world.store.file("", "scan.json", 100).error().cls == ErrorClass::Refused);
}

TEST_CASE("A status is applied once, and read back before its event comes") {
  World world;
  const auto wanted = with_status(world.publication(), {condition("Ready"), condition("Tagged")});
  REQUIRE(world.store.write_status(wanted));
  CHECK(world.publication().status == wanted.status);
  CHECK(world.stored()["status"]["conditions"].size() == 2);
  CHECK(world.stored()["status"]["observedGeneration"] == 1);
  CHECK(world.stored()["spec"] == to_json(make_publication())["spec"]);
  REQUIRE(world.store.write_status(wanted));
  CHECK(world.server.writes() == std::vector<std::string>{kPatched + "/status"});
}

TEST_CASE("A status that differs only in the order of its conditions is not written") {
  World world;
  REQUIRE(world.store.write_status(with_status(world.publication(), {condition("Ready"), condition("Tagged")})));
  REQUIRE(world.store.write_status(with_status(world.publication(), {condition("Tagged"), condition("Ready")})));
  CHECK(world.server.writes().size() == 1);
}

TEST_CASE("What a status does not say any more vanishes") {
  World world;
  auto object = with_status(world.publication(), {condition("Ready"), condition("Stalled")});
  object.status.attempt = AttemptStatus{.generation = 1, .digest = "sha256:" + std::string(64, 'a'), .number = 1};
  REQUIRE(world.store.write_status(object));
  REQUIRE(world.stored()["status"].contains("attempt"));
  object = with_status(world.publication(), {condition("Ready", "changed")});
  object.status.attempt.reset();
  REQUIRE(world.store.write_status(object));
  CHECK_FALSE(world.stored()["status"].contains("attempt"));
  REQUIRE(world.stored()["status"]["conditions"].size() == 1);
  CHECK(world.stored()["status"]["conditions"][0]["message"] == "changed");
  CHECK(world.publication().status == object.status);
}

TEST_CASE("What a status does not say any more vanishes where its owner's entry was copied, too") {
  World world;
  auto object = with_status(world.publication(), {condition("Ready"), condition("Stalled")});
  object.status.attempt = AttemptStatus{.generation = 1, .digest = "sha256:" + std::string(64, 'a'), .number = 1};
  REQUIRE(world.store.write_status(object));
  world.server.own_status_too(path_of(kStorefront));
  object = with_status(world.publication(), {condition("Ready", "changed")});
  object.status.attempt.reset();
  const auto before = world.server.writes().size();
  SECTION("by a second request") {
    REQUIRE(world.store.write_status(object));
    CHECK(world.server.writes().size() == before + 2);
    CHECK_FALSE(world.stored()["status"].contains("attempt"));
    REQUIRE(world.stored()["status"]["conditions"].size() == 1);
    CHECK(world.stored()["status"]["conditions"][0]["message"] == "changed");
    CHECK(world.publication().status == object.status);
    REQUIRE(world.store.write_status(with_status(world.publication(), {condition("Ready", "again")})));
    CHECK(world.server.writes().size() == before + 3);
  }
  SECTION("and when that fails, with the next status that takes something away") {
    int patches = 0;
    world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
      if (request.method != http::Method::Patch || ++patches != 2) return std::nullopt;
      return http::Response{.status = 409, .headers = {}, .body = R"({"kind":"Status","reason":"Conflict"})"};
    };
    REQUIRE(world.store.write_status(object));
    CHECK(world.stored()["status"].contains("attempt"));
    CHECK(world.publication().status == object.status);
    REQUIRE(world.store.write_status(with_status(world.publication(), {condition("Tagged")})));
    CHECK_FALSE(world.stored()["status"].contains("attempt"));
    REQUIRE(world.stored()["status"]["conditions"].size() == 1);
    CHECK(world.stored()["status"]["conditions"][0]["type"] == "Tagged");
  }
}

TEST_CASE("A status for what is gone or newer is a conflict") {
  World world;
  const auto decided_on = with_status(world.publication(), {condition("Ready")});
  SECTION("edited, as the cache knows") {
    world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["suspend"] = true; });
    world.list_all();
  }
  SECTION("gone, as the cache knows") {
    world.server.remove(path_of(kStorefront));
    world.list_all();
  }
  SECTION("gone, as only the server knows") {
    world.server.remove(path_of(kStorefront));
  }
  SECTION("another of its name, as only the server knows") {
    world.server.remove(path_of(kStorefront));
    world.apply(make_publication());
  }
  const auto written = world.store.write_status(decided_on);
  REQUIRE_FALSE(written);
  CHECK(written.error().cls == ErrorClass::Conflict);
  CHECK((world.stored().is_null() || world.stored()["status"]["observedGeneration"] == -1));
}

TEST_CASE("An edit that comes along with the answer to a status is left to the watch") {
  World world;
  const auto decided_on = with_status(world.publication(), {condition("Ready")});
  world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["suspend"] = true; });
  REQUIRE(world.store.write_status(decided_on));
  CHECK(world.publication().metadata.generation == 1);
  world.list_all();
  CHECK(world.publication().spec.suspend);
  CHECK(world.publication().status == decided_on.status);
}

TEST_CASE("A status that somebody else wrote meanwhile is looked at again, not written over") {
  World world;
  auto decided_on = with_status(world.publication(), {condition("Ready")});
  decided_on.status.attempt = AttemptStatus{.generation = 1, .digest = "sha256:" + std::string(64, 'a'), .number = 1};
  world.write_as_another(with_status(world.publication(), {condition("Ready", "by another replica")}));
  const auto written = world.store.write_status(decided_on);
  REQUIRE_FALSE(written);
  CHECK(written.error().cls == ErrorClass::Conflict);
  CHECK(world.stored()["status"]["conditions"][0]["message"] == "by another replica");
  CHECK_FALSE(world.stored()["status"].contains("attempt"));
  // Whoever looks again finds it, whenever the watch brings it.
  CHECK(world.publication().status.conditions.front().message == "by another replica");
}

TEST_CASE("Whoever may not write any more does not, at the next try either") {
  World world;
  const auto decided_on = with_status(world.publication(), {condition("Ready")});
  const bool is_finalizer = GENERATE(false, true);
  const auto write = [&] {
    return is_finalizer ? world.store.set_finalizer(kStorefront, true) : world.store.write_status(decided_on);
  };
  SECTION("at the first") {
    world.allowed = fail(ErrorClass::Cancelled, "another replica works on it");
    CHECK(write().error().cls == ErrorClass::Cancelled);
    CHECK(world.server.writes().empty());
  }
  SECTION("at the second, after an edit") {
    world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
      if (request.method != http::Method::Patch) return std::nullopt;
      world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["suspend"] = true; });
      world.allowed = fail(ErrorClass::Cancelled, "another replica works on it");
      return std::nullopt;
    };
    CHECK(write().error().cls == ErrorClass::Cancelled);
    CHECK(world.server.writes().size() == 1);
  }
  CHECK(world.stored()["status"]["observedGeneration"] == -1);
  CHECK_FALSE(world.stored()["metadata"].contains("finalizers"));
}

TEST_CASE("A finalizer that may not be written names the rule that lets it, and is tried again after a minute") {
  World world;
  world.server.before = [](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != http::Method::Patch) return std::nullopt;
    return http::Response{.status = 403, .headers = {}, .body = R"({"kind": "Status", "message": "cannot patch"})"};
  };
  const auto refused = world.store.set_finalizer(kStorefront, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Forbidden);
  CHECK(refused.error().message.starts_with("finalizer slipway.dev/untag: "));
  CHECK_THAT(refused.error().remedy,
             Catch::EndsWith(R"(- {apiGroups: ["slipway.dev"], resources: ["imagepublications"], verbs: ["patch"]})"));
  CHECK(refused.error().retry_after == std::chrono::seconds{60});
}

TEST_CASE("The finalizer of one is not that of the next of its name") {
  World world;
  world.server.remove(path_of(kStorefront));
  world.apply(make_publication());
  world.server.edit(path_of(kStorefront), [](auto& object) { object["metadata"]["finalizers"] = {kFinalizer}; });
  REQUIRE(world.store.set_finalizer(kStorefront, true).error().cls == ErrorClass::NotFound);
  world.store.set_finalizer(kStorefront, false);
  CHECK(world.stored()["metadata"]["finalizers"].size() == 1);
}

TEST_CASE("A status whose answer was lost is there already") {
  World world;
  const auto decided_on = with_status(world.publication(), {condition("Ready")});
  world.write_as_another(decided_on);
  REQUIRE(world.store.write_status(decided_on));
  CHECK(world.publication().status == decided_on.status);
}

TEST_CASE("A status that the API server does not take is a bug of ours, an outage is one of the outside") {
  World world;
  const int code = GENERATE(422, 503);
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != http::Method::Patch) return std::nullopt;
    return http::Response{.status = code, .headers = {}, .body = {}};
  };
  const auto written = world.store.write_status(with_status(world.publication(), {condition("Ready")}));
  REQUIRE_FALSE(written);
  CHECK(written.error().cls == (code == 422 ? ErrorClass::Internal : ErrorClass::Unavailable));
}

TEST_CASE("A status that makes its object too large is told with what to do about it") {
  World world;
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != http::Method::Patch) return std::nullopt;
    return http::Response{
        .status = 500, .headers = {}, .body = R"({"kind":"Status","message":"request is too large"})"};
  };
  const auto written = world.store.write_status(with_status(world.publication(), {condition("Ready")}));
  REQUIRE_FALSE(written);
  CHECK(written.error().cls == ErrorClass::Invalid);
  CHECK_THAT(written.error().remedy, Catch::Contains("make the object smaller"));
}

TEST_CASE("A status with a field that the installed definition lacks is no bug, and is tried again") {
  World world;
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != http::Method::Patch) return std::nullopt;
    return http::Response{
        .status = 500,
        .headers = {},
        .body = R"({"kind":"Status","message":"failed to create typed patch object: .status.attempt.sent: )"
                R"(field not declared in schema"})"};
  };
  const auto written = world.store.write_status(with_status(world.publication(), {condition("Ready")}));
  REQUIRE_FALSE(written);
  CHECK_THAT(written.error().remedy, Catch::StartsWith("the CRDs are older than the controller: upgrade them"));
  CHECK(after_write(written, {}, {}).kind == Outcome::Kind::Retry);
}

TEST_CASE("The statuses of the other kinds are written in the same way") {
  World world;
  auto registry = *world.store.registry("contoso").value();
  registry.status.observed_generation = 1;
  registry.status.conditions = {condition("Ready")};
  REQUIRE(world.store.write_status(registry));
  CHECK(world.store.registry("contoso").value()->status == registry.status);
  CHECK(world.server.object(path_of(kContoso))["status"]["conditions"].size() == 1);
}

TEST_CASE("Our finalizer comes and goes, others' stay") {
  World world;
  REQUIRE(world.store.set_finalizer(kStorefront, true));
  CHECK(world.publication().metadata.finalizers == std::vector<std::string>{std::string(kFinalizer)});
  REQUIRE(world.store.set_finalizer(kStorefront, true));
  CHECK(world.server.writes().size() == 1);
  // Somebody else was quicker than the cache.
  world.server.edit(path_of(kStorefront),
                    [](auto& object) { object["metadata"]["finalizers"].push_back("else/where"); });
  REQUIRE(world.store.set_finalizer(kStorefront, false));
  CHECK(world.stored()["metadata"]["finalizers"] == InMemoryApiServer::Json{"else/where"});
}

TEST_CASE("A deleted object stays readable until our finalizer is off") {
  World world;
  REQUIRE(world.store.set_finalizer(kStorefront, true));
  world.server.remove(path_of(kStorefront));
  world.list_all();
  CHECK(world.publication().metadata.deletion_timestamp);
  REQUIRE(world.store.set_finalizer(kStorefront, false));
  CHECK(world.stored().is_null());
  world.list_all();
  CHECK_FALSE(world.store.publication(kStorefront).value());
  CHECK(world.store.set_finalizer(kStorefront, false));
  CHECK(world.store.set_finalizer(kStorefront, true).error().cls == ErrorClass::NotFound);
}

TEST_CASE("A publication is deleted as it was decided on, and no newer one") {
  World world;
  const auto decided = world.publication();
  SECTION("as it is") {
    REQUIRE(world.store.remove(decided));
    CHECK(world.stored().is_null());
    CHECK(world.store.remove(decided));
    world.list_all();
    CHECK(world.store.remove(decided));
  }
  SECTION("edited since, as the cache knows") {
    world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["environment"] = "production"; });
    world.list_all();
    CHECK(world.store.remove(decided).error().cls == ErrorClass::Conflict);
    CHECK(world.server.writes().empty());
  }
  SECTION("edited since, as the API server alone knows") {
    world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["environment"] = "production"; });
    CHECK(world.store.remove(decided).error().cls == ErrorClass::Conflict);
    CHECK_FALSE(world.stored().is_null());
  }
  SECTION("another of its name") {
    auto other = decided;
    other.metadata.uid = "another";
    CHECK(world.store.remove(other).error().cls == ErrorClass::Conflict);
    CHECK_FALSE(world.stored().is_null());
  }
  SECTION("not ours any more") {
    world.allowed = fail(ErrorClass::Cancelled, "another replica works on it");
    CHECK(world.store.remove(decided).error().cls == ErrorClass::Cancelled);
    CHECK_FALSE(world.stored().is_null());
  }
}

TEST_CASE("A ContainerRegistry whose spec can't be used gives no access, and who refers to it hears so") {
  World world;
  world.server.edit(path_of(kContoso), [](auto& object) { object["spec"]["interval"] = "soon"; });
  world.list_all();
  const auto found = world.store.registry("contoso");
  REQUIRE_FALSE(found);
  CHECK(found.error().cls == ErrorClass::Invalid);
  CHECK_THAT(found.error().message, Catch::Contains("ContainerRegistry contoso"));
  const auto all = world.store.registries().value();
  REQUIRE(all.size() == 1);
  CHECK(all.front().spec.login_server == "registry.example");
  CHECK(all.front().spec.access.empty());
}

TEST_CASE("An access entry with a bad pattern gives nothing, and the rest of its ContainerRegistry is in force") {
  World world;
  world.server.edit(path_of(kContoso), [](auto& object) {
    auto& access = object["spec"]["access"];
    access.push_back(access[0]);
    access[1]["name"] = "two";
    access[1].erase("gates");
    access[1]["repositories"] = {"two/**", "two/{a,b}"};
  });
  SECTION("that asks for no gate") {
    world.list_all();
    const auto found = world.store.registry("contoso");
    REQUIRE(found);
    CHECK((**found).spec.access == make_registry().spec.access);
    CHECK((**found).spec.authentication == make_registry().spec.authentication);
    const auto kept = world.caches.registries.find({{}, "contoso"});
    REQUIRE(kept->problems.size() == 1);
    CHECK(kept->problems.front().field == "spec.access[1].repositories[1]");
  }
  SECTION("but not when it is a floor for who has access by another one") {
    world.server.edit(path_of(kContoso),
                      [](auto& object) { object["spec"]["access"][1]["gates"]["scan"]["allowUpTo"] = "Low"; });
    world.list_all();
    CHECK_FALSE(world.store.registry("contoso"));
  }
  SECTION("but not when something else is wrong as well") {
    world.server.edit(path_of(kContoso), [](auto& object) { object["spec"]["interval"] = "soon"; });
    world.list_all();
    CHECK_FALSE(world.store.registry("contoso"));
  }
}

TEST_CASE("A publication whose spec can't be used still wants the tags that it has") {
  World world;
  auto object = with_status(world.publication(), {condition("Ready")});
  object.status.published = PublishedStatus{.generation = 1, .digest = "sha256:" + std::string(64, 'a')};
  object.status.published->tags = {{.name = "version", .tag = "1.8.2", .digest = object.status.published->digest}};
  REQUIRE(world.store.write_status(object));
  world.server.edit(path_of(kStorefront), [](auto& edited) { edited["spec"]["tags"][0]["template"] = "{{commit"; });
  world.list_all();
  const auto others = world.store.publications_to("shop/storefront").value();
  REQUIRE(others.size() == 1);
  CHECK(others.front()->spec.registry_ref.name == "contoso");
  CHECK(others.front()->status.published->tags.front().tag == "1.8.2");
}

TEST_CASE("Who asks for the publications to a repository gets those that are kept, not copies of them") {
  World world;
  world.list_all();
  const auto others = world.store.publications_to("shop/storefront").value();
  REQUIRE(others.size() == 1);
  const auto kept = world.caches.publications.find(cluster::name_of(key_of(*others.front())));
  CHECK(others.front().get() == &kept->object);
}

TEST_CASE("A publication with large reports in it is not kept whole, but read whole") {
  World world;
  auto large = make_publication("large");
  const std::string report(64 * 1024, 'x');
  large.spec.gates.scan = ScanGate{.reports = {{.name = "scan", .inline_text = report}}};
  world.apply(large);
  world.list_all();
  const ObjectKey key = key_of(large);
  const auto kept = world.caches.publications.find(cluster::name_of(key));
  CHECK_FALSE(kept->is_whole);
  const auto& text = kept->object.spec.gates.scan->reports.front().inline_text;
  REQUIRE(text == "");
  CHECK(text->capacity() < 100);
  auto read = world.store.publication(key).value()->object;
  CHECK(read.spec.gates.scan->reports.front().inline_text == report);
  REQUIRE(world.store.write_status(with_status(read, {condition("Ready")})));
  CHECK(world.server.object(path_of(key))["spec"]["gates"]["scan"]["reports"][0]["inline"] == report);
  CHECK_FALSE(world.caches.publications.find(cluster::name_of(key))->is_whole);
  CHECK(world.store.publication(key).value()->object.status.conditions.size() == 1);
}

TEST_CASE("whose ContainerRegistry can't be used is no neighbour in the way, and one where its host is ours") {
  World world;
  ContainerRegistry broken = make_registry();
  broken.metadata.name = "broken";
  const bool is_ours = GENERATE(true, false);
  if (!is_ours) broken.spec.login_server = "elsewhere.example";
  world.apply(broken);
  world.server.edit(path_of(key_of(broken)), [](auto& object) { object["spec"]["interval"] = "soon"; });
  ImagePublication theirs = make_publication("theirs");
  theirs.metadata.namespace_name = "billing";
  theirs.spec.registry_ref.name = "broken";
  world.apply(theirs);
  world.list_all();
  REQUIRE_FALSE(world.store.registry("broken"));
  const auto neighbours = publish::neighbours_of(world.publication(), world.store);
  REQUIRE(neighbours);
  CHECK(neighbours->size() == (is_ours ? 1 : 0));
  // Whether it may publish there can't be told.
  CHECK(publish::wanted_by_neighbours(world.publication(), {"1.8.2", "other"}, world.store).value() ==
        (is_ours ? std::map<std::string, ObjectKey>{{"1.8.2", key_of(theirs)}} : std::map<std::string, ObjectKey>{}));
}
