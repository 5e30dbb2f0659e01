#include "controller/runtime/signals.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <latch>
#include <stop_token>

#include "tests/catch.h"

using namespace slipway::runtime;

namespace {

/// How a process ends that writes where nobody reads: its exit code, or 128 + the signal.
int end_of_writer(bool outlives) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGPIPE, SIG_DFL);
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) ::_exit(1);
    ::close(ends[0]);
    if (outlives) outlive_readers();
    ::_exit(::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 2);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("A reader that goes is an error of the write, and no end of a process that outlives readers") {
  CHECK(end_of_writer(true) == 0);
  CHECK(end_of_writer(false) == 128 + SIGPIPE);
}

TEST_CASE("Signals that are taken reach others again when they are taken no more") {
  const auto is_blocked = [] {
    sigset_t blocked{};
    pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    return sigismember(&blocked, SIGTERM) == 1;
  };
  REQUIRE_FALSE(is_blocked());
  {
    const Signals signals;
    CHECK(is_blocked());
  }
  CHECK_FALSE(is_blocked());
  Signals signals;
  CHECK(is_blocked());
  CHECK(signals.end() == 0);
  CHECK_FALSE(is_blocked());
  CHECK(signals.end() == 0);
}

TEST_CASE("The signal that came is known after the end") {
  Signals signals;
  std::latch stopped{1};
  const std::stop_callback callback(signals.stop_token(), [&] { stopped.count_down(); });
  REQUIRE(::kill(::getpid(), SIGTERM) == 0);
  stopped.wait();
  CHECK(signals.end() == SIGTERM);
  CHECK(signals.received() == SIGTERM);
}
