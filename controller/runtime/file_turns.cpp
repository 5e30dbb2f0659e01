#include "controller/runtime/file_turns.h"

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>

#include "controller/files/handle.h"
#include "controller/runtime/lock_file.h"
#include "controller/runtime/waiting.h"
#include "crds/base/digest.h"
#include "reconcilers/registry_name.h"

namespace slipway::runtime {

namespace {

/// flock() can't be told to stop, so a turn that another process holds is asked for again.
constexpr std::chrono::milliseconds kAskAgain{20};

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
  if (error) return unusable_lock(path.parent_path(), error.message());
  auto file = open_lock_file(path);
  if (!file) return std::unexpected(std::move(file.error()));
  file_ = std::move(*file);
  while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return unusable_lock(path);
    if (!wait(kAskAgain, stop)) return fail(ErrorClass::Cancelled, "waiting for the turn on a repository was stopped");
  }
  return {};
}

FileTurns::FileTurns(std::filesystem::path folder) : folder_(std::move(folder)) {}

FileTurns::~FileTurns() = default;

Result<std::unique_ptr<RepositoryTurns::Turn>> FileTurns::take(const std::string& host, const std::string& repository,
                                                               std::stop_token stop) {
  // Hashed: a repository's name may be longer than a file's, and is never a path.
  const std::string name = std::string{Digest::of(registry_name(host, false) + '/' + repository).hex()} + ".lock";
  auto in_process = turns_.take(name, stop);
  if (!in_process) return fail(ErrorClass::Cancelled, "waiting for the turn on " + repository + " was stopped");
  auto turn = std::make_unique<HeldTurn>(std::move(in_process));
  if (folder_.empty()) return turn;
  if (const auto locked = turn->lock_file(folder_ / name, stop); !locked) return std::unexpected{locked.error()};
  return turn;
}

}  // namespace slipway::runtime
