#include "controller/runtime/child_process.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::runtime;

namespace {

struct Ran {
  Result<ChildEnd> end;
  std::string output;
};

Ran run(ChildPlan plan, const std::stop_token& stop = {}) {
  Ran ran{ChildEnd{}, {}};
  ran.end = run_child(
      plan,
      [&](std::string_view piece) {
        ran.output += piece;
        return ran.output.size() < 1'000'000;
      },
      stop);
  return ran;
}

ChildPlan shell(const std::string& script) {
  return {.program = "sh", .arguments = {"-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

}  // namespace

TEST_CASE("a program has its input, its secrets and its environment, and nothing else of ours") {
  auto plan =
      shell("cat; cat /proc/self/fd/3 /proc/self/fd/4 /proc/self/fd/3; echo $A; env | wc -l; echo bad >&2; exit 7");
  plan.environment.emplace_back("A=b");
  plan.input = std::string(200'000, 'i');
  plan.secrets = {SecretText{"one "}, SecretText{"two "}};
  const auto ran = run(plan);
  REQUIRE(ran.end);
  CHECK(ran.end->code == 7);
  CHECK(ran.end->errors == "bad\n");
  CHECK(ran.output.substr(0, 200'000) == plan.input);
  CHECK(ran.output.substr(200'000, 15) == "one two one b\n3");
}

TEST_CASE("a program ends when its time is up, when it says too much, and when it is stopped") {
  auto slow = shell("sleep 100 & sleep 100");
  slow.longest = std::chrono::milliseconds{50};
  CHECK(run(slow).end.error().cls == ErrorClass::Unavailable);
  CHECK(run(shell("yes")).end.error().cls == ErrorClass::Unavailable);
  std::stop_source stop;
  stop.request_stop();
  CHECK(run(shell("sleep 100"), stop.get_token()).end.error().cls == ErrorClass::Cancelled);
}

TEST_CASE("how a program ends is heard of whatever our parent ignored, and nothing is waited for where it is not") {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const auto lost = run(shell("exit 7")).end;
  hear_of_ended_programs();
  const auto heard = run(shell("exit 7")).end;
  ::signal(SIGCHLD, before);
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message == "sh has ended, and the system does not say how");
  REQUIRE(heard);
  CHECK(heard->code == 7);
}

TEST_CASE("what a program leaves behind does not hold back its end") {
  const auto ran = run(shell("sleep 100 & echo done"));
  REQUIRE(ran.end);
  CHECK(ran.end->code == 0);
  CHECK(ran.output == "done\n");
}

TEST_CASE("a program that is not there is told by its name, and a file that grows too large ends it") {
  CHECK(run({.program = "no-such-program"}).end.error().cls == ErrorClass::Invalid);
  auto plan = shell(
      "until grep -q 'Max file size  *1000 ' /proc/$$/limits; do :; done; exec head -c 100000 /dev/zero > \"$F\"");
  plan.environment.emplace_back("F=/dev/shm/slipway-child-" + std::to_string(::getpid()));
  plan.largest_file = 1000;
  const auto ran = run(plan);
  static_cast<void>(::unlink(plan.environment.back().substr(2).c_str()));
  REQUIRE(ran.end);
  CHECK(ran.end->code != 0);
}

TEST_CASE("a program may have our environment beside its own, and nobody to tell its errors to") {
  REQUIRE(::setenv("SLIPWAY_CHILD_TEST", "ours", 1) == 0);
  auto plan = shell("echo $SLIPWAY_CHILD_TEST$A; echo bad >&2; exit 3");
  plan.environment.emplace_back("A=b");
  plan.inherits = ChildPlan::Environment::OursToo;
  plan.errors = ChildPlan::Errors::Dropped;
  const auto ran = run(plan);
  REQUIRE(ran.end);
  CHECK(ran.output == "oursb\n");
  CHECK(ran.end->code == 3);
  CHECK(ran.end->errors.empty());
  plan.environment.emplace_back("SLIPWAY_CHILD_TEST=another");
  const auto answer = ask_child(plan, 100, {});
  REQUIRE(answer);
  CHECK(answer->output == "anotherb\n");
  CHECK(answer->code == 3);
  CHECK(ask_child(plan, 5, {}).error().cls == ErrorClass::Unavailable);
  static_cast<void>(::unsetenv("SLIPWAY_CHILD_TEST"));
}
