#include "controller/runtime/file_turns.h"

#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "controller/files/handle.h"
#include "controller/runtime/lock_file.h"
#include "controller/runtime/waiting.h"
#include "crds/base/digest.h"
#include "reconcilers/registry_name.h"

namespace slipway::runtime {

namespace {

/// flock() can't be told to stop, so a turn that another process holds is asked for again.
constexpr std::chrono::milliseconds kAskAgain{20};

/// The turn on one name of a repository.
class HeldName {
 public:
  explicit HeldName(std::unique_ptr<NamedTurns::Turn> turn) : turn_(std::move(turn)) {}

  Result<void> lock_file(const std::filesystem::path& path, const std::stop_token& stop);

 private:
  // In this order: the file is unlocked before the next one in this process asks for it.
  std::unique_ptr<NamedTurns::Turn> turn_;
  files::Handle file_;  ///< Closed, it is unlocked.
};

Result<void> HeldName::lock_file(const std::filesystem::path& path, const std::stop_token& stop) {
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

}  // namespace

class FileTurns::HeldTurn final : public RepositoryTurns::Turn {
 public:
  void add(HeldName held) { held_.push_back(std::move(held)); }

 private:
  std::vector<HeldName> held_;
};

FileTurns::FileTurns(std::filesystem::path folder, Names names)
    : folder_(std::move(folder)), names_(std::move(names)) {}

FileTurns::~FileTurns() = default;

Result<std::unique_ptr<RepositoryTurns::Turn>> FileTurns::take(const std::string& host, const std::string& repository,
                                                               std::stop_token stop) {
  const auto names = names_();
  if (!names) return std::unexpected{names.error()};
  auto turn = std::make_unique<HeldTurn>();
  // In the order of the names, which is everybody's: nobody waits for one that waits for him.
  for (std::string place : names->all_names_of(registry_name(host, false))) {
    place.append("/").append(repository);
    if (auto held = hold(*turn, place, stop); !held) return std::unexpected{std::move(held.error())};
  }
  return turn;
}

Result<void> FileTurns::hold(HeldTurn& turn, const std::string& place, const std::stop_token& stop) {
  // Hashed: a repository's name may be longer than a file's, and is never a path.
  const std::string name = std::string{Digest::of(place).hex()} + ".lock";
  auto in_process = turns_.take(name, stop);
  if (!in_process) return fail(ErrorClass::Cancelled, "waiting for the turn on " + place + " was stopped");
  HeldName held{std::move(in_process)};
  if (!folder_.empty())
    if (auto locked = held.lock_file(folder_ / name, stop); !locked) return locked;
  turn.add(std::move(held));
  return {};
}

}  // namespace slipway::runtime
