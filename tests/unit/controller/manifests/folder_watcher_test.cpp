#include "controller/manifests/folder_watcher.h"

#include <condition_variable>
#include <optional>

#include "controller/runtime/guarded.h"
#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::manifests;
using slipway::tests::ManualClock;
using slipway::tests::TemporaryFolder;

namespace {

constexpr std::chrono::milliseconds kOften{1};
constexpr std::chrono::hours kNever{24};
constexpr std::chrono::seconds kLongest{20};

/// Keeps what the watcher told until somebody waits for it.
class Heard {
 public:
  /// `keys`: of the objects that there are by what is told.
  void tell(const Result<FolderChange>& change, std::vector<ObjectKey> keys) {
    {
      const auto told = told_.lock();
      ++told->count;
      told->keys.push_back(std::move(keys));
      if (!change) told->error = change.error();
      if (change) told->edited.insert(change->edited.begin(), change->edited.end());
    }
    changed_.notify_all();
  }
  template <class Ready>
  bool wait(Ready ready) {
    auto told = told_.lock();
    return told.wait_for(changed_, std::stop_token{}, kLongest, [&] { return ready(*told); });
  }
  struct Told {
    int count = 0;
    std::vector<std::vector<ObjectKey>> keys;  ///< Each time.
    std::set<ObjectKey> edited;
    std::optional<Error> error;
  };
  std::vector<ObjectKey> keys_at(std::size_t time) const { return told_.lock()->keys.at(time); }

 private:
  runtime::Guarded<Told> told_;
  std::condition_variable_any changed_;
};

std::string config(const std::string& name) {
  return "apiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: " + name +
         "}\nspec: {loginServer: contoso.azurecr.io, authentication: {anonymous: {}}}\n";
}

ObjectKey registry(const std::string& name) {
  return {ResourceKind::ContainerRegistry, "", name};
}

/// A store over a folder with one registry.
struct Watched {
  struct Folder : TemporaryFolder {
    Folder() { write("m/a.yaml", config("a")); }
  };
  Folder folder;
  ManualClock clock{Timestamp{}};
  Heard heard;
  StateDatabase state = std::move(*StateDatabase::open(folder / "state.db"));
  FolderObjectStore store{std::move(*ManifestFolder::open({.path = (folder / "m").string()})), state, clock};
  FolderWatcher::Listener listener = [this](const Result<FolderChange>& change) { heard.tell(change, store.keys()); };
};

}  // namespace

TEST_CASE("the watcher looks at once and tells what it found") {
  Watched at;
  const FolderWatcher watcher(at.store, kNever, at.listener);
  CHECK(at.heard.wait([](const auto& told) { return told.edited.contains(registry("a")); }));
}

TEST_CASE("the watcher looks again and again, and tells what changed and what it cannot read") {
  Watched at;
  const FolderWatcher watcher(at.store, kOften, at.listener);
  CHECK(at.heard.wait([](const auto& told) { return told.count > 1; }));
  at.folder.write("m/b.yaml", config("b"));
  CHECK(at.heard.wait([](const auto& told) { return told.edited.contains(registry("b")); }));
  std::filesystem::rename(at.folder / "m", at.folder / "elsewhere");
  CHECK(at.heard.wait([](const auto& told) { return told.error && told.error->cls == ErrorClass::NotFound; }));
}

TEST_CASE("the watcher ends without waiting for its interval, and tells nothing after") {
  Watched at;
  {
    const FolderWatcher watcher(at.store, kNever, at.listener);
    CHECK(at.heard.wait([](const auto& told) { return told.count == 1; }));
  }
  CHECK(at.heard.wait([](const auto& told) { return told.count == 1; }));
}

TEST_CASE("a file that is put there is read at once and taken when the next reading is equal, without the interval") {
  Watched at;
  const FolderWatcher watcher(at.store, kNever, at.listener);
  // The first reading's folders are watched from before it is told.
  REQUIRE(at.heard.wait([](const auto& told) { return told.count == 1; }));
  at.folder.write("b.new", config("b"));
  std::filesystem::rename(at.folder / "b.new", at.folder / "m/b.yaml");
  CHECK(at.heard.wait([](const auto& told) { return told.edited.contains(registry("b")); }));
}

TEST_CASE("what goes beside an edit is not taken for deleted with it") {
  Watched at;
  at.folder.write("m/b.yaml", config("b"));
  const FolderWatcher watcher(at.store, kNever, at.listener);
  REQUIRE(at.heard.wait([](const auto& told) { return told.count == 1; }));
  std::filesystem::remove(at.folder / "m/a.yaml");
  at.folder.write("m/c.yaml", config("c"));
  // More may be told by then.
  REQUIRE(at.heard.wait([](const auto& told) { return told.count >= 2; }));
  CHECK(at.heard.keys_at(1) == std::vector{registry("a"), registry("b")});
}
