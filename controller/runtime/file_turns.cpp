#include "controller/runtime/file_turns.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <string>
#include <system_error>
#include <utility>

#include "controller/files/handle.h"
#include "controller/runtime/guarded.h"
#include "crds/base/digest.h"
#include "crds/base/text.h"

namespace slipway::runtime {

namespace {

/// flock() can't be told to stop, so a turn that another process holds is asked for again.
constexpr std::chrono::milliseconds kAskAgain{20};

std::unexpected<Error> unusable(const std::filesystem::path& path, const std::string& why) {
  return fail(ErrorClass::Unavailable, "using the lock " + quoted(path.string(), 200) + ": " + why,
              "make the state folder writable, or name another with --state");
}

}  // namespace

class FileTurns::HeldTurn final : public RepositoryTurns::Turn {
 public:
  explicit HeldTurn(std::unique_ptr<NamedTurns::Turn> turn) : turn_(std::move(turn)) {}

  Result<void> lock_file(const std::filesystem::path& path, const std::stop_token& stop);

 private:
  // In this order: the file is unlocked before the next one in this process asks for it.
  std::unique_ptr<NamedTurns::Turn> turn_;
  files::Handle file_;  ///< Closed, it is unlocked.
};

Result<void> FileTurns::HeldTurn::lock_file(const std::filesystem::path& path, const std::stop_token& stop) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return unusable(path.parent_path(), error.message());
  file_ = files::Handle{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file_.get() < 0) return unusable(path, std::generic_category().message(errno));
  std::condition_variable_any never;
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return unusable(path, std::generic_category().message(errno));
    Guarded<int> nothing;
    nothing.lock().wait_for(never, stop, kAskAgain, [] { return false; });
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "waiting for the turn on a repository was stopped");
  }
  return {};
}

FileTurns::FileTurns(std::filesystem::path folder) : folder_(std::move(folder)) {}

FileTurns::~FileTurns() = default;

Result<std::unique_ptr<RepositoryTurns::Turn>> FileTurns::take(const std::string& host, const std::string& repository,
                                                               std::stop_token stop) {
  // Hashed: a repository's name may be longer than a file's, and is never a path.
  const std::string name = std::string{Digest::of(host + '/' + repository).hex()} + ".lock";
  auto in_process = turns_.take(name, stop);
  if (!in_process) return fail(ErrorClass::Cancelled, "waiting for the turn on " + repository + " was stopped");
  auto turn = std::make_unique<HeldTurn>(std::move(in_process));
  if (folder_.empty()) return turn;
  if (const auto locked = turn->lock_file(folder_ / name, stop); !locked) return std::unexpected{locked.error()};
  return turn;
}

}  // namespace slipway::runtime
