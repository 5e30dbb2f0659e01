#include "controller/assembly/host_of_key.h"

#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_objects.h"

namespace slipway::assembly {

TEST_CASE("A publication goes to its registry's host in whatever spelling, a ContainerRegistry to its own") {
  tests::InMemoryObjects objects;
  const ImagePublication publication = tests::make_publication();
  ContainerRegistry registry = tests::make_registry();
  registry.metadata.name = publication.spec.registry_ref.name;
  registry.spec.login_server = "R.Example.com:5000";
  const HostOfKey host_of{
      [&](const ObjectKey& key) { return key == key_of(publication) ? std::optional(publication) : std::nullopt; },
      objects};
  CHECK(host_of(key_of(publication)).empty());
  objects.apply(registry);
  CHECK(host_of(key_of(publication)) == "r.example.com:5000");
  CHECK(host_of(key_of(registry)) == "r.example.com:5000");
  registry.spec.login_server = "r.example.com.";
  objects.apply(registry);
  CHECK(host_of(key_of(registry)) == "r.example.com:443");
  CHECK(host_of({ResourceKind::ImagePublication, "shop", "gone"}).empty());
  CHECK(host_of({ResourceKind::RetentionPolicy, "shop", registry.metadata.name}).empty());
}

}  // namespace slipway::assembly
