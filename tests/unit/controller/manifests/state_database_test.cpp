#include "controller/manifests/state_database.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "controller/manifests/sqlite.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::manifests;
using slipway::tests::TemporaryFolder;

namespace {

const ObjectKey kKey{ResourceKind::ImagePublication, "shop", "a"};

Timestamp at(int seconds) {
  return Timestamp{std::chrono::seconds{1'800'000'000 + seconds}};
}

StateDatabase::Seen seen(const std::string& hash, const std::string& uid = "uid-1", int seconds = 0) {
  return {.key = kKey, .spec_hash = hash, .new_uid = uid, .object = "{}", .base_folder = "/m", .at = at(seconds)};
}

StateDatabase open(const std::filesystem::path& file) {
  auto database = StateDatabase::open(file);
  if (!database) FAIL(database.error().message);
  return std::move(*database);
}

}  // namespace

TEST_CASE("a database whose file is another one or gone is known by that, without the lock of the database") {
  const TemporaryFolder folder;
  const StateDatabase database = open(folder / "state.db");
  CHECK_FALSE(database.was_replaced());
  std::filesystem::rename(folder / "state.db", folder / "away.db");
  CHECK(database.was_replaced());
  const StateDatabase other = open(folder / "state.db");
  CHECK(database.was_replaced());
  CHECK_FALSE(other.was_replaced());
  CHECK_FALSE(StateDatabase::open_copy(folder / "state.db")->was_replaced());
}

TEST_CASE("the generation counts changes of the spec, the uid stays") {
  const TemporaryFolder folder;
  StateDatabase database = open(folder / "state.db");
  CHECK(database.see(seen("h1"))->generation == 1);
  CHECK(database.see(seen("h1", "uid-2"))->generation == 1);
  const auto edited = database.see(seen("h2", "uid-3", 5));
  REQUIRE(edited);
  CHECK(edited->generation == 2);
  CHECK(edited->uid == "uid-1");
  CHECK(edited->created_at == at(0));
  CHECK(database.see(seen("h1"))->generation == 3);
}

TEST_CASE("what is written is there after the database is opened again") {
  const TemporaryFolder folder;
  {
    StateDatabase database = open(folder / "deep/down/state.db");
    REQUIRE(database.see(seen("h1")));
    REQUIRE(database.write_status({kKey, "uid-1", 1, 1, R"({"a":1})"}));
  }
  StateDatabase database = open(folder / "deep/down/state.db");
  const auto row = database.find(kKey);
  REQUIRE(row);
  REQUIRE(*row);
  CHECK((*row)->status == R"({"a":1})");
  CHECK(database.all()->size() == 1);
}

TEST_CASE("a status is written when it differs, and only onto the object it was made for") {
  const TemporaryFolder folder;
  StateDatabase database = open(folder / "state.db");
  CHECK(database.write_status({kKey, "uid-1", 1, 1, "{}"}).error().cls == ErrorClass::Conflict);
  REQUIRE(database.see(seen("h1")));
  CHECK(database.write_status({kKey, "uid-2", 1, 1, "{}"}).error().cls == ErrorClass::Conflict);
  CHECK(database.write_status({kKey, "uid-1", 2, 1, "{}"}).error().cls == ErrorClass::Conflict);
  REQUIRE(database.write_status({kKey, "uid-1", 1, 1, "{}"}));
  const auto revision = (*database.find(kKey))->revision;
  REQUIRE(database.write_status({kKey, "uid-1", 1, 1, "{}"}));
  CHECK((*database.find(kKey))->revision == revision);
}

TEST_CASE("a status is not written over what another process wrote since it was loaded, only over one's own") {
  const TemporaryFolder folder;
  StateDatabase one = open(folder / "state.db");
  StateDatabase two = open(folder / "state.db");
  REQUIRE(one.see(seen("h1")));
  const auto loaded = (*one.find(kKey))->revision;
  const auto write = [&](StateDatabase& from, const char* status) {
    return from.write_status({kKey, "uid-1", 1, loaded, status});
  };
  REQUIRE(write(one, "1"));
  REQUIRE(one.set_finalizer(kKey, true));
  REQUIRE(one.mark_deleted(kKey, at(1)));
  REQUIRE(write(one, "2"));
  CHECK(write(two, "3").error().cls == ErrorClass::Conflict);
  const auto fresh = (*two.find(kKey))->revision;
  REQUIRE(two.write_status({kKey, "uid-1", 1, fresh, "4"}));
  CHECK(write(one, "5").error().cls == ErrorClass::Conflict);
  // Nor after a write of one's own upon the other's.
  REQUIRE(one.write_status({kKey, "uid-1", 1, fresh + 1, "6"}));
  CHECK(write(one, "7").error().cls == ErrorClass::Conflict);
  CHECK((*one.find(kKey))->status == "6");
}

TEST_CASE("a deleted object goes at once without a finalizer, and stays with one until it is taken off") {
  const TemporaryFolder folder;
  StateDatabase database = open(folder / "state.db");
  REQUIRE(database.see(seen("h1")));
  SECTION("without") {
    CHECK(database.mark_deleted(kKey, at(1)) == false);
    CHECK_FALSE(*database.find(kKey));
    CHECK(database.mark_deleted(kKey, at(1)) == false);
    CHECK(database.set_finalizer(kKey, false));
    CHECK(database.set_finalizer(kKey, true).error().cls == ErrorClass::NotFound);
  }
  SECTION("with") {
    REQUIRE(database.set_finalizer(kKey, true));
    CHECK(database.mark_deleted(kKey, at(1)) == true);
    CHECK(database.mark_deleted(kKey, at(2)) == true);
    CHECK((*database.find(kKey))->deleted_at == at(1));
    CHECK((*database.find(kKey))->last_object == "{}");
    SECTION("and taken off") {
      REQUIRE(database.set_finalizer(kKey, false));
      CHECK_FALSE(*database.find(kKey));
    }
    SECTION("even when it was written anew meanwhile; then it is a new one") {
      const auto deleted = *database.find(kKey);
      const auto again = database.see(seen("h2", "uid-2", 9));
      REQUIRE(again);
      CHECK(*again == deleted);
      REQUIRE(database.set_finalizer(kKey, false));
      const auto anew = database.see(seen("h2", "uid-2", 9));
      REQUIRE(anew);
      CHECK(anew->uid == "uid-2");
      CHECK(anew->generation == 1);
      CHECK_FALSE(anew->has_finalizer);
      CHECK_FALSE(anew->deleted_at);
      CHECK(anew->status.empty());
    }
  }
}

TEST_CASE("the file is for its owner alone") {
  const TemporaryFolder folder;
  StateDatabase database = open(folder / "state.db");
  REQUIRE(database.see(seen("h1")));
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm"}) {
    struct stat status{};
    REQUIRE(::stat((folder / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a file that is not ours is refused with what to do") {
  const TemporaryFolder folder;
  SECTION("not a database") {
    folder.write("state.db", std::string(5000, 'x'));
    REQUIRE(std::filesystem::file_size(folder / "state.db") == 5000);
  }
  SECTION("another program's") {
    auto other = Sqlite::open(folder / "state.db");
    REQUIRE(other);
    REQUIRE(other->run("CREATE TABLE things (a)"));
  }
  SECTION("a newer version's") {
    static_cast<void>(open(folder / "state.db"));
    auto newer = Sqlite::open(folder / "state.db");
    REQUIRE(newer);
    REQUIRE(newer->run("PRAGMA user_version = 1000"));
  }
  const auto refused = StateDatabase::open(folder / "state.db");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Invalid);
  CHECK_FALSE(refused.error().remedy.empty());
}

TEST_CASE("two processes write one database, and a killed one breaks nothing") {
  const TemporaryFolder folder;
  static_cast<void>(open(folder / "state.db"));
  const pid_t child = ::fork();
  if (child == 0) {
    auto database = StateDatabase::open(folder / "state.db");
    if (!database) _exit(1);
    for (int i = 0; i < 50; ++i) {
      if (!database->see(seen("child" + std::to_string(i)))) _exit(1);
    }
    ::raise(SIGKILL);
  }
  StateDatabase database = open(folder / "state.db");
  for (int i = 0; i < 50; ++i) REQUIRE(database.see(seen("parent" + std::to_string(i))));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK((*database.find(kKey))->generation == 100);
  CHECK(database.see(seen("last"))->generation == 101);
}

TEST_CASE("each folder has a database of its own") {
  CHECK(state_file_of("/s", "/a") != state_file_of("/s", "/b"));
  CHECK(state_file_of("/s", "/a") == state_file_of("/s", "/a"));
}

TEST_CASE("a copy shows what is stored and leaves the file alone") {
  const TemporaryFolder folder;
  StateDatabase database = open(folder / "state.db");
  REQUIRE(database.see(seen("h1")));
  auto copy = StateDatabase::open_copy(folder / "state.db");
  REQUIRE(copy);
  CHECK((*copy->find(kKey))->spec_hash == "h1");
  REQUIRE(copy->see(seen("h2")));
  CHECK((*database.find(kKey))->spec_hash == "h1");
}

TEST_CASE("a copy of a file that is not there is empty and makes no file") {
  const TemporaryFolder folder;
  auto copy = StateDatabase::open_copy(folder / "none.db");
  REQUIRE(copy);
  CHECK(copy->all()->empty());
  CHECK_FALSE(std::filesystem::exists(folder / "none.db"));
}

TEST_CASE("the revision is of the version that the object has, whatever commits come that leave it") {
  const TemporaryFolder folder;
  StateDatabase database = open(folder / "state.db");
  auto at_commit = [](const std::string& object, const std::string& revision) {
    auto one = seen("h1");
    one.object = object;
    one.source_revision = revision;
    return one;
  };
  CHECK(database.see(at_commit("{}", ""))->source_revision.empty());
  CHECK(database.see(at_commit("{}", "main@sha1:1"))->source_revision == "main@sha1:1");
  auto moved = at_commit("{}", "main@sha1:2");
  moved.origin = "another file";
  CHECK(database.see(moved)->source_revision == "main@sha1:1");
  CHECK(database.see(at_commit("{edited}", "main@sha1:3"))->source_revision == "main@sha1:3");
  CHECK((*open(folder / "state.db").find(kKey))->source_revision == "main@sha1:3");
  CHECK(database.see(at_commit("{edited}", ""))->source_revision.empty());
}

TEST_CASE("a database of the first version is taken over with all that is in it") {
  const TemporaryFolder folder;
  {
    const auto old = Sqlite::open(folder / "state.db");
    REQUIRE(old);
    REQUIRE(
        old->run("CREATE TABLE objects (kind INTEGER NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,"
                 " uid TEXT NOT NULL, generation INTEGER NOT NULL, spec_hash TEXT NOT NULL,"
                 " status TEXT NOT NULL DEFAULT '', revision INTEGER NOT NULL DEFAULT 1,"
                 " created_at INTEGER NOT NULL, deleted_at INTEGER, has_finalizer INTEGER NOT NULL DEFAULT 0,"
                 " last_object TEXT NOT NULL DEFAULT '', base_folder TEXT NOT NULL DEFAULT '',"
                 " origin TEXT NOT NULL DEFAULT '', PRIMARY KEY (kind, namespace, name)) WITHOUT ROWID;"
                 "INSERT INTO objects VALUES (1, 'shop', 'a', 'u', 7, 'h', '{}', 3, 5, NULL, 1, '{}', '/m', '/m/a');"
                 "PRAGMA application_id = 1397510233; PRAGMA user_version = 1"));
  }
  for (int i = 0; i < 2; ++i) {
    auto rows = open(folder / "state.db").all();
    REQUIRE(rows);
    REQUIRE(rows->size() == 1);
    CHECK(rows->front().generation == 7);
    CHECK(rows->front().has_finalizer);
    CHECK(rows->front().source_revision.empty());
  }
  CHECK(StateDatabase::open_copy(folder / "state.db")->all()->size() == 1);
}
