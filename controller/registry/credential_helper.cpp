#include "controller/registry/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::registry {
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

  /// Its wait status, or nothing when it still runs at `deadline`.
  std::optional<int> wait_until(Steady::time_point deadline) {
    constexpr int kLookEveryMs = 5;
    int status = 0;
    while (::waitpid(process_, &status, WNOHANG) == 0) {
      if (Steady::now() >= deadline) return std::nullopt;
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
  SpawnPlan(int input, int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// The process, or nothing and errno.
  std::optional<pid_t> start(std::string program, std::string verb) const {
    std::array<char*, 3> arguments{program.data(), verb.data(), nullptr};
    pid_t process = 0;
    errno = ::posix_spawnp(&process, program.c_str(), &actions_, &attributes_, arguments.data(), environ);
    return errno == 0 ? std::optional(process) : std::nullopt;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// What comes out until the end; nothing when that is more than the limits allow.
std::optional<std::string> read_all(int from, std::size_t most, Steady::time_point deadline) {
  std::string text;
  std::array<char, 4096> space{};
  while (text.size() <= most) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()).count();
    pollfd watched{.fd = from, .events = POLLIN, .revents = 0};
    if (left <= 0 || ::poll(&watched, 1, static_cast<int>(left)) == 0) return std::nullopt;
    const ssize_t count = ::read(from, space.data(), space.size());
    if (count == 0) return text;
    if (count > 0) text.append(space.data(), static_cast<std::size_t>(count));
    if (count < 0 && errno != EINTR) return std::nullopt;
  }
  return std::nullopt;
}

struct Answer {
  std::string text;
  bool good = false;
};

Result<Answer> run(const std::string& program, const std::string& input, const HelperLimits& limits) {
  Pipe in;
  Pipe out;
  // The input is far smaller than what a pipe holds, so it is written before anybody reads.
  if (!in.good() || !out.good() || ::write(in.write_end(), input.data(), input.size()) < 0)
    return fail(ErrorClass::Unavailable, program + ": no pipe to it", "close other programs and try again");
  const SpawnPlan plan(in.read_end(), out.write_end());
  const std::optional<pid_t> process = plan.start(program, "get");
  if (!process)
    return fail(ErrorClass::Invalid, program + " can't be started",
                "install it on the PATH, or take it out of docker's config.json");
  Child child(*process);
  in.close_read();
  in.close_write();
  out.close_write();
  const Steady::time_point deadline = Steady::now() + limits.time;
  std::optional<std::string> text = read_all(out.read_end(), limits.bytes, deadline);
  const std::optional<int> status = text ? child.wait_until(deadline) : std::nullopt;
  if (!status)
    return fail(ErrorClass::Unavailable, program + " gave no whole answer within its bounds",
                "look whether it waits for somebody, or take it out of docker's config.json");
  return Answer{.text = std::move(*text), .good = WIFEXITED(*status) && WEXITSTATUS(*status) == 0};
}

bool is_helper_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
  });
}

}  // namespace

Result<std::optional<Credentials>> ask_credential_helper(const std::string& name, const std::string& server,
                                                         const HelperLimits& limits) {
  if (!is_helper_name(name))
    return fail(ErrorClass::Invalid, quoted(name) + " is no name of a credential helper",
                "correct credsStore or credHelpers in docker's config.json");
  const std::string program = "docker-credential-" + name;
  const Result<Answer> answer = run(program, server, limits);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->good && answer->text.find("credentials not found") != std::string::npos) return std::nullopt;
  if (!answer->good)
    return fail(ErrorClass::Unavailable, program + " failed for " + server, "try it by hand: " + program + " list");
  const Document document = parse_json(answer->text, program, {.bytes = 64u << 10, .depth = 4, .nodes = 100});
  const SecretText secret(json::text_at(document.root, "Secret"));
  if (!document.problems.empty() || secret.empty())
    return fail(ErrorClass::Invalid, program + ": its answer for " + server + " has no Secret",
                "try it by hand: " + program + " list");
  const std::string username = json::text_at(document.root, "Username");
  if (username == "<token>") return Credentials{.username = {}, .password = {}, .identity_token = secret};
  return Credentials{.username = username, .password = secret, .identity_token = {}};
}

}  // namespace slipway::registry
