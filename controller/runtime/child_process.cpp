#include "controller/runtime/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace slipway::runtime {
namespace {

using Steady = std::chrono::steady_clock;

/// A pipe whose ends are closed with it, or before.
class Pipe {
 public:
  Pipe() : good_(::pipe2(ends_.data(), O_CLOEXEC) == 0) {}
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool good() const { return good_; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }
  void close_read() { close(ends_[0]); }
  void close_write() { close(ends_[1]); }

 private:
  static void close(int& end) {
    if (const int old = std::exchange(end, -1); old >= 0) ::close(old);
  }
  std::array<int, 2> ends_{-1, -1};
  bool good_;
};

/// How long a child may go on.
struct Bounds {
  Steady::time_point deadline;
  const std::stop_token& stop;
  bool are_over() const { return stop.stop_requested() || Steady::now() >= deadline; }
};

/// A program that runs in a process group of its own, killed and waited for at the latest in the end.
class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  ~Child() {
    if (process_ <= 0) return;
    ::kill(-process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Its wait status, or nothing when it still runs at the end of `bounds`.
  std::optional<int> wait_within(const Bounds& bounds) {
    constexpr int kLookEveryMs = 5;
    int status = 0;
    while (::waitpid(process_, &status, WNOHANG) == 0) {
      if (bounds.are_over()) return std::nullopt;
      ::poll(nullptr, 0, kLookEveryMs);
    }
    process_ = 0;
    return status;
  }

 private:
  pid_t process_;
};

/// Everything that starting a program needs, given back in any case.
class SpawnPlan {
 public:
  SpawnPlan(int input, int output, bool show_errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    if (!show_errors) posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// The process, or nothing.
  std::optional<pid_t> start(const ChildCommand& command) const {
    std::vector<std::string> words{command.program};
    words.insert(words.end(), command.arguments.begin(), command.arguments.end());
    std::vector<std::string> added;
    for (const auto& [name, value] : command.environment) added.push_back(name + "=" + value);
    std::vector<char*> environment = pointers(added);
    for (char** each = environ; each != nullptr && *each != nullptr; ++each)
      if (!names_one_of(command.environment, *each)) environment.insert(environment.end() - 1, *each);
    const std::vector<char*> arguments = pointers(words);
    pid_t process = 0;
    const int failed = ::posix_spawnp(&process, command.program.c_str(), &actions_, &attributes_, arguments.data(),
                                      environment.data());
    return failed == 0 ? std::optional(process) : std::nullopt;
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
  }
  static bool names_one_of(const std::vector<std::pair<std::string, std::string>>& variables, std::string_view entry) {
    const std::string_view name = entry.substr(0, entry.find('='));
    return std::ranges::any_of(variables, [name](const auto& each) { return each.first == name; });
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// What comes out until the end; nothing when that is more than the bounds allow.
std::optional<std::string> read_all(int from, std::size_t most, const Bounds& bounds) {
  constexpr int kLookForStopEveryMs = 100;
  std::string text;
  std::array<char, 4096> space{};
  while (text.size() <= most) {
    if (bounds.are_over()) return std::nullopt;
    pollfd watched{.fd = from, .events = POLLIN, .revents = 0};
    if (::poll(&watched, 1, kLookForStopEveryMs) == 0) continue;
    const ssize_t count = ::read(from, space.data(), space.size());
    if (count == 0) return text;
    if (count > 0) text.append(space.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) return std::nullopt;
  }
  return std::nullopt;
}

constexpr std::size_t kMostInput = 60u << 10;

}  // namespace

Result<ChildAnswer> run_child(const ChildCommand& command, const ChildLimits& limits, const std::stop_token& stop) {
  Pipe in;
  Pipe out;
  // The input is smaller than what a pipe holds, so it is written before anybody reads.
  if (!in.good() || !out.good() || command.input.size() > kMostInput ||
      ::write(in.write_end(), command.input.data(), command.input.size()) < 0)
    return fail(ErrorClass::Unavailable, command.program + ": no pipe to it", "close other programs and try again");
  const SpawnPlan plan(in.read_end(), out.write_end(), command.show_errors);
  const std::optional<pid_t> process = plan.start(command);
  if (!process) return fail(ErrorClass::Invalid, command.program + " can't be started", "install it on the PATH");
  Child child(*process);
  in.close_read();
  in.close_write();
  out.close_write();
  const Bounds bounds{Steady::now() + limits.time, stop};
  std::optional<std::string> output = read_all(out.read_end(), limits.bytes, bounds);
  const std::optional<int> status = output ? child.wait_within(bounds) : std::nullopt;
  if (stop.stop_requested() && !status) return fail(ErrorClass::Cancelled, command.program + ": stopped");
  if (!status)
    return fail(ErrorClass::Unavailable, command.program + " gave no whole answer within its bounds",
                "look whether it waits for somebody");
  const int code = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
  return ChildAnswer{.output = std::move(*output), .exit_code = code};
}

}  // namespace slipway::runtime
