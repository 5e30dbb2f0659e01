#include "controller/manifests/unchangeable.h"

#include <filesystem>

#include "controller/manifests/folder_object_store.h"
#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::manifests;

namespace {

struct Spec {
  std::string name, repository, registry = "contoso";
};

/// Eight lines of a List, the repository in the fifth and the registry in the sixth.
std::string item(const Spec& spec) {
  return "- apiVersion: slipway.dev/v1alpha1\n  kind: ImagePublication\n  metadata: {name: " + spec.name +
         ", namespace: shop}\n  spec:\n    repository: " + spec.repository +
         "\n    registryRef: {name: " + spec.registry +
         "}\n    source: {image: {reference: 'ghcr.io/contoso/app:1'}}\n" + "    tags: [{name: t, template: fixed}]\n";
}

/// A file with a List of two publications, both of which were published from it as it is at first.
class World {
 public:
  World() {
    write({"a", "shop/a"}, {"b", "shop/b"});
    auto store = store_of({});
    REQUIRE(store.refresh());
    for (const std::string name : {"a", "b"}) {
      auto object = store.publication({ResourceKind::ImagePublication, "shop", name}).value()->object;
      object.status.published = PublishedStatus{.generation = 1, .digest = "sha256:0"};
      REQUIRE(store.write_status(object));
    }
  }

  void write(const Spec& first, const Spec& second) {
    folder_.write("m/list.yaml", "apiVersion: v1\nkind: List\nitems:\n" + item(first) + item(second));
  }

  /// What is told of the file as it is, which is the same before it counts and as it does.
  std::vector<std::string> told(const std::vector<FieldOverride>& overrides = {}) {
    const auto reading = folder_of(overrides).read();
    REQUIRE(reading);
    const auto found = unchangeable_in(*reading, state_);
    REQUIRE(found);
    const auto change = store_of(overrides).refresh();
    REQUIRE(change);
    CHECK(change->problems == *found);
    std::vector<std::string> texts;
    for (auto problem : *found) {
      problem.file = std::filesystem::path(problem.file).filename();
      texts.push_back(to_string(problem));
    }
    return texts;
  }

 private:
  ManifestFolder folder_of(const std::vector<FieldOverride>& overrides) const {
    ManifestFolderOptions options{.path = (folder_ / "m").string()};
    options.parse.overrides = overrides;
    return ManifestFolder::open(std::move(options)).value();
  }
  FolderObjectStore store_of(const std::vector<FieldOverride>& overrides) {
    return {folder_of(overrides), state_, clock_};
  }

  tests::TemporaryFolder folder_;
  tests::ManualClock clock_{Timestamp{std::chrono::seconds{1'800'000'000}}};
  StateDatabase state_ = StateDatabase::open(folder_ / "state.db").value();
};

std::string refusal(const std::string& name) {
  return "the field can't be changed; make a new object (it has sent images already); give it another name, or put "
         "the field of ImagePublication shop/" +
         name + " back: what was there before stays in force";
}

}  // namespace

TEST_CASE("of what can't be changed each field that was is told, where it stands") {
  World world;
  CHECK(world.told().empty());
  world.write({"a", "shop/a"}, {"b", "prod/b", "other"});
  CHECK(world.told() == std::vector<std::string>{"list.yaml:16:17: items[1].spec.repository: " + refusal("b"),
                                                 "list.yaml:17:18: items[1].spec.registryRef: " + refusal("b")});
  world.write({"a", "prod/a"}, {"b", "prod/b", "other"});
  CHECK(world.told().size() == 3);
}

TEST_CASE("a value of --set that changes what can't be changed is told as the option's") {
  World world;
  CHECK(world.told({{"spec.repository", "shop/a"}}) ==
        std::vector<std::string>{"list.yaml:12:3: items[1].spec.repository: --set spec.repository: " + refusal("b")});
  world.write({"a", "shop/a"}, {"b", "prod/b"});
  CHECK(world.told({{"spec.registryRef.name", "other"}}) ==
        std::vector<std::string>{
            "list.yaml:9:18: items[0].spec.registryRef: --set spec.registryRef.name: " + refusal("a"),
            "list.yaml:16:17: items[1].spec.repository: " + refusal("b"),
            "list.yaml:17:18: items[1].spec.registryRef: --set spec.registryRef.name: " + refusal("b")});
}
