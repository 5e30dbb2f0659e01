#include <algorithm>

#include "controller/manifests/folder_object_store.h"
#include "controller/manifests/unchangeable.h"
#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::manifests;
using slipway::tests::ManualClock;
using slipway::tests::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

const ObjectKey kA{ResourceKind::ImagePublication, "shop", "a"};
const ObjectKey kB{ResourceKind::ImagePublication, "shop", "b"};

std::string publication(const std::string& name, const std::string& tag = "fixed", const std::string& labels = "",
                        const std::string& repository = "shop/app") {
  return "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata: {name: " + name + ", namespace: shop, " +
         "labels: {" + labels + "}}\nspec:\n  registryRef: {name: contoso}\n  repository: " + repository +
         "\n  source: {ociArchive: {path: ../image.tar}}\n  tags: [{name: t, template: " + tag + "}]\n";
}

/// Commits as folders, and the link to the one in force: the first, with publications a and b of one archive.
class Repository {
 public:
  Repository() {
    write("1", "prod/a.yaml", publication("a"));
    write("1", "prod/b.yaml", publication("b"));
    write("1", "image.tar", "an image");
    follow("1");
  }
  void write(const std::string& commit, const std::string& file, const std::string& content) const {
    folder_.write("commits/" + commit + '/' + file, content);
  }
  /// The same file as in another commit.
  void keep(const std::string& from, const std::string& commit, const std::string& file) const {
    const auto to = folder_ / ("commits/" + commit + '/' + file);
    fs::create_directories(to.parent_path());
    fs::create_hard_link(folder_ / ("commits/" + from + '/' + file), to);
  }
  void follow(const std::string& commit) const {
    fs::remove(folder_ / "next");
    fs::create_symlink("commits/" + commit, folder_ / "next");
    fs::rename(folder_ / "next", folder_ / "current");
  }
  ManifestFolderOptions options(const std::string& path = "prod") const {
    return {.path = (folder_ / "current" / path).string(),
            .root = (folder_ / "current").string(),
            .checkout = CheckoutOptions{
                .origin = "https://git.example.com/shop.git@main/" + path,
                .shown = path,
                .revision_of = [](const fs::path& root) { return "main@sha1:" + root.filename().string(); }}};
  }
  fs::path state() const { return folder_ / "state.db"; }
  fs::path path() const { return folder_.path(); }

 private:
  TemporaryFolder folder_;
};

class Process {
 public:
  explicit Process(const Repository& repository, const std::string& path = "prod")
      : state_(*StateDatabase::open(repository.state())),
        store_(*ManifestFolder::open(repository.options(path)), state_, clock_) {}

  FolderObjectStore* operator->() { return &store_; }
  StateDatabase& state() { return state_; }
  std::set<ObjectKey> refresh() {
    auto change = store_.refresh();
    if (!change) FAIL(change.error().message);
    change->edited.merge(change->again);
    return change->edited;
  }
  ImagePublication get(const ObjectKey& key) {
    const auto loaded = store_.publication(key);
    if (!loaded || !*loaded) FAIL(to_string(key) + " is not there");
    return (*loaded)->object;
  }
  std::string revision_of(const ObjectKey& key) { return get(key).status.source_revision; }

 private:
  ManualClock clock_{Timestamp{std::chrono::seconds{1'800'000'000}}};
  StateDatabase state_;
  FolderObjectStore store_;
};

}  // namespace

TEST_CASE("an object names the commit that brought it as it is, also after a restart") {
  const Repository repository;
  {
    Process process{repository};
    CHECK(process.refresh().size() == 2);
    CHECK(process.revision_of(kA) == "main@sha1:1");
    repository.write("2", "prod/a.yaml", publication("a", "other"));
    repository.keep("1", "2", "prod/b.yaml");
    repository.keep("1", "2", "image.tar");
    repository.follow("2");
    CHECK(process.refresh() == std::set{kA});
    CHECK(process.get(kA).metadata.generation == 2);
    CHECK(process.revision_of(kA) == "main@sha1:2");
    CHECK(process.revision_of(kB) == "main@sha1:1");
  }
  Process process{repository};
  process.refresh();
  CHECK(process.revision_of(kA) == "main@sha1:2");
  CHECK(process.revision_of(kB) == "main@sha1:1");
}

TEST_CASE("a commit that leaves an object writes nothing about it") {
  const Repository repository;
  Process process{repository};
  process.refresh();
  auto object = process.get(kA);
  object.status.observed_generation = 1;
  REQUIRE(process->write_status(object));
  const auto before = process.state().all();
  repository.write("2", "prod/a.yaml", "# a comment\n" + publication("a"));
  repository.keep("1", "2", "prod/b.yaml");
  repository.keep("1", "2", "image.tar");
  repository.follow("2");
  CHECK(process.refresh().empty());
  REQUIRE(process->write_status(process.get(kA)));
  CHECK(*process.state().all() == *before);
}

TEST_CASE("a label is content, and changes the commit without a generation") {
  const Repository repository;
  Process process{repository};
  process.refresh();
  repository.write("2", "prod/a.yaml", publication("a", "fixed", "team: shop"));
  repository.keep("1", "2", "prod/b.yaml");
  repository.keep("1", "2", "image.tar");
  repository.follow("2");
  process.refresh();
  CHECK(process.get(kA).metadata.generation == 1);
  CHECK(process.revision_of(kA) == "main@sha1:2");
}

TEST_CASE("what a commit no longer has is deleted by one reading, in a folder and at the top") {
  const Repository repository;
  Process process{repository, GENERATE(as<std::string>{}, "prod", "")};
  process.refresh();
  repository.keep("1", "2", "prod/b.yaml");
  repository.follow("2");
  process.refresh();
  CHECK(process->keys() == std::vector{kB});
}

TEST_CASE("a file that a source names is news when a commit changed it, not when it left it") {
  const Repository repository;
  Process process{repository};
  process.refresh();
  const auto base = (*process->publication(kA))->base_folder;
  CHECK(base == (repository.path() / "current/prod").string());
  CHECK(*process->file(base, "../image.tar", 100) == "an image");
  for (const auto* file : {"prod/a.yaml", "prod/b.yaml"}) repository.keep("1", "2", file);
  repository.write("2", "image.tar", "another image");
  repository.follow("2");
  CHECK(process.refresh() == std::set{kA, kB});
  CHECK(*process->file(base, "../image.tar", 100) == "another image");
  CHECK(process->file(base, "../../../state.db", 100).error().cls == ErrorClass::Refused);
}

TEST_CASE("a path that the commit has not is an error, not a deletion") {
  const Repository repository;
  Process process{repository};
  process.refresh();
  repository.write("2", "elsewhere/a.yaml", publication("a"));
  repository.follow("2");
  CHECK(process->refresh().error().cls == ErrorClass::NotFound);
  repository.write("3", "prod/readme.md", "nothing");
  repository.follow("3");
  const auto empty = process->refresh();
  CHECK(empty.error().cls == ErrorClass::Invalid);
  CHECK(empty.error().message == "no resource is in \"prod\"");
  CHECK(process->keys().size() == 2);
}

TEST_CASE("a folder that leads out of the commit by a link is refused") {
  const Repository repository;
  repository.write("9", "prod/a.yaml", publication("a"));
  fs::create_symlink("../9/prod", repository.path() / "commits/1/out");
  auto folder = ManifestFolder::open(repository.options("out"));
  REQUIRE(folder);
  CHECK(folder->read().error().cls == ErrorClass::Refused);
}

TEST_CASE("what a reading would change of what can't be changed is known before it is in force") {
  const Repository repository;
  Process process{repository};
  process.refresh();
  auto object = process.get(kA);
  const bool has_published = GENERATE(true, false);
  if (has_published) object.status.published = PublishedStatus{.generation = 1, .digest = "sha256:0"};
  REQUIRE(process->write_status(object));
  repository.write("2", "prod/a.yaml", publication("a", "fixed", "", "shop/other"));
  repository.write("2", "prod/b.yaml", publication("b", "other"));
  repository.follow("2");
  const auto reading = ManifestFolder::open(repository.options())->read();
  REQUIRE(reading);
  CHECK(reading->revision == "main@sha1:2");
  const auto problems = unchangeable_in(*reading, process.state());
  REQUIRE(problems);
  REQUIRE(problems->size() == (has_published ? 1 : 0));
  if (!has_published) return;
  CHECK(problems->front().file == "prod/a.yaml");
  CHECK(problems->front().field == "spec.repository");
}
