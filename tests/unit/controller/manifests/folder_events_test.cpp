#include "controller/manifests/folder_events.h"

#include <fstream>
#include <functional>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace slipway::manifests;
using slipway::tests::TemporaryFolder;

namespace {

constexpr std::chrono::milliseconds kNow{0};

struct World {
  World() {
    folder.write("m/app.yaml", "a: 1\n");
    events.watch({folder / "m"});
  }
  bool is_news() { return events.wait(kNow, {}); }
  void rename(const std::string& from, const std::string& to) { std::filesystem::rename(folder / from, folder / to); }
  TemporaryFolder folder;
  FolderEvents events;
};

}  // namespace

TEST_CASE("a manifest that is complete is news, what is on its way or no manifest is not") {
  struct Row {
    std::string what;
    std::function<void(World&)> happens;
    bool is_news;
    bool is_quiet;
  };
  const auto row = GENERATE(values<Row>({
      {"nothing", [](World&) {}, false, true},
      {"written to its end", [](World& at) { at.folder.write("m/app.yaml", "a: 2\n"); }, true, true},
      {"put there", [](World& at) { at.folder.write("b.yaml", "b\n"), at.rename("b.yaml", "m/b.yaml"); }, true, true},
      {"as an editor saves",
       [](World& at) { at.rename("m/app.yaml", "m/app.yaml~"), at.folder.write("m/app.yaml", "a: 2\n"); }, true, true},
      {"removed", [](World& at) { std::filesystem::remove(at.folder / "m/app.yaml"); }, false, false},
      {"moved away", [](World& at) { at.rename("m/app.yaml", "app.yaml"); }, false, false},
      {"a note beside it", [](World& at) { at.folder.write("m/notes.txt", "n\n"); }, false, true},
      {"what an editor leaves", [](World& at) { at.folder.write("m/.app.yaml", "n\n"); }, false, true},
      {"a new folder", [](World& at) { std::filesystem::create_directory(at.folder / "m/more"); }, true, true},
      {"elsewhere", [](World& at) { at.folder.write("other/app.yaml", "a\n"); }, false, true},
      {"the folder itself goes", [](World& at) { at.rename("m", "n"); }, true, true},
      {"what a mounted ConfigMap exchanges",
       [](World& at) {
         std::filesystem::create_symlink("x", at.folder / "m/..data_tmp");
         at.rename("m/..data_tmp", "m/..data");
       },
       true, true},
  }));
  CAPTURE(row.what);
  World world;
  row.happens(world);
  CHECK(world.is_news() == row.is_news);
  CHECK(world.events.is_quiet() == row.is_quiet);
}

TEST_CASE("a manifest that is being written is half-done until it is closed") {
  World world;
  {
    std::ofstream writer{world.folder / "m/app.yaml"};
    writer << "half" << std::flush;
    CHECK_FALSE(world.is_news());
    CHECK_FALSE(world.events.is_quiet());
    world.folder.write("m/b.yaml", "b\n");
    CHECK(world.is_news());
    CHECK_FALSE(world.events.is_quiet());
  }
  CHECK(world.is_news());
  CHECK(world.events.is_quiet());
}

TEST_CASE("who never finishes is forgotten when time has passed twice") {
  World world;
  std::filesystem::remove(world.folder / "m/app.yaml");
  CHECK_FALSE(world.is_news());
  world.events.settle();
  CHECK_FALSE(world.events.is_quiet());
  world.events.settle();
  CHECK(world.events.is_quiet());
}

TEST_CASE("folders are watched as long as they are named") {
  World world;
  world.folder.write("n/a.yaml", "a\n");
  world.events.watch({world.folder / "n"});
  world.folder.write("m/app.yaml", "a: 2\n");
  CHECK_FALSE(world.is_news());
  world.folder.write("n/a.yaml", "a: 2\n");
  CHECK(world.is_news());
}

TEST_CASE("waiting ends when it is asked to") {
  World world;
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(world.events.wait(std::chrono::hours{24}, stop.get_token()));
}
