#include "controller/cluster/shard_fences.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/cluster/shard_keys.h"
#include "controller/cluster/shard_turns.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/in_memory_registry.h"
#include "tests/unit/controller/cluster/shards_world.h"

using namespace slipway;
using namespace slipway::cluster;
using namespace std::chrono_literals;

namespace {

struct Visited final : Reconciler {
  Outcome reconcile(const ObjectKey&, std::stop_token stop) override {
    ++visits;
    if (meanwhile) meanwhile();
    was_stopped = stop.stop_requested();
    return {.kind = Outcome::Kind::Again, .delay = 5s};
  }
  int visits = 0;
  bool was_stopped = false;
  std::function<void()> meanwhile;
};

/// A replica that owns everything until lose().
struct World {
  World() {
    objects.apply(tests::make_registry());
    objects.apply(publication);
    shared.settle(shards);
  }
  void lose() {
    shared.steady.advance(11s);
    shards.expire();
  }

  tests::ShardsWorld shared;
  Shards shards{tests::ShardsWorld::options("a"), shared.hands(), [](const auto&) {}};
  /// As what is kept says.
  ShardOf shard_of() {
    return [this](const ObjectKey& key) -> std::optional<std::string> {
      const ContainerRegistry& registry = objects.kept_registries.at("contoso");
      if (key.kind == ResourceKind::ContainerRegistry) return shard_key_of(registry);
      const auto found = objects.published.find(key);
      if (found == objects.published.end()) return std::nullopt;
      return shard_key_of(found->second, &registry, *names()());
    };
  }
  RegistryNamesNow names() {
    return [this] { return std::make_shared<const RegistryNames>(*objects.registries()); };
  }
  /// Another name of the registry of `publication`.
  static ContainerRegistry registry_by_alias() {
    ContainerRegistry registry = tests::make_registry();
    registry.metadata.name = "by-alias";
    registry.spec.login_server = "images.example";
    registry.spec.aliases = {"Registry.example"};
    return registry;
  }
  ShardedReconciler reconciler(Reconciler& next) {
    return {next, {shards, shard_of(), [this](const ObjectKey& key, const std::stop_token&) {
                     refreshed.push_back(key);
                     return refresh_answer;
                   }}};
  }

  tests::InMemoryObjects objects;
  ImagePublication publication = tests::make_publication();
  std::vector<ObjectKey> refreshed;
  Result<void> refresh_answer;
};

ErrorClass class_of(const Result<void>& result) {
  REQUIRE_FALSE(result);
  return result.error().cls;
}

}  // namespace

TEST_CASE("Whoever writes to one repository shares a key, whichever ContainerRegistry it names") {
  ContainerRegistry contoso = tests::make_registry();
  ContainerRegistry other = contoso;
  other.metadata.name = "other";
  ImagePublication first = tests::make_publication("first");
  ImagePublication second = tests::make_publication("second");
  second.metadata.namespace_name = "elsewhere";
  second.spec.registry_ref.name = "other";
  const RegistryNames same({contoso, other});
  CHECK(shard_key_of(first, &contoso, same) == "registry.example:443/shop/storefront");
  CHECK(shard_key_of(second, &other, same) == shard_key_of(first, &contoso, same));
  CHECK(shard_key_of(second, nullptr, same) == "other/shop/storefront");
  other.spec.login_server = "registry-of-old.example";
  other.spec.aliases = {"registry.example"};
  const RegistryNames by_alias({contoso, other});
  CHECK(shard_key_of(first, &contoso, by_alias) == "registry-of-old.example:443/shop/storefront");
  CHECK(shard_key_of(second, &other, by_alias) == shard_key_of(first, &contoso, by_alias));
  CHECK(shard_key_of(contoso) == "contoso");
  RetentionPolicy policy;
  policy.metadata = {.name = "nightly", .namespace_name = "shop"};
  CHECK(shard_key_of(policy) == "shop/nightly");
}

TEST_CASE("A registry has one shard however its loginServer is written") {
  const auto shard_at = [](const std::string& login_server) {
    ContainerRegistry registry = tests::make_registry();
    registry.spec.login_server = login_server;
    return shard_key_of(tests::make_publication(), &registry, RegistryNames({registry}));
  };
  CHECK(shard_at("Contoso.azurecr.io:443") == shard_at("contoso.azurecr.io"));
  CHECK(shard_at("docker.io") == shard_at("registry-1.docker.io"));
  CHECK(shard_at("contoso.azurecr.io:5000") != shard_at("contoso.azurecr.io"));
}

TEST_CASE("Only what is owned is visited") {
  World world;
  Visited next;
  auto reconciler = world.reconciler(next);
  CHECK(reconciler.reconcile(key_of(world.publication), {}) == Outcome{.kind = Outcome::Kind::Again, .delay = 5s});
  CHECK(next.visits == 1);
  CHECK(reconciler.reconcile({ResourceKind::ImagePublication, "shop", "gone"}, {}) == Outcome{});
  world.lose();
  CHECK(reconciler.reconcile(key_of(world.publication), {}) == Outcome{});
  CHECK(next.visits == 1);
}

TEST_CASE("A visit whose shard is lost is stopped, and has no sequel") {
  World world;
  Visited next;
  next.meanwhile = [&] { world.lose(); };
  auto reconciler = world.reconciler(next);
  CHECK(reconciler.reconcile(key_of(world.publication), {}) == Outcome{});
  CHECK(next.was_stopped);
}

TEST_CASE("What may have come from another replica is fetched before its first visit, and once") {
  World world;
  Visited next;
  auto reconciler = world.reconciler(next);
  const ObjectKey key = key_of(world.publication);
  SECTION("alone nothing is fetched") {
    reconciler.reconcile(key, {});
    CHECK(world.refreshed.empty());
  }
  SECTION("after others were there") {
    Shards other{tests::ShardsWorld::options("b"), world.shared.hands(), [](const auto&) {}};
    for (int i = 0; i < 6; ++i) {
      world.shared.settle(other);
      world.shared.settle(world.shards);
      world.shared.steady.advance(1s);
    }
    REQUIRE(other.release(1s, {}));
    world.shared.steady.advance(3s);
    world.shared.settle(world.shards);
    world.refresh_answer = fail(ErrorClass::Unavailable, "no answer", "-");
    CHECK(reconciler.reconcile(key, {}).kind == Outcome::Kind::Retry);
    CHECK(next.visits == 0);
    world.refresh_answer = {};
    reconciler.reconcile(key, {});
    reconciler.reconcile(key, {});
    CHECK(next.visits == 2);
    CHECK(world.refreshed == std::vector<ObjectKey>{key, key});
    // Another one of that name was never fetched.
    reconciler.forget(key);
    reconciler.reconcile(key, {});
    CHECK(world.refreshed.size() == 3);
  }
}

TEST_CASE("Status and finalizer are written only while the shard is owned") {
  World world;
  const auto may_write = fence_of(world.shards, world.shard_of());
  const ObjectKey key = key_of(world.publication);
  const ObjectKey gone{ResourceKind::ImagePublication, "shop", "gone"};
  CHECK(may_write(key));
  CHECK(may_write(gone));
  world.lose();
  CHECK(class_of(may_write(key)) == ErrorClass::Cancelled);
  CHECK(class_of(may_write(key_of(tests::make_registry()))) == ErrorClass::Cancelled);
  CHECK(may_write(gone));
}

TEST_CASE("Manifests and tags are written only while the shard is owned") {
  World world;
  tests::InMemoryRegistry registry;
  FencedRegistries fenced{registry, world.shards, world.names()};
  const auto image = tests::make_image(registry.at("registry.example", "shop/storefront"), {"layer"});
  const auto& bytes = registry.at("registry.example", "shop/storefront").manifests.at(image.descriptor.digest);
  const auto store = fenced.open_to_change(tests::make_registry(), "shop/storefront", {});
  REQUIRE(store);
  CHECK((*store)->put_manifest(bytes, {}));
  CHECK((*store)->put_tag("1.0", bytes, {}));
  world.lose();
  registry.requests.clear();
  // Nor is it written down that something is about to be.
  CHECK(class_of((*store)->announce({})) == ErrorClass::Cancelled);
  CHECK(class_of((*store)->put_manifest(bytes, {})) == ErrorClass::Cancelled);
  CHECK(class_of((*store)->put_tag("1.0", bytes, {})) == ErrorClass::Cancelled);
  CHECK(class_of((*store)->put_referrer(bytes, image.descriptor, {})) == ErrorClass::Cancelled);
  CHECK(class_of((*store)->remove_tag("1.0", {})) == ErrorClass::Cancelled);
  CHECK(registry.requests.empty());
  CHECK((*store)->manifest(image.descriptor.digest, {}));
  // The shard is that of now: an edit of aliases may have moved the repository.
  world.objects.apply(world.registry_by_alias());
  CHECK((*store)->put_tag("1.0", bytes, {}).error().message ==
        "another replica works on images.example:443/shop/storefront now");
}

TEST_CASE("A turn on a repository is given only while its shard is owned") {
  World world;
  world.objects.apply(world.registry_by_alias());
  ShardTurns turns{world.shards, world.names()};
  {
    const auto turn = turns.take("registry.example", "shop/storefront", {});
    REQUIRE(turn);
    std::stop_source stop;
    stop.request_stop();
    for (const char* same : {"Registry.example:443", "images.example:443"}) {
      const auto second = turns.take(same, "shop/storefront", stop.get_token());
      REQUIRE_FALSE(second);
      CHECK(second.error().cls == ErrorClass::Cancelled);
    }
    CHECK(turns.take("registry.example", "shop/other", {}));
  }
  CHECK(turns.take("registry.example", "shop/storefront", {}));
  world.lose();
  const auto refused = turns.take("registry.example", "shop/storefront", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "another replica writes to images.example:443/shop/storefront now");
}
