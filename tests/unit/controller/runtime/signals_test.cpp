#include "controller/runtime/signals.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <latch>
#include <stop_token>
#include <thread>

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

/// As long as it lives no signal can be queued for this process: it gets them without who sent them.
class NoneQueued {
 public:
  NoneQueued() {
    ::getrlimit(RLIMIT_SIGPENDING, &before_);
    const rlimit none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_SIGPENDING, &none);
  }
  ~NoneQueued() { give_back(); }
  NoneQueued(const NoneQueued&) = delete;
  NoneQueued& operator=(const NoneQueued&) = delete;

  void give_back() const { ::setrlimit(RLIMIT_SIGPENDING, &before_); }

 private:
  rlimit before_{};
};

bool is_pending(int signal) {
  sigset_t pending{};
  ::sigpending(&pending);
  return sigismember(&pending, signal) == 1;
}

/// By another process, which has ended then.
void queue_from_elsewhere(int signal) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(::sigqueue(::getppid(), signal, {}) == 0 ? 0 : 1);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
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

TEST_CASE("Signals end also where no signal can be queued") {
  Signals signals;
  const NoneQueued none;
  // Else its end would wait for ever.
  const std::stop_callback end_all_the_same(signals.stop_token(), [&] {
    none.give_back();
    ::sigqueue(::getpid(), SIGINT, {});
  });
  CHECK(signals.end() == 0);
}

TEST_CASE("What another process queues is a signal as any, and no end") {
  Signals signals;
  queue_from_elsewhere(SIGTERM);
  while (is_pending(SIGTERM)) std::this_thread::yield();
  CHECK(signals.end() == SIGTERM);
}

TEST_CASE("A signal that does not say who sent it, as one from outside of a container, is no end") {
  Signals signals;
  const NoneQueued none;
  REQUIRE(::sigqueue(::getpid(), SIGINT, {}) == 0);
  while (is_pending(SIGINT)) std::this_thread::yield();
  CHECK(signals.end() == SIGINT);
}
