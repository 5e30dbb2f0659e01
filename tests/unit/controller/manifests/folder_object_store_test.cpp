#include "controller/manifests/folder_object_store.h"

#include <sqlite3.h>

#include <algorithm>

#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::manifests;
using slipway::tests::ManualClock;
using slipway::tests::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

const Timestamp kStart{std::chrono::seconds{1'800'000'000}};
const ObjectKey kA{ResourceKind::ImagePublication, "shop", "a"};
const ObjectKey kB{ResourceKind::ImagePublication, "shop", "b"};
const ObjectKey kRegistry{ResourceKind::ContainerRegistry, "", "contoso"};
const ObjectKey kPolicy{ResourceKind::RetentionPolicy, "shop", "old"};

/// A publication; `more` stands in its spec.
std::string publication(const std::string& name, const std::string& more = "", const std::string& metadata = "") {
  return "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata:\n  name: " + name +
         "\n  namespace: shop\n" + metadata + "spec:\n  registryRef: {name: contoso}\n  repository: shop/" + name +
         "\n  source: {image: {reference: 'ghcr.io/contoso/app:1'}}\n  tags: [{name: t, template: fixed}]\n" + more;
}

std::string registry(const std::string& more = "  authentication: {anonymous: {}}\n") {
  return "apiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: contoso}\nspec:\n"
         "  loginServer: contoso.azurecr.io\n" +
         more;
}

std::string policy() {
  return "apiVersion: slipway.dev/v1alpha1\nkind: RetentionPolicy\nmetadata: {name: old, namespace: shop}\nspec:\n"
         "  registryRef: {name: contoso}\n  repositories: ['shop/**']\n"
         "  rules: [{name: all, match: {tags: ['*']}, expireAfter: 30d}]\n";
}

std::string core(const std::string& kind, const std::string& name_and_more) {
  return "apiVersion: v1\nkind: " + kind + "\n" + name_and_more;
}

std::string secret(const std::string& name, const std::string& value, const std::string& namespace_name = "shop") {
  return core("Secret", "metadata: {name: " + name + ", namespace: " + namespace_name + "}\nstringData: {password: '" +
                            value + "'}\n");
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

/// A process over a folder and a database; both outlive it.
class Process {
 public:
  Process(const fs::path& manifests, const fs::path& database, const Clock& clock, bool allow_empty = false)
      : state_(opened(StateDatabase::open(database))),
        store_(opened(ManifestFolder::open({.path = manifests.string(), .allow_empty = allow_empty})), state_, clock) {}

  FolderObjectStore* operator->() { return &store_; }
  FolderObjectStore& operator*() { return store_; }

  FolderChange refresh() { return opened(store_.refresh()); }
  /// What two readings bring: what was changed is taken, what is absent is deleted.
  std::set<ObjectKey> settle() {
    WorldNews all = settle_news();
    all.edited.merge(all.again);
    return all.edited;
  }
  WorldNews settle_news() {
    auto change = refresh();
    WorldNews all{.edited = std::move(change.edited), .again = std::move(change.again)};
    change = refresh();
    all.edited.merge(change.edited);
    all.again.merge(change.again);
    return all;
  }
  std::optional<ImagePublication> find(const ObjectKey& key) {
    auto loaded = opened(store_.publication(key));
    return loaded ? std::optional(loaded->object) : std::nullopt;
  }
  ImagePublication get(const ObjectKey& key) {
    auto found = find(key);
    if (!found) FAIL(to_string(key) + " is not there");
    return *found;
  }

 private:
  template <class T>
  static T opened(Result<T> result) {
    if (!result) FAIL(result.error().message);
    return std::move(*result);
  }

  StateDatabase state_;
  FolderObjectStore store_;
};

/// A folder with publication a, and a place for the state.
struct Installed {
  Installed() { folder.write("m/a.yaml", publication("a")); }
  Process start(bool allow_empty = false) const { return {folder / "m", folder / "state.db", clock, allow_empty}; }

  TemporaryFolder folder;
  ManualClock clock{kStart};
};

bool has_key(Process& process, const ObjectKey& key) {
  return std::ranges::count(process->keys(), key) == 1;
}

std::set<ObjectKey> set_of(std::initializer_list<ObjectKey> keys) {
  return keys;
}

}  // namespace

TEST_CASE("an object gets uid, generation and times of the state database") {
  Installed at;
  auto process = at.start();
  CHECK_FALSE(process->has_read());
  CHECK(process.refresh().edited == set_of({kA}));
  CHECK(process->has_read());
  CHECK(process->keys() == std::vector{kA});
  const auto object = process.get(kA);
  CHECK(object.metadata.uid.size() == 36);
  CHECK(object.metadata.generation == 1);
  CHECK(object.metadata.creation_timestamp == kStart);
  CHECK(object.metadata.resource_version == "1");
  CHECK_FALSE(object.metadata.deletion_timestamp);
  CHECK(object.metadata.finalizers.empty());
  CHECK(object.status == ImagePublicationStatus{});
  CHECK((*process->publication(kA))->base_folder == (at.folder / "m").string());
  CHECK(process.settle().empty());
}

TEST_CASE("the namespace is default when none is named") {
  const TemporaryFolder folder;
  const ManualClock clock{kStart};
  std::string text = publication("a");
  text.erase(text.find("  namespace: shop\n"), 18);
  folder.write("m/a.yaml", text);
  Process process{folder / "m", folder / "state.db", clock};
  CHECK(process.refresh().edited == set_of({{ResourceKind::ImagePublication, "default", "a"}}));
}

TEST_CASE("the generation counts edits of the spec and nothing else, over restarts") {
  Installed at;
  std::string uid;
  {
    auto process = at.start();
    process.refresh();
    uid = process.get(kA).metadata.uid;
    at.folder.write("m/a.yaml", publication("a", "  suspend: true\n"));
    CHECK(process.settle() == set_of({kA}));
    CHECK(process.get(kA).metadata.generation == 2);
    at.folder.write("m/a.yaml", "# a comment\n" + publication("a", "  suspend: true\n"));
    CHECK(process.settle().empty());
    CHECK(process.get(kA).metadata.generation == 2);
  }
  at.folder.write("m/a.yaml",
                  publication("a", "  suspend: true\n", "  annotations: {slipway.dev/reconcile-requested-at: now}\n"));
  auto process = at.start();
  CHECK(process.refresh().edited == set_of({kA}));
  const auto object = process.get(kA);
  CHECK(object.metadata.generation == 2);
  CHECK(object.metadata.uid == uid);
  CHECK(object.metadata.annotations.size() == 1);
  at.folder.write("m/a.yaml", publication("a", "  suspend: true\n"));
  CHECK(process.settle() == set_of({kA}));
  CHECK(process.get(kA).metadata.generation == 2);
}

TEST_CASE("what a file says of status, uid and finalizers does not count") {
  Installed at;
  at.folder.write("m/a.yaml", publication("a", "status: {observedGeneration: 7}\n",
                                          "  uid: mine\n  generation: 9\n  finalizers: [slipway.dev/untag]\n"));
  auto process = at.start();
  process.refresh();
  const auto object = process.get(kA);
  CHECK(object.metadata.uid != "mine");
  CHECK(object.metadata.generation == 1);
  CHECK(object.metadata.finalizers.empty());
  CHECK(object.status.observed_generation == -1);
}

TEST_CASE("status is kept over edits and restarts, and written only onto what it was made for") {
  Installed at;
  {
    auto process = at.start();
    process.refresh();
    auto object = process.get(kA);
    object.status.observed_generation = 1;
    object.status.display.tags = "1.8.2";
    object.status.published = PublishedStatus{.generation = 1, .digest = "sha256:0"};
    REQUIRE(process->write_status(object));
    CHECK(process.get(kA).status == object.status);
    const auto version = process.get(kA).metadata.resource_version;
    REQUIRE(process->write_status(object));
    CHECK(process.get(kA).metadata.resource_version == version);
    at.folder.write("m/a.yaml", publication("a", "  suspend: true\n"));
    CHECK(process.settle() == set_of({kA}));
    CHECK(process.get(kA).status == object.status);
    CHECK(process->write_status(object).error().cls == ErrorClass::Conflict);
  }
  auto process = at.start();
  process.refresh();
  CHECK(process.get(kA).status.display.tags == "1.8.2");
  REQUIRE(process->publications());
  CHECK(process->publications()->at(0).status.display.tags == "1.8.2");
  auto other = process.get(kA);
  other.metadata.uid = "another";
  CHECK(process->write_status(other).error().cls == ErrorClass::Conflict);
}

TEST_CASE("a database that fails is an error, not a folder without registries and policies") {
  Installed at;
  at.folder.write("m/b.yaml", registry() + "---\n" + policy());
  auto process = at.start();
  process.refresh();
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((at.folder / "state.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "ALTER TABLE objects RENAME TO lost", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  CHECK_FALSE(process->registries());
  CHECK_FALSE(process->retention_policies());
}

TEST_CASE("a status that could not be read back is not written") {
  Installed at;
  auto process = at.start();
  process.refresh();
  auto object = process.get(kA);
  object.status.display.tags = std::string(20'000, 'x');
  const auto written = process->write_status(object);
  REQUIRE_FALSE(written);
  CHECK(written.error().cls == ErrorClass::Internal);
  CHECK_THAT(written.error().message, Catch::Contains("display.tags"));
  CHECK(process.get(kA).status.display.tags.empty());
}

TEST_CASE("a status that another version wrote and this one can't read is told until it is found again") {
  Installed at;
  auto process = at.start();
  process.refresh();
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((at.folder / "state.db").c_str(), &other) == SQLITE_OK);
  for (const std::string status : {R"({"observedGeneration":"x"})", "{"}) {
    const std::string change = "UPDATE objects SET status = '" + status + "'";
    REQUIRE(sqlite3_exec(other, change.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    const auto object = process.get(kA);
    REQUIRE(object.status.conditions.size() == 1);
    CHECK(object.status.conditions[0].status == "Unknown");
    CHECK(object.status.conditions[0].reason == "StatusUnreadable");
    REQUIRE(process->write_status(object));
  }
  sqlite3_close(other);
}

TEST_CASE("registries and policies are read and written in the same way") {
  Installed at;
  at.folder.write("m/b.yaml", registry() + "---\n" + policy());
  auto process = at.start();
  CHECK(process.refresh().edited == set_of({kA, kRegistry, kPolicy}));
  auto contoso = **process->registry("contoso");
  contoso.status.identity = "anonymous";
  REQUIRE(process->write_status(contoso));
  CHECK((*process->registry("contoso"))->status.identity == "anonymous");
  CHECK(process->registries()->at(0).status.identity == "anonymous");
  auto old = **process->retention_policy(kPolicy);
  old.status.observed_generation = 1;
  REQUIRE(process->write_status(old));
  CHECK(process->retention_policies()->at(0).status.observed_generation == 1);
  SECTION("deleted, they are gone, and who referred to the registry hears of it") {
    fs::remove(at.folder / "m/b.yaml");
    CHECK(process.settle() == set_of({kA, kRegistry, kPolicy}));
    CHECK_FALSE(*process->registry("contoso"));
    CHECK_FALSE(*process->retention_policy(kPolicy));
    CHECK(process->registries()->empty());
    CHECK(process->write_status(contoso).error().cls == ErrorClass::Conflict);
  }
}

TEST_CASE("an object is deleted after two equal whole readings without it") {
  Installed at;
  at.folder.write("m/b.yaml", publication("b"));
  auto process = at.start();
  process.settle();
  fs::remove(at.folder / "m/b.yaml");
  SECTION("not after one") {
    const auto first = process.refresh();
    CHECK(first.edited.empty());
    CHECK(first.gone.empty());
    CHECK(process.find(kB));
    const auto second = process.refresh();
    CHECK(second.edited == set_of({kB}));
    CHECK(second.gone == std::vector<GoneObject>{{kB, (at.folder / "m/b.yaml").string(), DeletionPolicy::Retain}});
    CHECK(process.refresh().gone.empty());
    CHECK_FALSE(process.find(kB));
    CHECK_FALSE(has_key(process, kB));
  }
  SECTION("not by readings that are to change nothing about it") {
    for (int i = 0; i < 3; ++i) {
      const auto change = process->refresh(Absence::ChangesNothing);
      REQUIRE(change);
      CHECK(change->edited.empty());
    }
    CHECK(process.find(kB));
    CHECK(process.refresh().edited == set_of({kB}));
  }
  SECTION("not while another file is broken") {
    at.folder.write("m/a.yaml", "{");
    for (int i = 0; i < 4; ++i) CHECK(process.refresh().edited.empty());
    CHECK(process.find(kB));
    at.folder.write("m/a.yaml", publication("a"));
    CHECK(process.settle() == set_of({kB}));
    CHECK_FALSE(process.find(kB));
  }
  SECTION("not when it comes back meanwhile, in another file") {
    const auto uid = process.get(kB).metadata.uid;
    process.refresh();
    at.folder.write("m/moved.yaml", publication("b"));
    for (int i = 0; i < 3; ++i) CHECK(process.refresh().edited.empty());
    CHECK(process.get(kB).metadata.uid == uid);
    fs::remove(at.folder / "m/a.yaml");
    CHECK(process.settle() == set_of({kA}));
    CHECK(process.get(kB).metadata.uid == uid);
  }
  SECTION("not when the folder is gone or empty") {
    fs::rename(at.folder / "m", at.folder / "elsewhere");
    CHECK(process->refresh().error().cls == ErrorClass::NotFound);
    fs::create_directory(at.folder / "m");
    CHECK(process->refresh().error().cls == ErrorClass::Invalid);
    CHECK(process->refresh().error().cls == ErrorClass::Invalid);
    CHECK(process.find(kA));
    CHECK(process.find(kB));
  }
}

TEST_CASE("a folder that is meant to be empty lets go of everything") {
  Installed at;
  auto process = at.start(/*allow_empty=*/true);
  process.settle();
  fs::remove(at.folder / "m/a.yaml");
  CHECK(process.settle() == set_of({kA}));
  CHECK(process->keys().empty());
}

TEST_CASE("what was removed while no process ran is deleted by the second reading, and not given before") {
  Installed at;
  at.folder.write("m/b.yaml", publication("b", "  deletionPolicy: Untag\n"));
  {
    auto process = at.start();
    process.refresh();
    REQUIRE(process->set_finalizer(kB, true));
  }
  fs::remove(at.folder / "m/b.yaml");
  auto process = at.start();
  CHECK(process.refresh().edited == set_of({kA}));
  CHECK_FALSE(process.find(kB));
  CHECK(process.refresh().edited == set_of({kB}));
  CHECK(process.get(kB).metadata.deletion_timestamp == kStart);
}

TEST_CASE("a deleted object with our finalizer stays as it was last read until the finalizer is off") {
  Installed at;
  at.folder.write("m/b.yaml", publication("b", "  deletionPolicy: Untag\n"));
  auto process = at.start();
  process.refresh();
  REQUIRE(process->set_finalizer(kB, true));
  CHECK(process.get(kB).metadata.finalizers == std::vector<std::string>{std::string{kFinalizer}});
  auto object = process.get(kB);
  object.status.display.tags = "fixed";
  REQUIRE(process->write_status(object));
  process.refresh();
  fs::remove(at.folder / "m/b.yaml");
  process.refresh();
  at.clock.advance(std::chrono::seconds{5});
  CHECK(process.refresh().edited == set_of({kB}));
  const auto check = [](Process& in) {
    const auto deleted = in.get(kB);
    CHECK(deleted.metadata.deletion_timestamp == kStart + std::chrono::seconds{5});
    CHECK(deleted.spec.deletion_policy == DeletionPolicy::Untag);
    CHECK(deleted.status.display.tags == "fixed");
    CHECK((*in->publication(kB))->base_folder.ends_with("/m"));
    CHECK(in->keys().size() == 2);
    CHECK(in->publications()->size() == 2);
  };
  check(process);
  CHECK(process.settle().empty());
  SECTION("over a restart") {
    auto again = at.start();
    CHECK(again.refresh().edited == set_of({kA, kB}));
    check(again);
  }
  SECTION("when it is off") {
    REQUIRE(process->set_finalizer(kB, false));
    CHECK_FALSE(process.find(kB));
    process.settle();
    CHECK_FALSE(has_key(process, kB));
    REQUIRE(process->set_finalizer(kB, false));
  }
  SECTION("written anew meanwhile it is deleted first, and new after that") {
    at.folder.write("m/b.yaml", publication("b"));
    CHECK(process.settle().empty());
    check(process);
    REQUIRE(process->set_finalizer(kB, false));
    CHECK(process.refresh().edited == set_of({kB}));
    const auto anew = process.get(kB);
    CHECK(anew.metadata.uid != object.metadata.uid);
    CHECK(anew.metadata.generation == 1);
    CHECK_FALSE(anew.metadata.deletion_timestamp);
    CHECK(anew.metadata.finalizers.empty());
    CHECK(anew.status == ImagePublicationStatus{});
  }
}

TEST_CASE("what stood in a file that is broken since before the start is in force as stored") {
  Installed at;
  at.folder.write("m/sub/b.yaml", publication("b"));
  {
    auto process = at.start();
    process.refresh();
  }
  SECTION("the file") {
    at.folder.write("m/sub/b.yaml", publication("b") + "  unknownField: 1\n");
    CHECK(at.start().refresh().edited == set_of({kA, kB}));
  }
  SECTION("its folder") {
    fs::remove_all(at.folder / "m/sub");
    fs::create_directory(at.folder / "elsewhere");
    fs::create_directory_symlink("../elsewhere", at.folder / "m/sub");
    CHECK(at.start().refresh().edited == set_of({kA, kB}));
  }
  auto process = at.start();
  const auto change = process.refresh();
  CHECK(change.edited == set_of({kA, kB}));
  CHECK(change.problems.size() == 1);
  CHECK(process.get(kB).spec.repository == "shop/b");
  CHECK(process.get(kB).metadata.generation == 1);
  CHECK(process.settle().empty());
  CHECK(process.find(kB));
}

TEST_CASE("another folder's objects in one database are none of ours") {
  Installed at;
  at.folder.write("other/b.yaml", publication("b"));
  Process other{at.folder / "other", at.folder / "state.db", at.clock};
  other.settle();
  auto process = at.start();
  CHECK(process.settle() == set_of({kA}));
  CHECK_FALSE(process.find(kB));
  CHECK(other.settle().empty());
  CHECK(other.find(kB));
  CHECK(process->publications()->size() == 1);
}

TEST_CASE("a file and its folder have one state, and the file's reading deletes nothing") {
  Installed at;
  at.folder.write("m/b.yaml", publication("b") + "---\n" + publication("c"));
  {
    auto whole = at.start();
    whole.refresh();
    auto object = whole.get(kB);
    object.status.display.tags = "1.8.2";
    REQUIRE(whole->write_status(object));
  }
  {
    Process one{at.folder / "m/b.yaml", at.folder / "state.db", at.clock};
    CHECK(one.refresh().edited.size() == 2);
    CHECK_FALSE(has_key(one, kA));
    CHECK(one.get(kB).status.display.tags == "1.8.2");
    CHECK(one.get(kB).metadata.generation == 1);
    at.folder.write("m/b.yaml", publication("b"));
    one.settle();
    one.settle();
    CHECK(one.find({ResourceKind::ImagePublication, "shop", "c"}));
  }
  auto whole = at.start();
  whole.refresh();
  CHECK(whole->keys() == std::vector{kA, kB});
  CHECK(whole.get(kA).metadata.generation == 1);
  CHECK(whole.get(kB).status.display.tags == "1.8.2");
  whole.settle();
  CHECK_FALSE(whole.find({ResourceKind::ImagePublication, "shop", "c"}));
}

TEST_CASE("two processes on one folder see one world") {
  Installed at;
  auto one = at.start();
  auto two = at.start();
  one.settle();
  two.settle();
  CHECK(one.get(kA) == two.get(kA));
  SECTION("an edit is counted once; who has not seen it yet works on it as a whole") {
    at.folder.write("m/a.yaml", publication("a", "  suspend: true\n"));
    one.settle();
    const auto seen = two.get(kA);
    CHECK(seen.metadata.generation == 2);
    CHECK(seen.spec.suspend);
    two.settle();
    CHECK(two.get(kA) == one.get(kA));
    CHECK(two.get(kA).metadata.generation == 2);
    at.folder.write("m/a.yaml", publication("a"));
    two.settle();
    CHECK(one.get(kA).metadata.generation == 3);
    one.settle();
    CHECK(two.get(kA).metadata.generation == 3);
  }
  SECTION("an edit that only one saw before it was taken back") {
    at.folder.write("m/a.yaml", publication("a", "  suspend: true\n"));
    one.settle();
    at.folder.write("m/a.yaml", publication("a"));
    one.settle();
    two.settle();
    CHECK_FALSE(two.get(kA).spec.suspend);
    CHECK(two.get(kA).metadata.generation == 3);
  }
  SECTION("a status is seen by both") {
    auto object = one.get(kA);
    object.status.display.tags = "1";
    auto others = two.get(kA);
    REQUIRE(one->write_status(object));
    CHECK(two.get(kA).status.display.tags == "1");
    CHECK(two->publications()->at(0).status.display.tags == "1");
    others.status.display.tags = "2";
    CHECK(two->write_status(others).error().cls == ErrorClass::Conflict);
    CHECK(one.get(kA).status.display.tags == "1");
    object.status.display.tags = "3";
    REQUIRE(one->write_status(object));
  }
  SECTION("a deletion by one is not undone by the other") {
    at.folder.write("m/b.yaml", publication("b"));
    one.settle();
    two.settle();
    fs::remove(at.folder / "m/b.yaml");
    two.refresh();
    one.settle();
    CHECK_FALSE(two.find(kB));
    two.settle();
    CHECK_FALSE(one.find(kB));
    CHECK_FALSE(has_key(two, kB));
  }
}

TEST_CASE("all publications are given as they are now, however often they were given before") {
  Installed at;
  at.folder.write("m/b.yaml", publication("b"));
  auto process = at.start();
  auto other = at.start();
  process.settle();
  other.settle();
  const auto tags = [&] {
    std::string text;
    const auto all = process->publications();
    REQUIRE(all);
    for (const auto& each : *all) text += each.metadata.name + '=' + each.status.display.tags + ' ';
    return text;
  };
  CHECK(tags() == "a= b= ");
  auto object = other.get(kA);
  object.status.display.tags = "1";
  REQUIRE(other->write_status(object));
  CHECK(tags() == "a=1 b= ");
  object = process.get(kA);
  object.status.display.tags = "2";
  REQUIRE(process->write_status(object));
  CHECK(tags() == "a=2 b= ");
  at.folder.write("m/a.yaml", publication("a", "  suspend: true\n"));
  process.settle();
  CHECK(process->publications()->at(0).spec.suspend);
  const std::string repository = process.get(kA).spec.repository;
  CHECK(repository == "shop/a");
  CHECK(process->publications_to(repository)->size() == 1);
  CHECK(process->publications_to("shop/b")->at(0)->metadata.name == "b");
  CHECK(process->publications_to(repository)->at(0)->status.display.tags == "2");
  CHECK(process->publications_to(repository + "/other")->empty());
  fs::remove(at.folder / "m/b.yaml");
  process.settle();
  CHECK(tags() == "a=2 ");
  at.folder.write("m/b.yaml", publication("b"));
  process.settle();
  CHECK(tags() == "a=2 b= ");
}

TEST_CASE("labels of a namespace come from its document") {
  Installed at;
  auto process = at.start();
  process.refresh();
  CHECK(*process->namespace_labels("shop") ==
        std::map<std::string, std::string>{{"kubernetes.io/metadata.name", "shop"}});
  at.folder.write(
      "m/n.yaml",
      core("Namespace", "metadata: {name: shop, labels: {team: shop, kubernetes.io/metadata.name: other}}\n"));
  CHECK(process.settle() == set_of({kA}));
  CHECK(*process->namespace_labels("shop") ==
        std::map<std::string, std::string>{{"kubernetes.io/metadata.name", "shop"}, {"team", "shop"}});
}

TEST_CASE("secrets and config maps are found by namespace and name, and stay until a settled reading lacks them") {
  Installed at;
  at.folder.write("m/s.yaml", secret("one", "p") + "---\n" +
                                  core("Secret", "metadata: {name: two, namespace: shop}\ndata: {k: YQBi}\n") +
                                  "---\n" +
                                  core("ConfigMap", "metadata: {name: c}\nbinaryData: {b: H4s=}\ndata: {t: x}\n"));
  auto process = at.start();
  process.settle();
  CHECK((*process->secret("shop", "one"))->data.at("password") == "p");
  CHECK((*process->secret("shop", "two"))->data.at("k") == std::string("a\0b", 3));
  CHECK((*process->config_map("default", "c"))->data.at("b") == "\x1f\x8b");
  CHECK_FALSE(*process->secret("default", "one"));
  CHECK_FALSE(*process->config_map("shop", "c"));
  fs::remove(at.folder / "m/s.yaml");
  process.refresh();
  CHECK(*process->secret("shop", "one"));
  process.refresh();
  CHECK_FALSE(*process->secret("shop", "one"));
}

TEST_CASE("no secret reaches the state database") {
  Installed at;
  at.folder.write("m/s.yaml", secret("one", "correct-horse"));
  {
    auto process = at.start();
    process.settle();
    CHECK(*process->secret("shop", "one"));
  }
  for (const auto& file : fs::directory_iterator(at.folder.path())) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    CHECK(bytes.find("correct-horse") == std::string::npos);
  }
}

TEST_CASE("a change is news for what refers to it and for nothing else") {
  Installed at;
  const std::string scan = "  gates: {scan: {reports: [{name: r, format: Trivy, ";
  at.folder.write("m/a.yaml", publication("a", scan + "path: ./reports/scan.json}]}}\n"));
  at.folder.write("m/b.yaml", publication("b", scan + "configMapRef: {name: scan, key: r}}]}}\n"));
  at.folder.write("m/c.yaml", publication("c"));
  std::string pulling = publication("d");
  pulling.replace(pulling.find("app:1'"), 6, "app:1', pullSecretRef: {name: pull}");
  at.folder.write("m/d.yaml", pulling);
  at.folder.write("m/r.yaml", registry("  authentication: {basic: {secretRef: {name: login}}}\n") + "---\n" + policy());
  at.folder.write("m/pull.yaml", secret("pull", "1"));
  at.folder.write("m/login.yaml", secret("login", "1", "slipway-system"));
  at.folder.write("m/tenant.yaml", secret("login", "1"));
  const ObjectKey c{ResourceKind::ImagePublication, "shop", "c"};
  const ObjectKey d{ResourceKind::ImagePublication, "shop", "d"};
  auto process = at.start();
  CHECK(process.refresh().edited == set_of({kA, kB, c, d, kRegistry, kPolicy}));
  CHECK(process.settle().empty());
  SECTION("a config map") {
    at.folder.write("m/x.yaml", core("ConfigMap", "metadata: {name: scan, namespace: shop}\ndata: {r: '{}'}\n"));
    CHECK(process.settle() == set_of({kB}));
    at.folder.write("m/x.yaml", core("ConfigMap", "metadata: {name: scan, namespace: shop}\ndata: {r: '{ }'}\n"));
    CHECK(process.settle() == set_of({kB}));
    fs::remove(at.folder / "m/x.yaml");
    CHECK(process.settle() == set_of({kB}));
    at.folder.write("m/x.yaml", core("ConfigMap", "metadata: {name: scan}\ndata: {r: '{}'}\n"));
    CHECK(process.settle().empty());
  }
  SECTION("a pull secret") {
    at.folder.write("m/pull.yaml", secret("pull", "2"));
    CHECK(process.settle() == set_of({d}));
  }
  SECTION("the credentials of a registry: who uses it is looked at again") {
    at.folder.write("m/login.yaml", secret("login", "2", "slipway-system"));
    const WorldNews news = process.settle_news();
    CHECK(news.edited == set_of({kRegistry}));
    CHECK(news.again == set_of({kA, kB, c, d, kPolicy}));
  }
  SECTION("a registry, and in the same moment who uses it") {
    at.folder.write("m/c.yaml", publication("c", "  suspend: true\n"));
    at.folder.write("m/r.yaml", registry() + "---\n" + policy());
    const WorldNews news = process.settle_news();
    CHECK(news.edited == set_of({kRegistry, c}));
    CHECK(news.again == set_of({kA, kB, d, kPolicy}));
  }
  SECTION("a tenant's secret of the same name") {
    at.folder.write("m/tenant.yaml", secret("login", "2"));
    CHECK(process.settle().empty());
  }
  SECTION("labels of another namespace") {
    at.folder.write("m/n.yaml", core("Namespace", "metadata: {name: other, labels: {team: shop}}\n"));
    CHECK(process.settle().empty());
  }
  SECTION("a registry that only keeps a source: when it comes, changes and goes") {
    const ObjectKey kept{ResourceKind::ImagePublication, "shop", "e"};
    const ObjectKey keeper{ResourceKind::ContainerRegistry, "", "keeper"};
    at.folder.write("m/e.yaml", replaced(publication("e"), "ghcr.io/contoso/app:1", "[::1]:5000/app:1"));
    REQUIRE(process.settle() == set_of({kept}));
    const std::string text = replaced(registry(), "{name: contoso}", "{name: keeper}");
    at.folder.write("m/keeper.yaml", replaced(text, "contoso.azurecr.io", "'[0::1]:5000'"));
    CHECK(process.settle() == set_of({keeper, kept}));
    at.folder.write("m/keeper.yaml", replaced(text, "contoso.azurecr.io", "elsewhere.io"));
    CHECK(process.settle() == set_of({keeper, kept}));
    at.folder.write("m/keeper.yaml", replaced(text, "contoso.azurecr.io", "elsewhere.io\n  aliases: ['[::1]:5000']"));
    CHECK(process.settle() == set_of({keeper, kept}));
    fs::remove(at.folder / "m/keeper.yaml");
    CHECK(process.settle() == set_of({keeper, kept}));
  }
  SECTION("a registry that nobody uses") {
    std::string other = replaced(registry(), "contoso.azurecr.io", "other.azurecr.io");
    other.replace(other.find("name: contoso"), 13, "name: other");
    at.folder.write("m/other.yaml", other);
    CHECK(process.settle() == set_of({{ResourceKind::ContainerRegistry, "", "other"}}));
  }
}

TEST_CASE("a report file that comes, changes and goes is news") {
  Installed at;
  at.folder.write(
      "m/a.yaml",
      publication("a", "  gates: {scan: {reports: [{name: r, format: Trivy, path: ./reports/scan.txt}]}}\n"));
  at.folder.write("m/b.yaml", publication("b"));
  auto process = at.start();
  process.settle();
  at.folder.write("m/reports/scan.txt", "1");
  CHECK(process.refresh().edited == set_of({kA}));
  CHECK(process.refresh().edited.empty());
  at.folder.write("m/reports/next.txt", "2");
  CHECK(process.refresh().edited.empty());
  fs::rename(at.folder / "m/reports/next.txt", at.folder / "m/reports/scan.txt");
  CHECK(process.refresh().edited == set_of({kA}));
  CHECK(*process->file((at.folder / "m").string(), "./reports/scan.txt", 10) == "2");
  fs::remove(at.folder / "m/reports/scan.txt");
  CHECK(process.refresh().edited == set_of({kA}));
  CHECK(process->file((at.folder / "m").string(), "./reports/scan.txt", 10).error().cls == ErrorClass::NotFound);
}

TEST_CASE("problems are told at each reading as long as they are there") {
  Installed at;
  at.folder.write("m/b.yaml", "kind: Unknown\n");
  auto process = at.start();
  CHECK(process.refresh().problems.size() == 1);
  CHECK(process.refresh().problems.size() == 1);
  fs::remove(at.folder / "m/b.yaml");
  CHECK(process.refresh().problems.empty());
}

namespace {

struct FixedField {
  std::string file, text, field;
};

/// An edit of each field that can't be changed.
std::vector<FixedField> fixed_fields() {
  return {
      {"a.yaml", replaced(publication("a"), "shop/a", "prod/a"), "spec.repository"},
      {"a.yaml", replaced(publication("a"), "{name: contoso}", "{name: other}"), "spec.registryRef"},
      {"registry.yaml", replaced(registry(), "contoso.azurecr.io", "other.azurecr.io"), "spec.loginServer"},
      {"registry.yaml", registry() + "  cloud: AzureChina\n", "spec.cloud"},
  };
}

/// Beside them the file may hold what is warned of.
std::vector<Problem> errors_of(std::vector<Problem> problems) {
  std::erase_if(problems, &Problem::warning);
  return problems;
}

}  // namespace

TEST_CASE("an edit of what can't be changed is refused once something was sent, and what was there stays in force") {
  Installed at;
  at.folder.write("m/registry.yaml", registry());
  auto process = at.start();
  REQUIRE(process.refresh().edited == set_of({kA, kRegistry}));
  const auto row = GENERATE(from_range(fixed_fields()));
  INFO(row.field);
  auto object = process.get(kA);
  SECTION("published") {
    object.status.published = PublishedStatus{.generation = 1, .digest = "sha256:0"};
  }
  SECTION("published earlier") {
    object.status.history = {HistoryEntry{.digest = "sha256:0"}};
  }
  SECTION("begun") {
    object.status.attempt = AttemptStatus{.digest = "sha256:0", .sent = true};
  }
  REQUIRE(process->write_status(object));
  at.folder.write("m/" + row.file, row.text);
  CHECK(process.settle().empty());
  const auto errors = errors_of(process.refresh().problems);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].file == (at.folder / ("m/" + row.file)).string());
  CHECK(errors[0].field == row.field);
  const auto before = row.text.substr(0, row.text.find(row.field.substr(5) + ':'));
  CHECK(errors[0].place.line == 1 + static_cast<std::size_t>(std::ranges::count(before, '\n')));
  CHECK(errors[0].place.column > 1);
  const std::string who = row.file == "a.yaml" ? "it" : "ImagePublication shop/a";
  CHECK(errors[0].message == "the field can't be changed; make a new object (" + who + " has sent images already)");
  CHECK(process.get(kA).spec.repository == "shop/a");
  CHECK(process.get(kA).spec.registry_ref.name == "contoso");
  CHECK(process.get(kA).metadata.generation == 1);
  CHECK((*process->registry("contoso"))->spec.login_server == "contoso.azurecr.io");

  auto other = at.start();
  CHECK(errors_of(other.refresh().problems).size() == 1);
  CHECK(other.get(kA).spec.repository == "shop/a");
}

TEST_CASE("a typo in what can't be changed may be corrected as long as nothing was sent") {
  Installed at;
  at.folder.write("m/registry.yaml", registry());
  at.folder.write("m/b.yaml", replaced(publication("b"), "{name: contoso}", "{name: elsewhere}"));
  const auto row = GENERATE(from_range(fixed_fields()));
  INFO(row.field);
  auto process = at.start();
  process.refresh();
  auto object = process.get(kA);
  object.status.attempt = AttemptStatus{.digest = "sha256:0", .error = AttemptError{.cls = "Refused", .message = "no"}};
  REQUIRE(process->write_status(object));
  auto elsewhere = process.get(kB);
  elsewhere.status.published = PublishedStatus{.generation = 1, .digest = "sha256:0"};
  REQUIRE(process->write_status(elsewhere));
  const auto key = row.file == "a.yaml" ? kA : kRegistry;
  const auto uid = process.get(kA).metadata.uid;
  at.folder.write("m/" + row.file, row.text);
  CHECK(process.settle().contains(key));
  CHECK(errors_of(process.refresh().problems).empty());
  CHECK(process.get(kA).metadata.uid == uid);
  if (key == kA) CHECK(process.get(kA).metadata.generation == 2);
  if (key == kRegistry) CHECK((*process->registry("contoso"))->metadata.generation == 2);
}

/// Does something at the moment it is asked for the first time: in the middle of a refresh that writes.
class BusyClock final : public Clock {
 public:
  Timestamp now() const override {
    if (meanwhile) std::exchange(meanwhile, nullptr)();
    return kStart;
  }
  mutable std::function<void()> meanwhile;
};

TEST_CASE("what begins to be sent while a correction is read keeps what can't be changed") {
  Installed at;
  at.folder.write("m/registry.yaml", registry());
  at.start().refresh();
  const BusyClock clock;
  Process process(at.folder / "m", at.folder / "state.db", clock);
  process.refresh();
  auto object = process.get(kA);
  object.status.attempt = AttemptStatus{.digest = "sha256:0", .sent = true};
  const auto row = GENERATE(from_range(fixed_fields()));
  INFO(row.field);
  at.folder.write("m/" + row.file, row.text);
  clock.meanwhile = [&] { REQUIRE(process->write_status(object)); };
  // What changed counts at the second reading.
  process.refresh();
  CHECK(errors_of(process.refresh().problems).size() == 1);
  REQUIRE_FALSE(clock.meanwhile);
  CHECK(process.settle().empty());
  CHECK(errors_of(process.refresh().problems).size() == 1);
  CHECK(process.get(kA).spec.repository == "shop/a");
  CHECK(process.get(kA).metadata.generation == 1);
  CHECK((*process->registry("contoso"))->spec.login_server == "contoso.azurecr.io");
}

TEST_CASE("the registry of a policy may be corrected: none is carried out") {
  Installed at;
  at.folder.write("m/policy.yaml", policy());
  auto process = at.start();
  process.refresh();
  at.folder.write("m/policy.yaml", replaced(policy(), "{name: contoso}", "{name: other}"));
  CHECK(process.settle() == set_of({kPolicy}));
  CHECK(std::ranges::all_of(process.refresh().problems, &Problem::warning));
}

TEST_CASE("what was sent in words that this version can't read counts as published") {
  Installed at;
  auto process = at.start();
  process.refresh();
  sqlite3* other = nullptr;
  REQUIRE(sqlite3_open((at.folder / "state.db").c_str(), &other) == SQLITE_OK);
  REQUIRE(sqlite3_exec(other, "UPDATE objects SET status = '{'", nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(other);
  at.folder.write("m/a.yaml", replaced(publication("a"), "shop/a", "prod/a"));
  process.settle();
  CHECK(process.refresh().problems.size() == 1);
}

TEST_CASE("a file of the source that comes or changes wakes its publication") {
  struct Row {
    std::string source, file;
  };
  const auto row = GENERATE(values<Row>({{"ociLayout: {path: ./image}", "image/index.json"},
                                         {"ociArchive: {path: ./image.tar}", "image.tar"},
                                         {"dockerArchive: {path: ./save.tar}", "save.tar"}}));
  INFO(row.source);
  Installed at;
  auto text = publication("a");
  const std::string image = "image: {reference: 'ghcr.io/contoso/app:1'}";
  at.folder.write("m/a.yaml", text.replace(text.find(image), image.size(), row.source));
  auto process = at.start();
  REQUIRE(process.refresh().edited == set_of({kA}));
  CHECK(process.settle().empty());
  at.folder.write("m/" + row.file, "{}");
  CHECK(process.settle() == set_of({kA}));
  at.folder.write("m/" + row.file, "{\"more\": 1}");
  CHECK(process.settle() == set_of({kA}));
}
