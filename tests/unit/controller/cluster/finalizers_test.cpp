#include "controller/cluster/object_store.h"
#include "tests/unit/controller/cluster/cluster_world.h"

using namespace slipway;
using namespace slipway::tests;

namespace {

const ObjectKey kStorefront{ResourceKind::ImagePublication, "shop", "storefront"};
using Json = InMemoryApiServer::Json;

/// A publication with others' finalizers on it.
struct World : ClusterWorld {
  World() {
    apply(make_publication());
    apply(make_registry());
    for (const ObjectKey& key : {kStorefront, ObjectKey{ResourceKind::ContainerRegistry, "", "contoso"}})
      server.edit(path_of(key), [](auto& object) { object["metadata"]["finalizers"] = {"a/b", "c/d"}; });
    list_all();
  }
  std::vector<std::string> kept() {
    return caches.publications.find({"shop", "storefront"})->object.metadata.finalizers;
  }
  Json stored() { return server.object(path_of(kStorefront))["metadata"]["finalizers"]; }

  cluster::ObjectStore store{caches, client, {}};
};

}  // namespace

TEST_CASE("Of finalizers ours alone is kept, and no other is lost when it comes and goes") {
  World world;
  CHECK(world.kept().empty());
  CHECK(world.caches.registries.find({{}, "contoso"})->object.metadata.finalizers.empty());
  REQUIRE(world.store.set_finalizer(kStorefront, true));
  CHECK(world.kept() == std::vector<std::string>{std::string(kFinalizer)});
  CHECK(world.stored() == Json{"a/b", "c/d", std::string(kFinalizer)});
  world.list_all();
  CHECK(world.kept() == std::vector<std::string>{std::string(kFinalizer)});
  REQUIRE(world.store.set_finalizer(kStorefront, false));
  CHECK(world.kept().empty());
  CHECK(world.stored() == Json{"a/b", "c/d"});
}

TEST_CASE("A finalizer that somebody sets while ours comes stays, too") {
  World world;
  bool is_set = false;
  world.server.before = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != http::Method::Patch || std::exchange(is_set, true)) return std::nullopt;
    world.server.edit(path_of(kStorefront), [](auto& object) { object["metadata"]["finalizers"].push_back("e/f"); });
    return std::nullopt;
  };
  REQUIRE(world.store.set_finalizer(kStorefront, true));
  CHECK(world.stored() == Json{"a/b", "c/d", "e/f", std::string(kFinalizer)});
}

TEST_CASE("What another's finalizer does is no edit of the object") {
  World world;
  auto object = world.server.object(path_of(kStorefront));
  object["metadata"]["finalizers"].push_back("e/f");
  object["metadata"]["resourceVersion"] = "1000";
  const auto document = parse_json(object.dump(), "");
  REQUIRE(document.problems.empty());
  const auto changes = world.caches.publications.put(document.root);
  REQUIRE(changes);
  REQUIRE(changes->size() == 1);
  CHECK(changes->front().kind == runtime::ChangeKind::StatusOnly);
}
