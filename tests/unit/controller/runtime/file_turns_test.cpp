#include "controller/runtime/file_turns.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

using namespace std::chrono_literals;
using namespace slipway;
using slipway::runtime::FileTurns;
using slipway::tests::TemporaryFolder;

namespace {

std::stop_token stopped() {
  std::stop_source source;
  source.request_stop();
  return source.get_token();
}

/// Each is known by its own name alone.
Result<RegistryNames> no_names() {
  return RegistryNames{};
}

ContainerRegistry registry(const std::string& login_server, std::vector<std::string> aliases) {
  ContainerRegistry made;
  made.spec.login_server = login_server;
  made.spec.aliases = std::move(aliases);
  return made;
}

FileTurns::Names names_of(const std::vector<ContainerRegistry>& registries) {
  return [names = RegistryNames{registries}] { return names; };
}

}  // namespace

TEST_CASE("in one process a turn is held by one at a time, per repository") {
  FileTurns turns{{}, no_names};
  auto held = turns.take("registry", "shop/a", {});
  REQUIRE(held);
  CHECK(turns.take("registry", "shop/b", {}).has_value());
  CHECK(turns.take("other", "shop/a", {}).has_value());
  const auto refused = turns.take("registry", "shop/a", stopped());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().cls == ErrorClass::Cancelled);
  std::jthread waiting{[&] { CHECK(turns.take("registry", "shop/a", {}).has_value()); }};
  held->reset();
}

TEST_CASE("two names of one registry have one turn on a repository") {
  FileTurns turns{{}, names_of({registry("new.example", {"old.example"}), registry("old.example", {})})};
  for (const auto& [one, other] : {std::pair{"new.example:443", "old.example:443"}, {"old.example", "new.example"}}) {
    const auto held = turns.take(one, "shop/a", {});
    REQUIRE(held);
    CHECK(turns.take(other, "shop/b", {}).has_value());
    CHECK(turns.take("other.example", "shop/a", {}).has_value());
    CHECK_FALSE(turns.take(other, "shop/a", stopped()));
  }
}

TEST_CASE("who knows a registry by one of its names waits for who knows them all") {
  const TemporaryFolder folder;
  FileTurns knows_all{folder.path(), names_of({registry("new.example", {"old.example"})})};
  FileTurns knows_one{folder.path(), names_of({registry("old.example", {})})};
  auto held = knows_all.take("new.example", "shop/a", {});
  REQUIRE(held);
  CHECK_FALSE(knows_one.take("old.example", "shop/a", stopped()));
  held->reset();
  held = knows_one.take("old.example", "shop/a", {});
  REQUIRE(held);
  CHECK_FALSE(knows_all.take("new.example", "shop/a", stopped()));
  held->reset();
  CHECK(knows_all.take("new.example", "shop/a", {}).has_value());
}

TEST_CASE("no turn is given while the registries can't be read") {
  FileTurns turns{{}, [] { return fail(ErrorClass::Unavailable, "the database is locked"); }};
  const auto refused = turns.take("registry", "shop/a", {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the database is locked");
}

TEST_CASE("a turn that another process holds is waited for, and free when that process dies") {
  const TemporaryFolder folder;
  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    FileTurns turns{folder / "locks", no_names};
    const auto held = turns.take("registry", "shop/a", {});
    const char answer = held ? 'y' : 'n';
    if (::write(ready[1], &answer, 1) != 1) _exit(1);
    for (;;) ::pause();
  }
  char answer = 0;
  REQUIRE(::read(ready[0], &answer, 1) == 1);
  REQUIRE(answer == 'y');
  FileTurns turns{folder / "locks", no_names};
  CHECK(turns.take("registry", "shop/b", {}).has_value());
  CHECK_FALSE(turns.take("registry", "shop/a", stopped()));
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(turns.take("registry", "shop/a", {}).has_value());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("a repository of any length and characters has a lock") {
  const TemporaryFolder folder;
  FileTurns turns{folder.path(), no_names};
  CHECK(turns.take("registry:5000", std::string(255, '/'), {}).has_value());
  CHECK(turns.take("registry:5000", "../../escape", {}).has_value());
}

TEST_CASE("a state folder that cannot be used is said so, and the turn is free again") {
  FileTurns turns{"/proc/no-such-folder", no_names};
  for (int i = 0; i < 2; ++i) {
    const auto refused = turns.take("registry", "shop/a", {});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().cls == ErrorClass::Unavailable);
  }
}
