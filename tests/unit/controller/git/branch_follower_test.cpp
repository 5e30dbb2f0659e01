#include "controller/git/branch_follower.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "controller/runtime/child_process.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace slipway::git {

namespace {

namespace fs = std::filesystem;

/// A repository with a branch "main".
class Origin {
 public:
  explicit Origin(fs::path folder) : folder_(std::move(folder)) {
    git({"init", "--quiet", "--bare", "--template=", folder_.string()});
  }

  /// A commit after the last one that has these files, and the others as before. Its name.
  std::string commit(const std::string& file, const std::string& content) {
    const std::string message = "change " + std::to_string(++commits_);
    std::string stream = "commit refs/heads/main\ncommitter a <a@example.com> 1700000000 +0000\ndata " +
                         std::to_string(message.size()) + '\n' + message + '\n';
    if (commits_ > 1) stream += "from refs/heads/main^0\n";
    stream += "M 100644 inline " + file + "\ndata " + std::to_string(content.size()) + '\n' + content + '\n';
    git({in(), "fast-import", "--quiet", "--force"}, stream);
    std::string name = git({in(), "rev-parse", "refs/heads/main"});
    name.pop_back();
    return name;
  }
  /// A commit with more files than anybody has, in a few objects: each folder's folders are the same one.
  void commit_bomb() {
    const std::string name(80, 'f');
    std::string object = git({in(), "hash-object", "-w", "--stdin"}, "x");
    for (int depth = 0; depth < 3; ++depth) {
      object.pop_back();
      std::string entries;
      for (int i = 100; i < 161; ++i)
        entries += (depth == 0 ? "100644 blob " : "040000 tree ") + object + '\t' + name + std::to_string(i) + '\n';
      object = git({in(), "mktree"}, entries);
    }
    object.pop_back();
    std::string commit =
        git({in(), "-c", "user.name=a", "-c", "user.email=a@example.com", "commit-tree", "-m", "bomb", object});
    commit.pop_back();
    move_to(commit);
  }
  /// A commit of these files, all with the same content, as git itself would not make it: a name may come twice.
  void commit_raw(const std::vector<std::string>& names) {
    std::string tree;
    for (const auto& name : names) tree += entry_of(name, object_of("blob", "x"));
    std::string commit = git({in(), "-c", "user.name=a", "-c", "user.email=a@example.com", "commit-tree", "-m", "raw",
                              object_of("tree", tree)});
    commit.pop_back();
    move_to(commit);
  }
  void move_to(const std::string& commit) { git({in(), "update-ref", "refs/heads/main", commit}); }
  std::string url() const { return "file://" + folder_.string(); }

 private:
  std::string object_of(const std::string& type, const std::string& bytes) const {
    std::string object = git({in(), "hash-object", "-w", "--literally", "-t", type, "--stdin"}, bytes);
    object.pop_back();
    return object;
  }
  /// As a tree has it: mode and name, and the object's bytes.
  std::string entry_of(const std::string& path, std::string object) const {
    const auto slash = path.find('/');
    if (slash != std::string::npos) object = object_of("tree", entry_of(path.substr(slash + 1), object));
    std::string entry = (slash == std::string::npos ? "100644 " : "40000 ") + path.substr(0, slash) + '\0';
    for (std::size_t at = 0; at < object.size(); at += 2)
      entry += static_cast<char>(std::stoi(object.substr(at, 2), nullptr, 16));
    return entry;
  }
  std::string in() const { return "--git-dir=" + folder_.string(); }
  static std::string git(std::vector<std::string> arguments, std::string input = {}) {
    const auto answer = runtime::ask_child({.program = "git",
                                            .arguments = std::move(arguments),
                                            .environment = {"GIT_CONFIG_NOSYSTEM=1", "HOME=/nonexistent"},
                                            .inherits = runtime::ChildPlan::Environment::OursToo,
                                            .input = std::move(input)},
                                           1 << 20, {});
    REQUIRE(answer);
    REQUIRE(answer->code == 0);
    return answer->output;
  }

  const fs::path folder_;
  int commits_ = 0;
};

/// Who follows it, and what is kept here.
struct World {
  explicit World(std::string where = "checkouts") : place(std::move(where)) {}
  std::string place;
  tests::TemporaryFolder folder;
  Origin origin{folder / "shop.git"};
  bool is_good = true;
  BranchFollower follower{{*parse_location(origin.url(), "/"), "main", {}, {{"PATH", std::getenv("PATH")}}},
                          Checkouts{folder / place},
                          [this](const Checkout&) -> Result<std::vector<Problem>> {
                            if (is_good) return std::vector<Problem>{};
                            return std::vector{Problem{.message = "no such kind"}};
                          }};

  std::set<std::string> kept() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator{folder / place / "commits"})
      names.insert(entry.path().filename().string());
    return names;
  }
};

constexpr std::size_t kMostKept = 5;

}  // namespace

TEST_CASE("of commits that are refused only the newest few are kept, and the one in force") {
  World world;
  const auto good = world.origin.commit("a.yaml", "good");
  REQUIRE(world.follower.look({}));
  world.is_good = false;
  std::string newest;
  for (int i = 0; i < 8; ++i) {
    newest = world.origin.commit("a.yaml", std::to_string(i));
    const auto look = world.follower.look({});
    REQUIRE(look);
    CHECK(look->refused);
  }
  CHECK(world.follower.checkouts().current()->commit == good);
  CHECK(world.follower.checkouts().find(newest));
  CHECK(world.kept().size() <= kMostKept);
}

TEST_CASE("where nothing is in force only the newest few commits are kept, and the one that was asked for") {
  World world;
  const auto first = world.origin.commit("a.yaml", "first");
  REQUIRE(world.follower.newest({}));
  for (std::size_t i = 1; i < kMostKept; ++i) {
    world.origin.commit("a.yaml", std::to_string(i));
    REQUIRE(world.follower.newest({}));
  }
  world.origin.move_to(first);
  REQUIRE(world.follower.newest({})->commit == first);
  CHECK(world.follower.checkouts().find(first));
  for (int i = 0; i < 8; ++i) {
    world.origin.commit("a.yaml", "again " + std::to_string(i));
    REQUIRE(world.follower.newest({}));
  }
  CHECK(world.kept().size() <= kMostKept);
}

TEST_CASE("what did not change since another commit is the same file, also where nothing is in force") {
  World world;
  world.origin.commit("large", std::string(100'000, 'x'));
  REQUIRE(world.follower.newest({}));
  world.origin.commit("a.yaml", "changed");
  const auto newest = world.follower.newest({});
  REQUIRE(newest);
  CHECK(fs::hard_link_count(newest->tree / "large") == 2);
}

TEST_CASE("a commit with too many files is refused") {
  World world;
  world.origin.commit_bomb();
  const auto look = world.follower.look({});
  REQUIRE(look);
  REQUIRE(look->refused);
  CHECK_THAT(look->refused->problems.at(0).message, Catch::Matchers::Contains("more than 200,000 files"));
  CHECK(world.follower.look({})->refused == look->refused);
  CHECK(world.kept().empty());
}

TEST_CASE("a commit with a name twice is refused for good, not tried again") {
  struct Row {
    std::vector<std::string> names;
    std::string told;
  };
  const std::vector<Row> rows{
      {{"a.yaml", "a.yaml"}, "two of the name \"a.yaml\""},
      {{"a", "a.yaml", "a/b"}, "two of the name \"a\""},
  };
  for (const auto& row : rows) {
    INFO(row.told);
    World world;
    world.origin.commit_raw(row.names);
    const auto look = world.follower.look({});
    REQUIRE(look);
    REQUIRE(look->refused);
    REQUIRE(look->refused->problems.size() == 1);
    CHECK_THAT(to_string(look->refused->problems.front()), Catch::Contains(row.told));
  }
}

TEST_CASE("a commit whose paths are too long where checkouts lie is refused for good") {
  std::string deep(200, 'n');
  for (int depth = 0; depth < 15; ++depth) deep = std::string(250, 'b') + '/' + deep;
  World world{std::string(200, 's')};
  world.origin.commit_raw({deep});
  const auto look = world.follower.look({});
  REQUIRE(look);
  REQUIRE(look->refused);
  REQUIRE(look->refused->problems.size() == 1);
  CHECK_THAT(to_string(look->refused->problems.front()), Catch::Contains("is too long for a file here"));
}

TEST_CASE("a checkout that is not whole is made again") {
  World world;
  const auto commit = world.origin.commit("a.yaml", "good");
  const fs::path place = world.folder / ("checkouts/commits/" + commit);
  fs::create_directories(place / "tree");
  SECTION("without its revision") {}
  SECTION("with an empty revision") {
    std::ofstream{place / "revision"};
  }
  const auto look = world.follower.look({});
  REQUIRE(look);
  CHECK(look->in_force->commit == commit);
  CHECK(fs::exists(look->in_force->tree / "a.yaml"));
  CHECK(world.kept() == std::set{commit});
}

}  // namespace slipway::git
