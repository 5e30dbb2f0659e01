#include "controller/runtime/signals.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace slipway::runtime {

namespace {

std::atomic<bool> any_has_come{false};

sigset_t signals_taken(bool with_hangup) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (with_hangup) sigaddset(&set, SIGHUP);
  return set;
}

/// Whether it is the one of Signals::end(), which queues it for the one thread; everybody else's are the process's, and
/// wait behind it. Where the user may have no more signals queued (RLIMIT_SIGPENDING) the system sends it without
/// telling whose it is.
bool is_end(const siginfo_t& signal, bool is_over) {
  if (signal.si_code == SI_QUEUE) return signal.si_pid == ::getpid();
  return is_over && signal.si_signo == SIGINT && signal.si_code == SI_USER && signal.si_pid == 0;
}

}  // namespace

struct Signals::State {
  Nudge* hangup = nullptr;
  std::stop_source stop;
  std::atomic<int> received{0};
  std::atomic<bool> is_over{false};
  sigset_t before{};
  std::jthread thread;

  void take() {
    const sigset_t set = signals_taken(hangup != nullptr);
    for (;;) {
      siginfo_t info{};
      const int signal = sigwaitinfo(&set, &info);
      if (signal < 0) continue;
      if (is_end(info, is_over)) return;
      if (signal == SIGHUP) {
        hangup->nudge();
        continue;
      }
      if (received.exchange(signal) != 0) _exit(128 + signal);
      any_has_come = true;
      stop.request_stop();
    }
  }
};

Signals::Signals(Nudge* hangup) : state_(std::make_unique<State>()) {
  state_->hangup = hangup;
  any_has_come = false;
  const sigset_t set = signals_taken(hangup != nullptr);
  pthread_sigmask(SIG_BLOCK, &set, &state_->before);
  state_->thread = std::jthread{[state = state_.get()] { state->take(); }};
}

Signals::~Signals() {
  end();
}

int Signals::end() {
  if (state_->thread.joinable()) {
    state_->is_over = true;
    pthread_sigqueue(state_->thread.native_handle(), SIGINT, {});
    state_->thread.join();
    pthread_sigmask(SIG_SETMASK, &state_->before, nullptr);
  }
  return received();
}

std::stop_token Signals::stop_token() const {
  return state_->stop.get_token();
}

int Signals::received() const {
  return state_->received;
}

void outlive_readers() {
  std::signal(SIGPIPE, SIG_IGN);
}

bool Signals::has_any_come() {
  return any_has_come;
}

}  // namespace slipway::runtime
