#include "controller/standalone/folder_news.h"

#include <algorithm>

#include "tests/catch.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/controller/runtime/manual_steady_clock.h"

namespace slipway::standalone {

namespace {

std::string manifest_of(const std::string& name, const std::string& host) {
  return "apiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: " + name +
         "}\nspec: {loginServer: " + host + ", authentication: {anonymous: {}}}\n";
}

/// Registries a, b and c in a folder, or in a commit's, all of which were looked at, and a queue that nobody takes
/// from.
struct World {
  explicit World(bool is_checkout) {
    for (const std::string name : {"a", "b", "c"}) write(name, "localhost");
    if (is_checkout) about.root = folder.path().string();
    if (is_checkout)
      about.checkout = manifests::CheckoutOptions{
          .origin = "https://git.example.com/shop.git@main",
          .shown = {},
          .revision_of = [](const std::filesystem::path&) { return std::string("main@sha1:1"); }};
    state.emplace(*manifests::StateDatabase::open(folder / "state.db"));
    start();
    REQUIRE(store->refresh());
    auto all = *store->registries();
    for (ContainerRegistry& registry : all) {
      registry.status.observed_generation = registry.metadata.generation;
      REQUIRE(store->write_status(registry));
    }
    start();
  }

  void start() { store.emplace(*manifests::ManifestFolder::open(about), *state, clock); }

  void write(const std::string& name, const std::string& host) {
    folder.write("m/" + name + ".yaml", manifest_of(name, host));
  }
  std::vector<std::string> take_all() {
    std::vector<std::string> names;
    while (const auto key = queue.try_take()) names.push_back(key->name);
    return names;
  }

  std::vector<std::string> lines;
  tests::TemporaryFolder folder;
  tests::ManualClock clock{Timestamp{}};
  tests::ManualSteadyClock steady;
  manifests::ManifestFolderOptions about{.path = (folder / "m").string()};
  std::optional<manifests::StateDatabase> state;
  std::optional<manifests::FolderObjectStore> store;
  telemetry::Log log{clock, {.write = [this](const std::string& line) { lines.push_back(line); }}};
  telemetry::Metrics metrics{"0"};
  tests::InMemoryRecorder recorder;
  tests::InMemoryProgress progress;
  runtime::WorkWatcher watcher;
  runtime::WorkQueue queue{steady, watcher, {}};
  runtime::SignsOfLife signs{steady};
  FolderNews news{queue, {log, metrics, recorder, progress, clock}, signs};
};

}  // namespace

TEST_CASE("what is edited after the start comes before what the start brings") {
  World world{GENERATE(false, true)};
  world.news.take(world.store->refresh());
  world.write("c", "127.0.0.1");
  // A file that changed just now counts when the next reading finds it the same.
  for (int readings = 0; readings < 2; ++readings) world.news.take(world.store->refresh());
  CHECK(world.take_all() == std::vector<std::string>{"c", "a", "b"});
}

TEST_CASE("what was edited or deleted while nobody was at work comes before what the start looks at again") {
  World world{GENERATE(false, true)};
  const ObjectKey deleted{ResourceKind::ContainerRegistry, "", "c"};
  REQUIRE(world.state->set_finalizer(deleted, true));
  world.write("b", "127.0.0.1");
  std::filesystem::remove(world.folder / "m/c.yaml");
  SECTION("as the start finds it") {
    for (int readings = 0; readings < 2; ++readings) world.news.take(world.store->refresh());
    CHECK(world.take_all() == std::vector<std::string>{"b", "c", "a"});
  }
  SECTION("as it was seen by a process that ended before it looked at it") {
    for (int readings = 0; readings < 2; ++readings) REQUIRE(world.store->refresh());
    world.start();
    world.news.take(world.store->refresh());
    CHECK(world.take_all() == std::vector<std::string>{"b", "c", "a"});
  }
}

TEST_CASE("what was asked for while nobody was at work comes before what the start looks at again") {
  World world{GENERATE(false, true)};
  std::string text = manifest_of("b", "localhost");
  text.replace(text.find("{name: b"), 8, "{annotations: {slipway.dev/reconcile-requested-at: now}, name: b");
  world.folder.write("m/b.yaml", text);
  for (int readings = 0; readings < 2; ++readings) world.news.take(world.store->refresh());
  CHECK(world.take_all() == std::vector<std::string>{"b", "a", "c"});
}

TEST_CASE("what the start brings comes once, and so does what it could read only later") {
  World world{false};
  std::filesystem::rename(world.folder / "m", world.folder / "away");
  world.news.take(world.store->refresh());
  CHECK(world.news.failure());
  CHECK(world.take_all().empty());
  std::filesystem::rename(world.folder / "away", world.folder / "m");
  for (int readings = 0; readings < 2; ++readings) world.news.take(world.store->refresh());
  CHECK_FALSE(world.news.failure());
  const auto tells_of_it = [](const std::string& line) { return line.contains("the manifests can be read again"); };
  CHECK(std::ranges::count_if(world.lines, tells_of_it) == 1);
  CHECK(world.take_all() == std::vector<std::string>{"a", "b", "c"});
}

}  // namespace slipway::standalone
