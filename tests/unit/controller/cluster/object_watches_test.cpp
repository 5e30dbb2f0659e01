#include "controller/cluster/object_watches.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <thread>

#include "controller/cluster/object_store.h"
#include "controller/runtime/waiting.h"
#include "reconcilers/readiness.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/controller/cluster/cluster_world.h"

using namespace slipway;
using namespace slipway::tests;
using runtime::Priority;

namespace {

constexpr std::chrono::seconds kPatience{20};

/// What the watches told, in order; who waits is woken by it.
class Told {
 public:
  void add(std::string what) {
    told_.lock()->push_back(std::move(what));
    changed_.notify_all();
  }
  /// Everything told until `what` was, without it; then forgotten.
  std::vector<std::string> in_order_until(const std::string& what) {
    auto told = told_.lock();
    REQUIRE(told.wait_for(changed_, {}, kPatience, [&] { return std::ranges::count(*told, what) > 0; }));
    std::vector<std::string> before = std::exchange(*told, {});
    std::erase(before, what);
    return before;
  }
  /// As in_order_until(), sorted.
  std::vector<std::string> until(const std::string& what) {
    auto before = in_order_until(what);
    std::ranges::sort(before);
    return before;
  }
  void wait_for(const std::string& what, int times = 1) {
    auto told = told_.lock();
    REQUIRE(told.wait_for(changed_, {}, kPatience, [&] { return std::ranges::count(*told, what) >= times; }));
  }

 private:
  std::condition_variable_any changed_;
  runtime::Guarded<std::vector<std::string>> told_;
};

struct World : ClusterWorld {
  World() {
    registry("contoso", "registry.example");
    registry("fabrikam", "ghcr.io");
    for (const char* name : {"shop", "billing"})
      server.create("/api/v1/namespaces/" + std::string(name), {{"metadata", {{"labels", {{"team", name}}}}}});
  }

  ContainerRegistry registry(const std::string& name, const std::string& host) {
    ContainerRegistry made = make_registry();
    made.metadata.name = name;
    made.spec.login_server = host;
    apply(made);
    return made;
  }
  /// With a source of its own host, and a report in that ConfigMap where it is named.
  ObjectKey publication(const std::string& namespace_name, const std::string& name, const std::string& to = "contoso",
                        const std::string& config_map = {}) {
    ImagePublication made = make_publication(name);
    made.metadata.namespace_name = namespace_name;
    made.spec.registry_ref.name = to;
    made.spec.source.image->reference = name + ".example/shop/app:1";
    if (!config_map.empty()) {
      made.spec.gates.scan = ScanGate{};
      made.spec.gates.scan->reports = {{.name = "all", .config_map_ref = KeyRef{config_map, "report.json"}}};
    }
    return apply(made);
  }
  void config_map(const std::string& namespace_name, const std::string& name) {
    server.create("/api/v1/namespaces/" + namespace_name + "/configmaps/" + name, {{"data", {{"report.json", "{}"}}}});
  }
  void secret(const std::string& namespace_name, const std::string& name) {
    server.create("/api/v1/namespaces/" + namespace_name + "/secrets/" + name, {{"data", {{"username", "Y2k="}}}});
  }
  void request_visit(const ObjectKey& key) {
    server.edit(path_of(key),
                [](auto& object) { object["metadata"]["annotations"]["slipway.dev/reconcile-requested-at"] = "now"; });
  }

  void watch(cluster::ReferenceNamespaces references = {}) {
    watches.emplace(cluster::ObjectWatches::Parts{
        .caches = caches,
        .client = client,
        .wake = [this](const ObjectKey& key,
                       Priority priority) { told.add((priority == Priority::Edit ? "edit " : "resync ") + key.name); },
        .forget = [this](const ObjectKey& key) { told.add("forget " + key.name); },
        .log = log,
        .hands = {.wait = runtime::wait,
                  .chance = runtime::chance,
                  .elapsed = [this] { return steady.now().time_since_epoch() + passed.load(); }},
        .references = std::move(references)});
  }
  /// Watches, and everything that is told at the start: with what refers to the last of the references, which is told a
  /// second time then.
  std::vector<std::string> start(const std::string& last_of_the_references = {},
                                 cluster::ReferenceNamespaces references = {}) {
    watch(std::move(references));
    wait_until([&] { return watches->has_synced(); });
    if (!last_of_the_references.empty()) told.wait_for(last_of_the_references, 2);
    told.add("started");
    return told.until("started");
  }
  /// For the watches alone.
  void pass(std::chrono::nanoseconds time) { passed = passed.load() + time; }
  template <class Ready>
  void wait_until(Ready ready) const {
    for (const auto begin = steady.now(); !ready(); std::this_thread::yield())
      REQUIRE(steady.now() - begin < kPatience);
  }

  ManualClock clock{Timestamp(std::chrono::hours{500'000})};
  runtime::SystemSteadyClock steady;
  std::atomic<std::chrono::nanoseconds> passed{};
  runtime::Guarded<std::vector<std::string>> lines;
  telemetry::Log log{clock, {.write = [this](const std::string& line) { lines.lock()->push_back(line); }}};
  Told told;
  std::optional<cluster::ObjectWatches> watches;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("At the start everything is told once, to be looked at again") {
  World world;
  world.publication("shop", "a");
  world.publication("billing", "b");
  CHECK(world.start() == Names{"resync a", "resync b", "resync contoso", "resync fabrikam"});
  CHECK_FALSE(world.watches->failure());
  CHECK(world.caches.size() == 4);
}

TEST_CASE("What is referred to and was there at the start is looked at again, and comes before nobody's edit") {
  World world;
  world.config_map("shop", "scan-a");
  world.publication("shop", "a", "contoso", "scan-a");
  CHECK(world.start("resync a") == Names{"resync a", "resync a", "resync contoso", "resync fabrikam"});
}

TEST_CASE("What is referred to later wakes, whether a list or a watch brings it") {
  World world;
  world.config_map("billing", "scan-b");
  world.publication("billing", "b", "contoso", "scan-b");
  world.start("resync b", {.controller = "slipway-system", .granted = std::set<std::string>{"shop", "billing"}});
  world.config_map("shop", "scan-a");
  world.publication("shop", "a", "contoso", "scan-a");
  world.told.wait_for("edit a", 2);
}

TEST_CASE("An edit wakes the object alone, a status nobody, and what is gone is forgotten") {
  World world;
  const ObjectKey a = world.publication("shop", "a");
  const ObjectKey b = world.publication("shop", "b");
  world.start();
  cluster::ObjectStore store{world.caches, world.client, {}};
  auto object = store.publication(a).value()->object;
  object.status.observed_generation = 1;
  REQUIRE(store.write_status(object));
  world.server.edit(path_of(a), [](auto& edited) { edited["spec"]["suspend"] = true; });
  CHECK(world.told.until("edit a").empty());
  world.server.remove(path_of(b));
  CHECK(world.told.until("forget b").empty());
  world.publication("shop", "c");
  CHECK(world.told.until("edit c").empty());
}

TEST_CASE("A ContainerRegistry wakes what refers to it and what has its source there, and nothing else") {
  World world;
  const ObjectKey contoso{ResourceKind::ContainerRegistry, "", "contoso"};
  world.publication("shop", "to-contoso");
  const ObjectKey last = world.publication("shop", "to-fabrikam", "fabrikam");
  ImagePublication from_there = make_publication("from-contoso");
  from_there.spec.registry_ref.name = "fabrikam";
  from_there.spec.source.image->reference = "registry.example/shop/app:1";
  world.apply(from_there);
  world.start();
  SECTION("when its spec is edited") {
    world.server.edit(path_of(contoso), [](auto& object) { object["spec"]["suspend"] = true; });
    world.told.wait_for("resync to-contoso");
    world.request_visit(last);
    CHECK(world.told.until("edit to-fabrikam") == Names{"edit contoso", "resync from-contoso", "resync to-contoso"});
  }
  SECTION("when it goes") {
    world.server.remove(path_of(contoso));
    world.told.wait_for("resync to-contoso");
    world.request_visit(last);
    CHECK(world.told.until("edit to-fabrikam") == Names{"forget contoso", "resync from-contoso", "resync to-contoso"});
  }
  SECTION("and what refers to another, when an alias makes them one registry or does not any more") {
    for (const std::vector<std::string>& aliases : {std::vector<std::string>{"GHCR.io"}, {}}) {
      world.server.edit(path_of(contoso), [&](auto& object) { object["spec"]["aliases"] = aliases; });
      CHECK(world.told.until("resync to-contoso") ==
            Names{"edit contoso", "resync from-contoso", "resync from-contoso", "resync to-fabrikam"});
    }
  }
  SECTION("not when somebody asks for a visit to it") {
    world.request_visit(contoso);
    world.told.wait_for("edit contoso");
    world.request_visit(last);
    CHECK(world.told.until("edit to-fabrikam") == Names{"edit contoso"});
  }
}

TEST_CASE("A ContainerRegistry that another replica finds Ready again wakes the publications that use it and are not") {
  World world;
  cluster::ObjectStore store{world.caches, world.client, {}};
  const auto as_said = [&](auto object, bool is_ready) {
    apply_readiness(object.status.conditions,
                    {is_ready ? Readiness::Kind::Ready : Readiness::Kind::Reconciling, "Because", "of that"},
                    {1, world.clock.now()});
    object.status.observed_generation = 1;
    return object;
  };
  const ObjectKey waits = world.publication("shop", "waits");
  const ObjectKey published = world.publication("shop", "published");
  const ObjectKey elsewhere = world.publication("shop", "elsewhere", "fabrikam");
  world.publication("shop", "suspended");
  world.start();
  for (const ObjectKey& key : {waits, published, elsewhere})
    REQUIRE(store.write_status(as_said(store.publication(key).value()->object, key == published)));
  for (const bool is_ready : {false, true}) {
    world.write_as_another(as_said(store.registry("contoso").value().value(), is_ready));
    world.wait_until([&] {
      const auto conditions = store.registry("contoso").value()->status.conditions;
      const auto* ready = find_condition(conditions, kReady);
      return ready != nullptr && (ready->status == "True") == is_ready;
    });
  }
  world.told.wait_for("resync waits");
  // It is Ready still.
  auto again = store.registry("contoso").value().value();
  again.status.last_checked_at = world.clock.now();
  world.write_as_another(again);
  world.wait_until([&] { return store.registry("contoso").value()->status.last_checked_at.has_value(); });
  world.request_visit(elsewhere);
  CHECK(world.told.until("edit elsewhere") == Names{"resync waits"});
}

TEST_CASE("A ConfigMap wakes what refers to it, and nothing else") {
  World world;
  world.config_map("shop", "scan-a");
  world.config_map("shop", "nobodys");
  world.publication("shop", "a", "contoso", "scan-a");
  world.publication("shop", "b", "contoso", "scan-b");
  world.publication("billing", "c", "contoso", "scan-a");
  world.start("resync a");
  world.server.edit("/api/v1/namespaces/shop/configmaps/nobodys", [](auto& object) { object["data"]["x"] = "y"; });
  world.server.edit("/api/v1/namespaces/shop/configmaps/scan-a", [](auto& object) { object["data"]["x"] = "y"; });
  CHECK(world.told.until("edit a").empty());
  world.config_map("shop", "scan-b");
  CHECK(world.told.until("edit b").empty());
  world.server.remove("/api/v1/namespaces/shop/configmaps/scan-a");
  CHECK(world.told.until("edit a").empty());
  // What is referred to from now on is watched from now on.
  world.publication("billing", "d", "contoso", "scan-d");
  CHECK(world.told.until("edit d").empty());
  world.config_map("billing", "scan-d");
  CHECK(world.told.until("edit d").empty());
}

TEST_CASE("The credentials of a ContainerRegistry wake it and what uses it") {
  World world;
  world.secret("slipway-system", "acr");
  ContainerRegistry signed_in = make_registry();
  signed_in.metadata.name = "northwind";
  signed_in.spec.login_server = "northwind.example";
  signed_in.spec.authentication = {};
  signed_in.spec.authentication.basic = BasicAuthentication{{"acr"}};
  world.apply(signed_in);
  world.publication("shop", "a", "northwind");
  const ObjectKey last = world.publication("shop", "b");
  world.start("resync a");
  world.server.edit("/api/v1/namespaces/slipway-system/secrets/acr", [](auto& object) { object["data"]["x"] = "y"; });
  world.told.wait_for("resync a");
  world.request_visit(last);
  CHECK(world.told.until("edit b") == Names{"edit northwind", "resync a"});
}

TEST_CASE("Labels of a namespace wake what is in it") {
  World world;
  world.publication("shop", "a");
  const ObjectKey last = world.publication("billing", "b");
  world.start();
  world.server.edit("/api/v1/namespaces/shop", [](auto& object) { object["metadata"]["annotations"]["x"] = "y"; });
  world.server.edit("/api/v1/namespaces/shop", [](auto& object) { object["metadata"]["labels"]["team"] = "other"; });
  CHECK(world.told.until("edit a").empty());
  world.request_visit(last);
  CHECK(world.told.until("edit b").empty());
}

TEST_CASE("What may not be watched is logged once, and wakes its objects when it may") {
  World world;
  world.publication("shop", "a", "contoso", "scan-a");
  const bool is_everywhere = GENERATE(true, false);
  const std::string path = is_everywhere ? "/api/v1/configmaps" : "/api/v1/namespaces/shop/configmaps";
  cluster::ReferenceNamespaces references;
  if (!is_everywhere) references.granted = std::set<std::string>{"shop"};
  world.server.refuse(path);
  world.start({}, references);
  world.wait_until([&] { return !world.lines.lock()->empty(); });
  CHECK_THAT(world.lines.lock()->front(), Catch::Contains(is_everywhere ? "ConfigMaps of all namespaces are not watched"
                                                                        : "ConfigMaps of namespace shop are not"));
  world.server.grant(path);
  CHECK(world.told.until("edit a").empty());
  CHECK(world.lines.lock()->size() == 1);
}

TEST_CASE("A right to list without watch is told once and wakes nobody, until there is one to watch") {
  World world;
  std::atomic<bool> refuses = true;
  std::atomic<int> lists = 0;
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (!request.url.starts_with("/api/v1/configmaps")) return std::nullopt;
    const bool watches = request.url.contains("watch=true");
    if (!watches) ++lists;
    if (!watches || !refuses) return std::nullopt;
    return http::Response{.status = 403, .headers = {}, .body = R"({"kind":"Status","code":403,"message":"no"})"};
  };
  world.publication("shop", "a", "contoso", "scan-a");
  world.start();
  world.wait_until([&] { return lists >= 4; });
  world.told.add("listed");
  CHECK(world.told.until("listed").empty());
  CHECK(world.lines.lock()->size() == 1);
  CHECK_THAT(world.lines.lock()->front(), Catch::Contains(R"(verbs: [\"get\", \"list\", \"watch\"])"));
  refuses = false;
  CHECK(world.told.until("edit a").empty());
}

TEST_CASE("An API server that is too busy for a watch has refused none, and nobody is woken when it is not") {
  World world;
  std::atomic<bool> is_busy = true;
  std::atomic<int> turned_away = 0;
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (!is_busy || !request.url.starts_with("/api/v1/configmaps") || !request.url.contains("watch=true"))
      return std::nullopt;
    ++turned_away;
    return http::Response{.status = 429, .headers = {}, .body = R"({"kind":"Status","code":429,"message":"wait"})"};
  };
  world.publication("shop", "a", "contoso", "scan-a");
  world.publication("shop", "b", "contoso", "scan-b");
  world.start();
  world.wait_until([&] { return turned_away >= 2; });
  is_busy = false;
  world.config_map("shop", "scan-b");
  CHECK(world.told.until("edit b").empty());
  CHECK(world.lines.lock()->empty());
}

TEST_CASE("Where all may be read, one watch of a kind does for all namespaces") {
  World world;
  for (const char* name : {"shop", "billing"}) {
    world.config_map(name, "scan");
    world.publication(name, name, "contoso", "scan");
  }
  world.start("resync billing");
  const auto reads = world.server.reads();
  CHECK(std::ranges::count(reads, "GET /api/v1/configmaps") >= 1);
  CHECK(std::ranges::none_of(
      reads, [](const std::string& read) { return read.contains("/namespaces/") && read.ends_with("/configmaps"); }));
}

TEST_CASE("Secrets and ConfigMaps of namespaces that are not granted are not asked for") {
  World world;
  world.config_map("shop", "scan-a");
  world.config_map("billing", "scan-b");
  world.publication("shop", "a", "contoso", "scan-a");
  world.publication("billing", "b", "contoso", "scan-b");
  world.watch({.controller = "slipway-system", .granted = std::set<std::string>{"shop"}});
  world.told.wait_for("resync a", 2);
  CHECK(std::ranges::count(world.server.reads(), "GET /api/v1/namespaces/billing/configmaps") == 0);
}

TEST_CASE("Secrets and ConfigMaps of a namespace that is being deleted are not asked for") {
  World world;
  world.config_map("shop", "scan-a");
  world.config_map("billing", "scan-b");
  world.publication("billing", "b", "contoso", "scan-b");
  world.publication("shop", "a", "contoso", "scan-a");
  world.server.edit("/api/v1/namespaces/billing", [](auto& object) {
    object["metadata"]["finalizers"].push_back("kubernetes");
    object["metadata"]["deletionTimestamp"] = "2026-11-29T01:00:00Z";
  });
  world.watch({.controller = "slipway-system", .granted = std::set<std::string>{"shop", "billing"}});
  world.told.wait_for("resync a", 2);
  CHECK(std::ranges::count(world.server.reads(), "GET /api/v1/namespaces/billing/configmaps") == 0);
}

TEST_CASE("Nothing is missed over cuts, and readiness says why a watch fails") {
  World world;
  const ObjectKey a = world.publication("shop", "a");
  world.start();
  for (int i = 0; i < 20; ++i) {
    world.server.cut_watches();
    world.server.edit(path_of(a), [&](auto& object) { object["spec"]["build"]["number"] = i; });
    CHECK(world.told.until("edit a").empty());
  }
  world.server.refuse(kApi + std::string("imagepublications"));
  world.server.cut_watches();
  world.wait_until([&] { return world.watches->failure().has_value(); });
  CHECK(world.watches->has_synced());
  world.server.edit(path_of(a), [](auto& object) { object["spec"]["suspend"] = true; });
  world.server.grant(kApi + std::string("imagepublications"));
  CHECK(world.told.until("edit a").empty());
  world.wait_until([&] { return !world.watches->failure(); });
}

TEST_CASE("Watches that hear nothing any more are begun anew by whoever knows, and nothing was missed") {
  World world;
  world.config_map("shop", "scan-a");
  const ObjectKey a = world.publication("shop", "a", "contoso", "scan-a");
  world.start("resync a");
  constexpr int kWatches = 5;
  world.wait_until([&] { return world.server.open_watches() == kWatches; });
  CHECK_FALSE(world.watches->is_behind());
  world.server.forget_watches();
  world.server.edit(path_of(a), [](auto& object) { object["spec"]["build"]["number"] = 9; });
  world.watches->begin_anew();
  CHECK(world.told.until("edit a").empty());
  world.wait_until([&] { return !world.watches->is_behind() && world.server.open_watches() == kWatches; });
  world.server.edit("/api/v1/namespaces/shop/configmaps/scan-a", [](auto& object) { object["data"]["x"] = "y"; });
  CHECK(world.told.until("edit a").empty());
  CHECK_FALSE(world.watches->failure());
  CHECK(world.lines.lock()->empty());
}

TEST_CASE("What can't be watched again is behind") {
  World world;
  world.start();
  world.server.refuse(kApi + std::string("retentionpolicies"));
  world.watches->begin_anew();
  world.wait_until([&] { return world.watches->failure().has_value(); });
  CHECK(world.watches->is_behind());
  world.server.grant(kApi + std::string("retentionpolicies"));
  world.wait_until([&] { return !world.watches->is_behind(); });
}

TEST_CASE("The same failure of a watch is logged once an hour") {
  World world;
  const ObjectKey a = world.publication("shop", "a");
  world.start();
  const auto cut = [&] {
    constexpr int kKinds = 4;
    world.wait_until([&] { return world.server.open_watches() == kKinds; });
    world.server.cut_watches();
    world.server.edit(path_of(a),
                      [](auto& edited) { edited["spec"]["suspend"] = !edited["spec"].value("suspend", false); });
    world.told.until("edit a");
  };
  const auto said = [&] {
    const auto lines = world.lines.lock();
    return std::ranges::count_if(*lines, [](const std::string& line) {
      return line.contains("the connection was cut") && line.contains("\"imagepublications\"");
    });
  };
  cut();
  world.pass(std::chrono::minutes{59});
  cut();
  CHECK(said() == 1);
  world.pass(std::chrono::minutes{1});
  cut();
  CHECK(said() == 2);
}
