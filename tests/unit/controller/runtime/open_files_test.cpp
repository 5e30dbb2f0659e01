#include "controller/runtime/open_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <vector>

#include "controller/runtime/child_process.h"
#include "tests/catch.h"
#include "tests/support/no_files.h"

using namespace slipway;

namespace {

constexpr rlim_t kGiven = 100;

/// In a process of its own: 0, or the number of what is wrong.
int raise_and_start() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = kGiven;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  runtime::raise_open_files();
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur <= kGiven || limit.rlim_cur != limit.rlim_max) return 1;
  // It is given back a moment after the start.
  const runtime::ChildPlan waits{.program = "sh",
                                 .arguments = {"-c", "until [ \"$(ulimit -Sn)\" = 100 ]; do :; done; ulimit -Hn"},
                                 .environment = {"PATH=/usr/bin:/bin"},
                                 .longest = std::chrono::seconds{20}};
  const auto answer = runtime::ask_child(waits, 100, {});
  if (!answer || answer->code != 0) return 2;
  return answer->output == std::to_string(limit.rlim_max) + "\n" ? 0 : 3;
}

/// In a process of its own, which is started without these: 0, or the number of what is wrong.
int hold_without(const std::vector<int>& closed) {
  for (const int descriptor : closed) ::close(descriptor);
  runtime::hold_standard_streams();
  if (::open("/dev/null", O_RDONLY | O_CLOEXEC) <= STDERR_FILENO) return 1;
  const auto takes = [](int descriptor) { return ::write(descriptor, "x", 1) >= 0 || errno != EBADF; };
  return std::ranges::any_of(closed, takes) ? 2 : 0;
}

int status_of(const std::function<int()>& work) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(work());
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("A standard stream that the process was started without takes nothing, and no file gets its number") {
  const auto closed =
      GENERATE(std::vector{STDIN_FILENO}, std::vector{STDOUT_FILENO}, std::vector{STDERR_FILENO},
               std::vector{STDOUT_FILENO, STDERR_FILENO}, std::vector{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO});
  CAPTURE(closed);
  CHECK(status_of([&] { return hold_without(closed); }) == 0);
}

TEST_CASE("A process may open as many files as it is let, and its programs as many as it was given") {
  CHECK(status_of(raise_and_start) == 0);
}

TEST_CASE("Connections leave the last files to others, and what is not for want of files is told apart") {
  CHECK(runtime::lack_of_files() == 0);
  errno = EACCES;
  CHECK(runtime::lack_of_files(-1) == 0);
  errno = ENFILE;
  CHECK(runtime::lack_of_files(-1) == ENFILE);
  const auto lack_with = [](unsigned left) {
    const tests::NoFiles but_these{left};
    return runtime::lack_of_files();
  };
  CHECK(lack_with(0) == EMFILE);
  CHECK(lack_with(1) == EMFILE);
}
