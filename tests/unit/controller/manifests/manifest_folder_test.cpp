#include "controller/manifests/manifest_folder.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace slipway::manifests;
using slipway::tests::ManualClock;
using slipway::tests::TemporaryFolder;

namespace {

namespace fs = std::filesystem;

/// A document; `value` tells its versions apart.
std::string config(const std::string& name, const std::string& value = "1") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: shop}\ndata: {value: '" + value +
         "'}\n";
}

ManifestFolder open(const fs::path& path, ManifestFolderOptions options = {}) {
  options.path = path.string();
  auto folder = ManifestFolder::open(std::move(options));
  if (!folder) FAIL(folder.error().message);
  return std::move(*folder);
}

ManifestReading read(ManifestFolder& folder) {
  auto reading = folder.read();
  if (!reading) FAIL(reading.error().message);
  return std::move(*reading);
}

/// "a=1 b=2": what is in force.
std::string in_force(const ManifestReading& reading) {
  std::string text;
  for (const auto& each : reading.resources) {
    const auto* object = std::get_if<ConfigMapObject>(&each.resource);
    if (object == nullptr) continue;
    text += (text.empty() ? "" : " ") + object->name + '=' + object->data.at("value");
  }
  return text;
}

std::string read_in_force(ManifestFolder& folder) {
  return in_force(read(folder));
}

/// Without root's right to read everything, for a while.
class Nobody {
 public:
  Nobody() : before_(::geteuid()) {
    if (before_ == 0) REQUIRE(::seteuid(65534) == 0);
  }
  ~Nobody() { static_cast<void>(::seteuid(before_)); }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;

 private:
  uid_t before_;
};

}  // namespace

TEST_CASE("reports and images beside the resources are not taken for resources, in YAML every document is") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  folder.write("report.json", R"({"SchemaVersion": 2, "Results": []})");
  folder.write("image/index.json", R"({"schemaVersion": 2, "manifests": []})");
  auto manifests = open(folder.path());
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "a=1");
  CHECK(reading.problems.empty());
  folder.write("nameless.yaml", "metadata: {name: a}\n");
  auto others = open(folder.path());
  CHECK(read(others).problems.size() == 1);
}

TEST_CASE("manifests are read from the folder and those below, in the order of their names") {
  const TemporaryFolder folder;
  folder.write("b.yaml", config("b"));
  folder.write("deep/down/a.yml", config("a") + "---\n" + config("second"));
  folder.write(
      "c.json",
      R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"},"data":{"value":"3"}})");
  auto manifests = open(folder.path());
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "b=1 c=3 a=1 second=1");
  CHECK(reading.is_whole);
  CHECK(reading.problems.empty());
  CHECK(reading.resources[2].file == (folder / "deep/down/a.yml").string());
  CHECK(reading.resources[2].base_folder == (folder / "deep/down").string());
  CHECK(reading.resources[3].place.line == 6);
  CHECK(manifests.is_folder());
  CHECK(manifests.home() == folder.path());
  CHECK(manifests.root() == folder.path());
}

TEST_CASE("hidden files and what editors leave behind are not read") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  for (const char* name : {".hidden.yaml", ".git/config.yaml", ".a.yaml.swp", "a.yaml~", "#a.yaml#", ".#a.yaml",
                           "#b.yaml", "a.yaml.bak", "a.yaml.tmp", "a.yaml___jb_tmp___", "notes.txt", "yaml"})
    folder.write(name, "{ not a manifest");
  auto manifests = open(folder.path());
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "a=1");
  CHECK(reading.is_whole);
}

TEST_CASE("a single file starts from the working directory") {
  const TemporaryFolder folder;
  folder.write("sub/a.yaml", config("a"));
  folder.write("sub/b.yaml", config("b"));
  auto manifests = open(folder / "sub/a.yaml");
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "a=1");
  CHECK(reading.resources.at(0).base_folder == (folder / "sub").string());
  CHECK(manifests.root() == fs::current_path());
  CHECK(manifests.home() == folder / "sub");
  CHECK_FALSE(manifests.is_folder());
  CHECK(manifests.is_origin((folder / "sub/a.yaml").string()));
  CHECK_FALSE(manifests.is_origin((folder / "sub/b.yaml").string()));
}

TEST_CASE("a file is of the folder that it is named in, and says nothing of what it does not name") {
  const TemporaryFolder folder;
  folder.write("elsewhere/a.yaml", config("a") + "---\n" + config("b"));
  fs::create_directory(folder / "real");
  fs::create_symlink("../elsewhere/a.yaml", folder / "real/a.yaml");
  fs::create_directory_symlink("real", folder / "m");
  auto manifests = open(folder / "m/a.yaml");
  CHECK(manifests.home() == folder / "real");
  read(manifests);
  folder.write("elsewhere/a.yaml", config("a"));
  for (int i = 0; i < 3; ++i) CHECK_FALSE(read(manifests).is_settled);
  CHECK(read_in_force(manifests) == "a=1");
}

TEST_CASE("a path or a root that is not there is refused with what to do") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  struct Row {
    std::string path, root;
    ErrorClass cls;
  };
  const std::vector<Row> rows = {{(folder / "gone").string(), "", ErrorClass::NotFound},
                                 {folder.path().string(), (folder / "gone").string(), ErrorClass::NotFound},
                                 {folder.path().string(), (folder / "a.yaml").string(), ErrorClass::Invalid},
                                 {(folder / "pipe").string(), "", ErrorClass::Invalid}};
  for (const auto& row : rows) {
    ManifestFolderOptions options;
    options.path = row.path;
    options.root = row.root;
    const auto refused = ManifestFolder::open(options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cls == row.cls);
    CHECK_FALSE(refused.error().remedy.empty());
  }
}

TEST_CASE("a folder that is gone or empty says nothing of what was in it") {
  const TemporaryFolder folder;
  folder.write("m/a.yaml", config("a"));
  auto manifests = open(folder / "m");
  CHECK(read_in_force(manifests) == "a=1");
  SECTION("gone") {
    fs::rename(folder / "m", folder / "elsewhere");
    CHECK(manifests.read().error().cls == ErrorClass::NotFound);
    fs::rename(folder / "elsewhere", folder / "m");
  }
  SECTION("empty") {
    fs::rename(folder / "m/a.yaml", folder / "a.yaml");
    const auto empty = manifests.read();
    REQUIRE_FALSE(empty);
    CHECK(empty.error().cls == ErrorClass::Invalid);
    CHECK(empty.error().remedy.find("--allow-empty") != std::string::npos);
    CHECK_FALSE(manifests.read());
    fs::rename(folder / "a.yaml", folder / "m/a.yaml");
    CHECK_FALSE(read(manifests).is_whole);
  }
  const auto again = read(manifests);
  CHECK(in_force(again) == "a=1");
  CHECK(again.is_whole);
}

TEST_CASE("a folder that is meant to be empty settles") {
  const TemporaryFolder folder;
  auto manifests = open(folder.path(), {.allow_empty = true});
  CHECK_FALSE(read(manifests).is_settled);
  CHECK(read(manifests).is_settled);
}

TEST_CASE("a reading is settled when it is whole and the one before was the same") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  folder.write("b.yaml", config("b"));
  auto manifests = open(folder.path());
  CHECK_FALSE(read(manifests).is_settled);
  CHECK(read(manifests).is_settled);
  SECTION("a file is removed") {
    fs::remove(folder / "b.yaml");
    const auto first = read(manifests);
    CHECK(in_force(first) == "a=1");
    CHECK(first.is_whole);
    CHECK_FALSE(first.is_settled);
    CHECK(read(manifests).is_settled);
  }
  SECTION("a file changes each time") {
    for (const char* value : {"2", "3", "4"}) {
      folder.write("b.yaml", config("b", value));
      const auto reading = read(manifests);
      CHECK(in_force(reading) == "a=1 b=1");
      CHECK_FALSE(reading.is_whole);
      CHECK_FALSE(reading.is_settled);
    }
    const auto last = read(manifests);
    CHECK(in_force(last) == "a=1 b=4");
    CHECK(last.is_settled);
  }
}

TEST_CASE("a file that was changed just now may be half-written: it is taken when it stays the same") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  auto manifests = open(folder.path());
  read(manifests);
  SECTION("half of it parses, without what guards") {
    folder.write("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: shop}\n");
    CHECK(read_in_force(manifests) == "a=1");
    folder.write("a.yaml", config("a", "2"));
    CHECK(read_in_force(manifests) == "a=1");
    CHECK(read_in_force(manifests) == "a=2");
  }
  SECTION("half of it does not parse: no error is told before the next reading") {
    folder.write("a.yaml", config("a", "2") + "---\napiVersion: v1\nkind: {");
    CHECK(read(manifests).problems.empty());
    const auto reading = read(manifests);
    REQUIRE(reading.problems.size() == 1);
    CHECK(reading.problems[0].place.line == 7);
    CHECK(reading.broken == std::set<std::string>{(folder / "a.yaml").string()});
    CHECK(in_force(reading) == "a=1");
  }
  SECTION("a new file waits, too") {
    folder.write("b.yaml", config("b"));
    CHECK(read_in_force(manifests) == "a=1");
    CHECK(read_in_force(manifests) == "a=1 b=1");
  }
}

TEST_CASE("a file that somebody has open for writing waits until it is closed, whatever is in it meanwhile") {
  const TemporaryFolder folder;
  const ManualClock clock{Timestamp{}};
  folder.write("a.yaml", config("a") + "---\n" + config("b"));
  SECTION("written anew: nothing of it counts as gone") {
    auto manifests = open(folder.path(), {.awaits_writers = &clock});
    read(manifests);
    std::ofstream writer{folder / "a.yaml"};
    writer << config("a", "2") << std::flush;
    for (int i = 0; i < 4; ++i) {
      const auto reading = read(manifests);
      CHECK(in_force(reading) == "a=1 b=1");
      CHECK_FALSE(reading.is_whole);
      CHECK(reading.problems.empty());
    }
    writer << "---\n" << config("b", "2");
    writer.close();
    read(manifests);
    CHECK(read_in_force(manifests) == "a=2 b=2");
    CHECK(read(manifests).is_settled);
  }
  SECTION("there at the first reading: what was in force of it before a start may be so again") {
    std::ofstream writer{folder / "a.yaml"};
    writer << config("a", "2") << std::flush;
    auto manifests = open(folder.path(), {.awaits_writers = &clock});
    for (int i = 0; i < 3; ++i) {
      const auto reading = read(manifests);
      CHECK(in_force(reading).empty());
      CHECK_FALSE(reading.is_whole);
      CHECK(reading.broken == std::set<std::string>{(folder / "a.yaml").string()});
    }
    writer.close();
    CHECK(read_in_force(manifests) == "a=2");
  }
  SECTION("open, and as it was: nothing waits") {
    auto manifests = open(folder.path(), {.awaits_writers = &clock});
    read(manifests);
    const std::ofstream writer{folder / "a.yaml", std::ios::app};
    CHECK(read(manifests).is_settled);
  }
  SECTION("who reads once takes it as it stands") {
    const std::ofstream writer{folder / "a.yaml", std::ios::app};
    auto manifests = open(folder.path());
    CHECK(read_in_force(manifests) == "a=1 b=1");
  }
}

TEST_CASE("a file that stays open and can become no manifest keeps nothing waiting") {
  const TemporaryFolder folder;
  ManualClock clock{Timestamp{}};
  folder.write("a.yaml", config("a"));
  folder.write("b.yaml", config("b"));
  std::ofstream log{folder / "log.json"};
  log << R"({"level":"info"})" << '\n' << std::flush;
  auto manifests = open(folder.path(), {.awaits_writers = &clock});
  read(manifests);
  const auto before = read(manifests);
  CHECK(before.is_settled);
  CHECK(before.broken.empty());
  fs::remove(folder / "b.yaml");
  for (int i = 0; i < 3; ++i) {
    log << R"({"level":"info","of":")" << i << R"("})" << '\n' << std::flush;
    clock.advance(std::chrono::minutes{1});
    const auto reading = read(manifests);
    CHECK(in_force(reading) == "a=1");
    CHECK(reading.is_settled == (i > 0));
    CHECK(reading.problems.empty());
  }
  SECTION("one that was a manifest may be one again") {
    folder.write("c.json", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"value":"1"}})");
    read(manifests);
    CHECK(read_in_force(manifests) == "a=1 c=1");
    std::ofstream writer{folder / "c.json"};
    writer << R"({"level":"info"})" << std::flush;
    for (int i = 0; i < 3; ++i) {
      const auto reading = read(manifests);
      CHECK(in_force(reading) == "a=1 c=1");
      CHECK_FALSE(reading.is_whole);
    }
    writer.close();
    read(manifests);
    CHECK(read_in_force(manifests) == "a=1");
    CHECK(read(manifests).is_settled);
  }
  SECTION("half a value may become one") {
    std::ofstream writer{folder / "c.json"};
    writer << R"({"kind":"ConfigMap","metadata":{"name":"c"},)" << std::flush;
    read(manifests);
    CHECK_FALSE(read(manifests).is_whole);
  }
}

TEST_CASE("a file that stays open for writing is told once that is long") {
  const TemporaryFolder folder;
  ManualClock clock{*parse_timestamp("2026-11-30T09:00:00.5Z")};
  folder.write("a.yaml", config("a"));
  auto manifests = open(folder.path(), {.awaits_writers = &clock});
  read(manifests);
  std::ofstream writer{folder / "a.yaml"};
  writer << config("a", "2") << std::flush;
  CHECK(read(manifests).problems.empty());
  clock.advance(std::chrono::seconds{30});
  CHECK(read(manifests).problems.empty());
  clock.advance(std::chrono::seconds{1});
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "a=1");
  REQUIRE(reading.problems.size() == 1);
  CHECK(to_string(reading.problems[0]) ==
        (folder / "a.yaml").string() +
            ": the file is being written since 2026-11-30T09:00:00Z: somebody has it open, and what is new in it "
            "waits; end whoever writes it, or write beside it and rename");
  writer.close();
  CHECK(read_in_force(manifests) == "a=2");
  CHECK(read(manifests).problems.empty());
}

TEST_CASE("the last good version of a broken file stays in force until it is mended or removed") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  folder.write("b.yaml", config("b"));
  auto manifests = open(folder.path());
  read(manifests);
  folder.write("b.yaml", config("b", "2") + "---\n" + "kind: Unknown\n");
  read(manifests);
  for (int i = 0; i < 3; ++i) {
    const auto broken = read(manifests);
    CHECK(in_force(broken) == "a=1 b=1");
    CHECK(broken.problems.size() == 1);
    CHECK_FALSE(broken.is_settled);
  }
  SECTION("mended") {
    folder.write("b.yaml", config("b", "3"));
    read(manifests);
    const auto mended = read(manifests);
    CHECK(in_force(mended) == "a=1 b=3");
    CHECK(mended.problems.empty());
    CHECK(mended.is_settled);
  }
  SECTION("mended as it was") {
    folder.write("b.yaml", config("b"));
    read(manifests);
    CHECK(read(manifests).is_settled);
  }
  SECTION("removed") {
    fs::remove(folder / "b.yaml");
    CHECK(read_in_force(manifests) == "a=1");
    CHECK(read(manifests).is_settled);
  }
}

TEST_CASE("nothing of a file is taken before all of it is good") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a") + "---\nkind: Unknown\n");
  folder.write("b.yaml", config("b"));
  auto manifests = open(folder.path());
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "b=1");
  CHECK(reading.problems.size() == 1);
}

TEST_CASE("a file without a byte is about to be written, not empty") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  folder.write("b.yaml", config("b"));
  auto manifests = open(folder.path());
  read(manifests);
  SECTION("emptied") {
    folder.write("b.yaml", GENERATE("", "\n \n"));
    read(manifests);
    const auto reading = read(manifests);
    CHECK(in_force(reading) == "a=1 b=1");
    CHECK_FALSE(reading.is_whole);
    CHECK(reading.problems.size() == 1);
  }
  SECTION("all of it a comment") {
    folder.write("b.yaml", "# nothing any more\n");
    read(manifests);
    const auto reading = read(manifests);
    CHECK(in_force(reading) == "a=1");
    CHECK(reading.is_settled);
  }
}

TEST_CASE("an empty or half report is for its gate to refuse, and keeps nothing from being read") {
  const TemporaryFolder folder;
  folder.write("app/a.yaml",
               "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata: {name: a}\nspec:\n"
               "  registryRef: {name: contoso}\n  repository: shop/a\n  source: {ociArchive: {path: image.tar}}\n"
               "  tags: [{name: t, template: fixed}]\n"
               "  gates: {scan: {reports: [{name: amd64, path: ../scans/amd64.json}]}}\n");
  folder.write("scans/amd64.json", GENERATE("", "\n", "{\"SchemaVersion\": 2, \"Resu"));
  auto manifests = open(folder.path());
  read(manifests);
  const auto reading = read(manifests);
  CHECK(reading.problems.empty());
  CHECK(reading.is_settled);
  CHECK(reading.resources.size() == 1);
  SECTION("nor does one that is being written") {
    const ManualClock clock{Timestamp{}};
    std::ofstream writer{folder / "scans/amd64.json", std::ios::app};
    writer << " " << std::flush;
    auto waits = open(folder.path(), {.awaits_writers = &clock});
    read(waits);
    CHECK(read(waits).is_settled);
  }
  SECTION("one that nobody names may be a resource to come") {
    folder.write("scans/arm64.json", "");
    read(manifests);
    const auto other = read(manifests);
    REQUIRE(other.problems.size() == 1);
    CHECK(other.problems[0].file == (folder / "scans/arm64.json").string());
    CHECK_FALSE(other.is_whole);
  }
}

TEST_CASE("of two documents for one object the first stays in force") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("x", "first"));
  folder.write("b.yaml", config("x", "second") + "---\n" + config("z"));
  auto manifests = open(folder.path());
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "x=first z=1");
  CHECK_FALSE(reading.is_whole);
  REQUIRE(reading.problems.size() == 1);
  CHECK(reading.problems[0].file == (folder / "b.yaml").string());
  CHECK(reading.problems[0].place.line == 1);
  CHECK(reading.problems[0].message.find("ConfigMap shop/x is declared in " + (folder / "a.yaml").string()) == 0);
  fs::remove(folder / "a.yaml");
  CHECK(read_in_force(manifests) == "x=second z=1");
  CHECK(read(manifests).is_settled);
}

TEST_CASE("links are followed inside the root and nowhere else") {
  const TemporaryFolder folder;
  folder.write("m/a.yaml", config("a"));
  folder.write("shared/b.yaml", config("b"));
  folder.write("m/..2026/c.yaml", config("c"));
  fs::create_directory_symlink("..2026", folder / "m/..data");
  fs::create_symlink("..data/c.yaml", folder / "m/c.yaml");
  fs::create_symlink("../shared/b.yaml", folder / "m/b.yaml");
  fs::create_directory_symlink("..", folder / "m/circle");
  SECTION("the root is the folder") {
    auto manifests = open(folder / "m");
    const auto reading = read(manifests);
    CHECK(in_force(reading) == "a=1 c=1");
    CHECK_FALSE(reading.is_whole);
    REQUIRE(reading.problems.size() == 2);
    CHECK(reading.problems[0].file == (folder / "m/b.yaml").string());
    CHECK(reading.problems[1].file == (folder / "m/circle").string());
  }
  SECTION("the root is above it: each file is read once, circles end") {
    auto manifests = open(folder / "m", {.root = folder.path().string()});
    const auto reading = read(manifests);
    CHECK(in_force(reading) == "a=1 b=1 c=1");
    CHECK(reading.is_whole);
    CHECK(reading.resources[1].base_folder == (folder / "m").string());
  }
  SECTION("a link that leads nowhere is a problem when it is named as a manifest") {
    fs::remove(folder / "m/b.yaml");
    fs::remove(folder / "m/circle");
    fs::create_symlink("nowhere", folder / "m/result");
    auto manifests = open(folder / "m");
    CHECK(read(manifests).is_whole);
    fs::create_symlink("nowhere", folder / "m/d.yaml");
    CHECK(read(manifests).problems.size() == 1);
  }
}

TEST_CASE("a link that is exchanged for another folder is followed") {
  const TemporaryFolder folder;
  folder.write("1/a.yaml", config("a"));
  folder.write("2/a.yaml", config("a", "2"));
  fs::create_directory_symlink("1", folder / "current");
  auto manifests = open(folder / "current", {.root = folder.path().string()});
  CHECK(read_in_force(manifests) == "a=1");
  fs::create_directory_symlink("2", folder / "next");
  fs::rename(folder / "next", folder / "current");
  CHECK(read_in_force(manifests) == "a=1");
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "a=2");
  CHECK(reading.resources[0].base_folder == (folder / "2").string());
  CHECK(reading.resources[0].origin == (folder / "current/a.yaml").string());
}

TEST_CASE("what is not a regular file is never opened, and is a problem") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  SECTION("a pipe: opening it would wait for ever") {
    REQUIRE(::mkfifo((folder / "pipe.yaml").c_str(), 0600) == 0);
  }
  SECTION("a link to a device") {
    fs::create_symlink("/dev/zero", folder / "zero.yaml");
    CHECK(fs::is_character_file(folder / "zero.yaml"));
  }
  SECTION("a socket") {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    (folder / "s.yaml").string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    ::close(socket);
  }
  auto manifests = open(folder.path());
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "a=1");
  CHECK_FALSE(reading.is_whole);
  CHECK(reading.problems.size() == 1);
}

TEST_CASE("a folder named as a manifest is a folder") {
  const TemporaryFolder folder;
  folder.write("d.yaml/a.yaml", config("a"));
  auto manifests = open(folder.path());
  CHECK(read_in_force(manifests) == "a=1");
}

TEST_CASE("a file over 16 MiB is a problem that says so") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  folder.write("large.yaml", "#");
  const std::size_t limit = 16u << 20;
  fs::resize_file(folder / "large.yaml", limit + 1);
  auto manifests = open(folder.path());
  const auto reading = read(manifests);
  REQUIRE(reading.problems.size() == 1);
  CHECK(reading.problems[0].message.find("more than 16777216 bytes") != std::string::npos);
  CHECK(in_force(reading) == "a=1");
}

TEST_CASE("what may not be read keeps what it held") {
  const TemporaryFolder folder;
  folder.write("a.yaml", config("a"));
  folder.write("sub/b.yaml", config("b"));
  auto manifests = open(folder.path());
  read(manifests);
  read(manifests);
  const auto closed = GENERATE(as<std::string>{}, "a.yaml", "sub");
  fs::permissions(folder / closed, fs::perms::none);
  fs::permissions(folder.path(), fs::perms::all);
  {
    const Nobody nobody;
    for (int i = 0; i < 2; ++i) {
      const auto reading = read(manifests);
      CHECK_FALSE(reading.is_whole);
      CHECK_FALSE(reading.is_settled);
      CHECK(reading.problems.size() == 1);
      CHECK(reading.broken == std::set<std::string>{(folder / closed).string()});
    }
  }
  fs::permissions(folder / closed, fs::perms::all);
  read(manifests);
  const auto reading = read(manifests);
  CHECK(in_force(reading) == "a=1 b=1");
  CHECK(reading.is_settled);
}

TEST_CASE("a file beside a resource is read inside the root, up to its limit") {
  const TemporaryFolder folder;
  folder.write("root/sub/report.json", "12345");
  folder.write("outside.json", "secret");
  folder.write("root/empty.json", "");
  const auto read_limited = [&](const std::string& path, std::size_t limit = 5) {
    return read_file_inside(folder / "root", folder / "root/sub", path, limit);
  };
  CHECK(read_limited("report.json") == "12345");
  CHECK(read_limited("./../sub/report.json") == "12345");
  CHECK(read_limited("../empty.json", 0) == "");
  CHECK(read_limited("report.json", 4).error().cls == ErrorClass::Invalid);
  CHECK(read_limited("gone.json").error().cls == ErrorClass::NotFound);
  CHECK(read_limited("../../outside.json").error().cls == ErrorClass::Refused);
  CHECK(read_limited("../../gone.json").error().cls == ErrorClass::Refused);
  CHECK(read_limited(".").error().cls == ErrorClass::Invalid);
}
