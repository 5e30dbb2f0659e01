#include "controller/cluster/shard_handover.h"

#include <cstdint>
#include <utility>

#include "reconcilers/json.h"
#include "tests/unit/controller/cluster/cluster_world.h"

using namespace slipway;
using namespace slipway::tests;

namespace {

const ObjectKey kStorefront{ResourceKind::ImagePublication, "shop", "storefront"};
const ObjectKey kContoso{ResourceKind::ContainerRegistry, "", "contoso"};

struct World : ClusterWorld {
  World() {
    apply(make_publication());
    apply(make_registry());
    list_all();
  }
  /// As another replica does.
  void write_status(std::int64_t observed_generation) {
    const Node status = json::MapBuilder().add("observedGeneration", json::integer(observed_generation)).build();
    const Node object = json::MapBuilder()
                            .add("apiVersion", json::text(kApiVersion))
                            .add("kind", json::text("ImagePublication"))
                            .add("metadata", json::MapBuilder().add("name", json::text(kStorefront.name)).build())
                            .add("status", status)
                            .build();
    kube::Target target{kube::resource_of(kStorefront.kind), kStorefront.namespace_name, kStorefront.name, "status"};
    REQUIRE(client.send(kube::apply(std::move(target), object), {}));
  }
  std::int64_t kept_generation() {
    return caches.publications.find({"shop", "storefront"})->object.status.observed_generation;
  }

  cluster::ShardOf shard_of = cluster::shard_of(caches);
  cluster::Refresh refresh = cluster::refresh(caches, client);
};

}  // namespace

TEST_CASE("The shard of an object is that of what is kept of it") {
  World world;
  CHECK(world.shard_of(kStorefront) == "registry.example:443/shop/storefront");
  CHECK(world.shard_of(kContoso) == "contoso");
  CHECK_FALSE(world.shard_of({ResourceKind::ImagePublication, "shop", "gone"}));
  CHECK_FALSE(world.shard_of({ResourceKind::RetentionPolicy, "shop", "gone"}));
  world.server.remove(path_of(kContoso));
  world.list_all();
  CHECK(world.shard_of(kStorefront) == "contoso/shop/storefront");
}

TEST_CASE("An edit of aliases moves the repositories of every registry that is one with another by it") {
  World world;
  ContainerRegistry images = make_registry();
  images.metadata.name = "images";
  images.spec.login_server = "images.example";
  const ObjectKey by_images = key_of(images);
  world.apply(images);
  world.list_all();
  CHECK(world.shard_of(kStorefront) == "registry.example:443/shop/storefront");
  const auto set_aliases = [&](const std::vector<std::string>& aliases) {
    world.server.edit(path_of(by_images), [&](auto& object) { object["spec"]["aliases"] = aliases; });
    world.list_all();
  };
  set_aliases({"registry.example"});
  CHECK(world.shard_of(kStorefront) == "images.example:443/shop/storefront");
  set_aliases({});
  CHECK(world.shard_of(kStorefront) == "registry.example:443/shop/storefront");
  set_aliases({"registry.example"});
  world.server.remove(path_of(by_images));
  world.list_all();
  CHECK(world.shard_of(kStorefront) == "registry.example:443/shop/storefront");
}

TEST_CASE("The names of registries are put together once for what changed") {
  World world;
  const auto names = world.caches.registry_names.now();
  CHECK(world.caches.registry_names.now() == names);
  world.server.edit(path_of(kContoso), [](auto& object) { object["spec"]["access"][0]["name"] = "others"; });
  world.list_all();
  CHECK(world.caches.registry_names.now() == names);
  world.server.edit(path_of(kContoso), [](auto& object) { object["spec"]["aliases"] = {"images.example"}; });
  world.list_all();
  CHECK(world.caches.registry_names.now() != names);
}

TEST_CASE("The status that the last owner wrote is there before the watch brings it") {
  World world;
  world.write_status(1);
  REQUIRE(world.kept_generation() != 1);
  REQUIRE(world.refresh(kStorefront, {}));
  CHECK(world.kept_generation() == 1);
  REQUIRE(world.refresh(kStorefront, {}));
  REQUIRE(world.refresh(kContoso, {}));
}

TEST_CASE("Nothing is visited while the watch is behind with an edit, or with the end of an object") {
  World world;
  world.server.edit(path_of(kStorefront), [](auto& object) { object["spec"]["environment"] = "production"; });
  CHECK(world.refresh(kStorefront, {}).error().cls == ErrorClass::Unavailable);
  world.list_all();
  CHECK(world.refresh(kStorefront, {}));
  world.server.remove(path_of(kStorefront));
  CHECK(world.refresh(kStorefront, {}).error().cls == ErrorClass::Unavailable);
}
