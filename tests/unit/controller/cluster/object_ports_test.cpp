#include <filesystem>

#include "controller/manifests/folder_object_store.h"
#include "reconcilers/readiness.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/controller/cluster/cluster_world.h"

/// What every store of objects keeps to: the one over an API server, the one over a folder, and the one that worlds in
/// memory are made of.
namespace slipway::tests {
namespace {

const ObjectKey kKey{ResourceKind::ImagePublication, "shop", "storefront"};
const Timestamp kNow{std::chrono::hours{500'000}};

/// Each is told of a publication, of edits and deletions by people, and of statuses by another process, which `hear`
/// makes known here.
struct InMemory {
  InMemoryObjects store;

  InMemory() { store.apply(make_publication()); }
  void edit(const ImagePublication& object) { store.apply(object); }
  void remove() { store.remove(kKey, kNow); }
  void write_as_another(const ImagePublication& object) { store.write_as_another(kKey, object.status); }
  void hear() {}
};

/// One process over a folder and its state.
struct FolderProcess {
  explicit FolderProcess(const TemporaryFolder& folder)
      : state(std::move(*manifests::StateDatabase::open(folder / "state.db"))),
        store(std::move(*manifests::ManifestFolder::open({.path = (folder / "m").string()})), state, clock) {
    REQUIRE(store.refresh());
  }
  ManualClock clock{kNow};
  manifests::StateDatabase state;
  manifests::FolderObjectStore store;
};

struct FolderOfManifests {
  FolderOfManifests() {
    folder.write("m/registry.yaml", to_json(make_registry()).dump());
    put(make_publication());
  }
  void put(const ImagePublication& object) const { folder.write("m/publication.yaml", to_json(object).dump()); }
  TemporaryFolder folder;
};

struct OverFolder : FolderOfManifests, FolderProcess {
  OverFolder() : FolderProcess(folder) {}
  void edit(const ImagePublication& object) {
    put(object);
    settle();
  }
  void remove() {
    std::filesystem::remove(folder / "m/publication.yaml");
    settle();
  }
  void settle() {
    for (int readings = 0; readings < 2; ++readings) REQUIRE(store.refresh());
  }
  void write_as_another(const ImagePublication& object) const {
    FolderProcess other{folder};
    auto loaded = (*other.store.publication(kKey))->object;
    loaded.status = object.status;
    REQUIRE(other.store.write_status(loaded));
  }
  void hear() {}
};

struct OverApiServer : ClusterWorld {
  cluster::ObjectStore store{caches, client, {.references = {.controller = "slipway-system", .granted = {}}}};

  OverApiServer() {
    apply(make_publication());
    list_all();
  }
  void edit(const ImagePublication& object) {
    server.edit(path_of(kKey), [&](auto& stored) { stored["spec"] = to_json(object)["spec"]; });
    list_all();
  }
  void remove() {
    server.remove(path_of(kKey));
    list_all();
  }
  void hear() { list_all(); }
};

template <class Place>
ImagePublication load(Place& place) {
  const auto loaded = place.store.publication(kKey);
  REQUIRE(loaded);
  REQUIRE(*loaded);
  return (*loaded)->object;
}

ImagePublication with_status(ImagePublication object, const std::string& message) {
  object.status.observed_generation = object.metadata.generation;
  object.status.conditions = {make_condition("Ready", true, "Succeeded", message, {object.metadata.generation, kNow})};
  return object;
}

ErrorClass class_of(const Result<void>& result) {
  REQUIRE_FALSE(result);
  return result.error().cls;
}

}  // namespace

TEMPLATE_TEST_CASE("a status is read as it was written", "", InMemory, OverFolder, OverApiServer) {
  TestType place;
  const auto loaded = load(place);
  const auto first = with_status(loaded, "first");
  REQUIRE(place.store.write_status(first));
  CHECK(load(place).status == first.status);
  CHECK(load(place).spec == loaded.spec);
  CHECK(load(place).metadata.generation == loaded.metadata.generation);
  SECTION("whoever wrote it writes on, from what it loaded before") {
    const auto second = with_status(loaded, "second");
    REQUIRE(place.store.write_status(second));
    REQUIRE(place.store.write_status(second));
    CHECK(load(place).status == second.status);
  }
  SECTION("also after it set the finalizer") {
    REQUIRE(place.store.set_finalizer(kKey, true));
    const auto second = with_status(loaded, "second");
    REQUIRE(place.store.write_status(second));
    CHECK(load(place).status == second.status);
    CHECK(load(place).metadata.finalizers == std::vector<std::string>{std::string(kFinalizer)});
  }
}

TEMPLATE_TEST_CASE("a status that another process wrote meanwhile is not written over", "", InMemory, OverFolder,
                   OverApiServer) {
  TestType place;
  const auto loaded = load(place);
  const auto others = with_status(loaded, "another's");
  place.write_as_another(others);
  SECTION("by a different one") {
    CHECK(class_of(place.store.write_status(with_status(loaded, "mine"))) == ErrorClass::Conflict);
    CHECK(load(place).status == others.status);
    const auto mine = with_status(load(place), "mine, with what the other wrote in mind");
    REQUIRE(place.store.write_status(mine));
    CHECK(load(place).status == mine.status);
  }
  SECTION("the same is as wanted") {
    CHECK(place.store.write_status(others));
    CHECK(load(place).status == others.status);
  }
  SECTION("by who knows it") {
    place.hear();
    const auto mine = with_status(load(place), "mine");
    REQUIRE(place.store.write_status(mine));
    CHECK(load(place).status == mine.status);
  }
}

TEMPLATE_TEST_CASE("a status of before an edit is not written", "", InMemory, OverFolder, OverApiServer) {
  TestType place;
  const auto loaded = load(place);
  auto edited = make_publication();
  edited.spec.build.version = "1.8.3";
  place.edit(edited);
  CHECK(class_of(place.store.write_status(with_status(loaded, "late"))) == ErrorClass::Conflict);
  CHECK(load(place).metadata.generation == loaded.metadata.generation + 1);
  CHECK(load(place).metadata.uid == loaded.metadata.uid);
  CHECK(load(place).spec.build.version == "1.8.3");
  CHECK(load(place).status == loaded.status);
  CHECK(place.store.write_status(with_status(load(place), "new")));
}

TEMPLATE_TEST_CASE("what is deleted is gone, unless the finalizer holds it", "", InMemory, OverFolder, OverApiServer) {
  TestType place;
  const auto loaded = load(place);
  const auto is_there = [&] { return place.store.publication(kKey)->has_value(); };
  SECTION("gone") {
    place.remove();
    CHECK_FALSE(is_there());
    CHECK(class_of(place.store.write_status(with_status(loaded, "late"))) == ErrorClass::Conflict);
    CHECK(place.store.set_finalizer(kKey, false));
    CHECK(class_of(place.store.set_finalizer(kKey, true)) == ErrorClass::NotFound);
    CHECK(place.store.publications_to("shop/storefront")->empty());
  }
  SECTION("held") {
    for (int times = 0; times < 2; ++times) REQUIRE(place.store.set_finalizer(kKey, true));
    CHECK_FALSE(load(place).metadata.deletion_timestamp);
    place.remove();
    CHECK(load(place).metadata.deletion_timestamp);
    CHECK(place.store.publications_to("shop/storefront")->size() == 1);
    REQUIRE(place.store.set_finalizer(kKey, false));
    place.hear();
    CHECK_FALSE(is_there());
  }
}

}  // namespace slipway::tests
