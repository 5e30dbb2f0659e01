#include "controller/runtime/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "controller/files/handle.h"
#include "controller/runtime/open_files.h"

namespace slipway::runtime {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMostErrors = 16u << 10;
/// How long a stop or the end of the time may go unseen.
constexpr std::chrono::milliseconds kLookEvery{50};

struct Pipe {
  files::Handle read;
  files::Handle write;
};

std::optional<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{files::Handle{ends[0]}, files::Handle{ends[1]}};
}

/// A file in memory with that content, read from its beginning by whoever opens it.
std::optional<files::Handle> in_memory(const std::string& content) {
  files::Handle file{::memfd_create("slipway", MFD_CLOEXEC)};
  for (std::size_t done = 0; file.is_open() && done < content.size();) {
    const ssize_t count = ::write(file.get(), content.data() + done, content.size() - done);
    if (count <= 0) return std::nullopt;
    done += static_cast<std::size_t>(count);
  }
  if (!file.is_open() || ::lseek(file.get(), 0, SEEK_SET) != 0) return std::nullopt;
  return file;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// A process in a session of its own: killed with all of its session at the latest in the end.
class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  ~Child() {
    if (!has_ended_) end();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// Its code when it has ended; then nothing of its session is left.
  std::optional<int> ended() {
    siginfo_t about{};
    if (::waitid(P_PID, static_cast<id_t>(process_), &about, WEXITED | WNOHANG | WNOWAIT) != 0) {
      // Its number, and its session's, may be another's by now.
      is_lost_ = errno == ECHILD;
      has_ended_ = is_lost_;
      return std::nullopt;
    }
    if (about.si_pid == 0) return std::nullopt;
    return end();
  }
  /// It has ended, and nobody knows how.
  bool is_lost() const { return is_lost_; }
  void bound_files(std::size_t largest) const {
    const rlimit limit{largest, largest};
    ::prlimit(process_, RLIMIT_FSIZE, &limit, nullptr);
  }

 private:
  int end() {
    // Before its number is given back, which is its session's, too.
    ::kill(-process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    has_ended_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  pid_t process_;
  bool has_ended_ = false;
  bool is_lost_ = false;
};

std::string_view name_in(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

std::vector<std::string> environment_of(const ChildPlan& plan) {
  auto all = plan.environment;
  if (plan.inherits == ChildPlan::Environment::Given) return all;
  for (char** each = environ; each != nullptr && *each != nullptr; ++each)
    if (std::ranges::find(plan.environment, name_in(*each), name_in) == plan.environment.end()) all.emplace_back(*each);
  return all;
}

/// Everything that starting a program needs, given back in any case.
class Spawn {
 public:
  Spawn() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t all;
    sigfillset(&all);
    posix_spawnattr_setsigdefault(&attributes_, &all);
  }
  ~Spawn() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  void give(int ours, int theirs) { posix_spawn_file_actions_adddup2(&actions_, ours, theirs); }
  void drop(int theirs) { posix_spawn_file_actions_addopen(&actions_, theirs, "/dev/null", O_WRONLY, 0); }

  /// The process, or nothing and errno.
  std::optional<pid_t> start(const ChildPlan& plan) const {
    std::vector<std::string> arguments{plan.program};
    arguments.insert(arguments.end(), plan.arguments.begin(), plan.arguments.end());
    auto environment = environment_of(plan);
    pid_t process = 0;
    errno = ::posix_spawnp(&process, plan.program.c_str(), &actions_, &attributes_, pointers_to(arguments).data(),
                           pointers_to(environment).data());
    return errno == 0 ? std::optional(process) : std::nullopt;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::unexpected<Error> no_descriptors(const std::string& program) {
  return fail(ErrorClass::Unavailable, "running " + program + ": " + std::generic_category().message(errno),
              "close other programs and try again");
}

/// Reads what comes from both ends until they are closed.
class Reading {
 public:
  Reading(files::Handle output, files::Handle errors) : output_(std::move(output)), errors_(std::move(errors)) {}

  bool is_over() const { return !output_.is_open() && !errors_.is_open(); }
  std::string text_of_errors() && { return std::move(text_); }

  /// False when `sink` wants no more.
  bool read_some(const ChildOutput& sink) {
    std::array<pollfd, 2> ends{pollfd{output_.get(), POLLIN, 0}, pollfd{errors_.get(), POLLIN, 0}};
    if (::poll(ends.data(), ends.size(), static_cast<int>(kLookEvery.count())) <= 0) return true;
    if (ends[1].revents != 0) take_errors();
    if (ends[0].revents == 0) return true;
    const auto piece = piece_of(output_);
    return piece.empty() || sink(piece);
  }

 private:
  std::string_view piece_of(files::Handle& from) {
    const ssize_t count = ::read(from.get(), space_.data(), space_.size());
    if (count > 0) return {space_.data(), static_cast<std::size_t>(count)};
    if (count == 0 || errno != EINTR) from.close();
    return {};
  }
  void take_errors() {
    text_ += piece_of(errors_);
    if (text_.size() > kMostErrors) text_.erase(0, text_.size() - kMostErrors);
  }

  files::Handle output_;
  files::Handle errors_;
  std::string text_;
  std::array<char, 64u << 10> space_{};
};

Result<ChildEnd> see_through(const ChildPlan& plan, Child& child, Reading reading, const ChildOutput& sink,
                             const std::stop_token& stop) {
  const auto deadline = Steady::now() + plan.longest;
  std::optional<int> code;
  while (!code || !reading.is_over()) {
    if (plan.alive) plan.alive();
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "running " + plan.program + " was stopped");
    if (Steady::now() >= deadline)
      return fail(ErrorClass::Unavailable,
                  plan.program + " did not end within " +
                      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(plan.longest).count()) + " s",
                  "look whether the other side is slow or does not answer; it is tried again");
    if (!reading.is_over() && !reading.read_some(sink))
      return fail(ErrorClass::Unavailable, plan.program + " said more than it may", "look at what it is asked for");
    if (!code) code = child.ended();
    if (child.is_lost())
      return fail(ErrorClass::Unavailable, plan.program + " has ended, and the system does not say how",
                  "start slipway from a program that does not ignore SIGCHLD");
    if (!code && reading.is_over()) ::poll(nullptr, 0, 1);
  }
  return ChildEnd{.code = *code, .errors = std::move(reading).text_of_errors()};
}

}  // namespace

void hear_of_ended_programs() {
  ::signal(SIGCHLD, SIG_DFL);
}

Result<ChildEnd> run_child(const ChildPlan& plan, const ChildOutput& output, const std::stop_token& stop) {
  constexpr int kFirstSecret = 3;
  /// Above every number that is given away, so that none of ours is overwritten before it is given.
  constexpr int kOutOfTheWay = 64;
  auto out = make_pipe();
  auto errors = make_pipe();
  const auto input = in_memory(plan.input);
  if (!out || !errors || !input) return no_descriptors(plan.program);
  Spawn spawn;
  // In this order: standard input and output are given before a number of theirs may be taken by a secret.
  spawn.give(input->get(), STDIN_FILENO);
  spawn.give(out->write.get(), STDOUT_FILENO);
  if (plan.errors == ChildPlan::Errors::Kept) spawn.give(errors->write.get(), STDERR_FILENO);
  if (plan.errors == ChildPlan::Errors::Dropped) spawn.drop(STDERR_FILENO);
  std::vector<files::Handle> kept;
  int next = kFirstSecret;
  for (const auto& secret : plan.secrets) {
    const auto file = in_memory(secret.reveal());
    kept.emplace_back(file ? ::fcntl(file->get(), F_DUPFD_CLOEXEC, kOutOfTheWay) : -1);
    if (!kept.back().is_open()) return no_descriptors(plan.program);
    spawn.give(kept.back().get(), next++);
  }
  const auto process = spawn.start(plan);
  if (!process)
    return fail(ErrorClass::Invalid, plan.program + " can't be started: " + std::generic_category().message(errno),
                "install it on the PATH");
  Child child{*process};
  give_back_open_files(*process);
  if (plan.largest_file > 0) child.bound_files(plan.largest_file);
  out->write.close();
  errors->write.close();
  return see_through(plan, child, Reading{std::move(out->read), std::move(errors->read)}, output, stop);
}

Result<ChildAnswer> ask_child(const ChildPlan& plan, std::size_t most, const std::stop_token& stop) {
  ChildAnswer answer;
  const auto take = [&](std::string_view piece) {
    answer.output += piece;
    return answer.output.size() <= most;
  };
  const auto end = run_child(plan, take, stop);
  if (!end) return std::unexpected{end.error()};
  answer.code = end->code;
  return answer;
}

}  // namespace slipway::runtime
