#include "controller/git/checkouts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <set>
#include <system_error>
#include <vector>

#include "controller/files/handle.h"
#include "controller/files/write_file.h"
#include "controller/git/export_commit.h"
#include "crds/base/text.h"

namespace slipway::git {

namespace {

namespace fs = std::filesystem;

/// More than the one in force and the newest: for visits that still read from them.
constexpr std::size_t kKept = 5;
/// Nothing that is at work lasts that long.
constexpr std::chrono::hours kAbandonedAfter{1};
constexpr const char* kUnfinished = "unfinished-";

std::unexpected<Error> disk(const fs::path& path, const std::error_code& why) {
  return fail(ErrorClass::Unavailable, "writing " + slipway::quoted(path.string(), 200) + ": " + why.message(),
              "look whether the disk of the state folder is full or read-only");
}

/// A folder that is removed at the end, unless it has another name by then.
class Workplace {
 public:
  static Result<Workplace> make(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    std::string pattern = (folder / kUnfinished).string() + "XXXXXX";
    if (error || ::mkdtemp(pattern.data()) == nullptr)
      return disk(folder, error ? error : std::error_code{errno, std::generic_category()});
    return Workplace{pattern};
  }
  Workplace(Workplace&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Workplace& operator=(Workplace&&) = delete;
  ~Workplace() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit Workplace(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

std::optional<Checkout> checkout_at(const fs::path& folder) {
  const std::string commit = folder.filename().string();
  std::error_code error;
  if (!is_commit(commit) || !fs::is_directory(folder / "tree", error)) return std::nullopt;
  const std::string revision = revision_in(folder / "tree");
  if (revision.empty()) return std::nullopt;
  return Checkout{.commit = commit, .revision = revision, .tree = folder / "tree"};
}

/// All that was written is on the disk: a name that stands for a commit never stands for less after a power cut.
Result<void> settle(const fs::path& folder) {
  const files::Handle handle{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (handle.get() >= 0 && ::syncfs(handle.get()) == 0) return {};
  return disk(folder, {errno, std::generic_category()});
}

Result<void> write_revision(const fs::path& folder, const std::string& revision) {
  if (const auto error = files::write_file(folder / "revision", revision + '\n')) return disk(folder, error);
  return settle(folder);
}

/// The commits in a folder, those written down last first.
std::vector<std::string> commits_in(const fs::path& folder) {
  std::vector<std::pair<fs::file_time_type, std::string>> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (std::string name = at->path().filename().string(); is_commit(name))
      found.emplace_back(at->last_write_time(ignored), std::move(name));
  }
  std::ranges::sort(found, std::ranges::greater{});
  std::vector<std::string> commits;
  commits.reserve(found.size());
  for (auto& [written, name] : found) commits.push_back(std::move(name));
  return commits;
}

bool is_abandoned(const fs::directory_entry& entry) {
  std::error_code error;
  const auto written = entry.last_write_time(error);
  return !error && fs::file_time_type::clock::now() - written > kAbandonedAfter;
}

}  // namespace

std::string revision_in(const fs::path& tree) {
  std::ifstream file{tree.parent_path() / "revision"};
  std::string revision;
  std::getline(file, revision);
  return revision;
}

Result<fs::path> make_home(const fs::path& folder) {
  std::error_code error;
  fs::path home = folder / "home";
  fs::create_directories(home, error);
  if (error) return disk(home, error);
  fs::permissions(folder, fs::perms::owner_all, error);
  return home;
}

std::optional<Checkout> Checkouts::current() const {
  std::error_code error;
  const fs::path tree = fs::canonical(link(), error);
  return error ? std::nullopt : checkout_at(tree.parent_path());
}

std::optional<Checkout> Checkouts::find(const std::string& commit) const {
  return checkout_at(folder_ / "commits" / commit);
}

Result<Checkout> Checkouts::add(const Client& client, const Tip& tip, std::stop_token stop) const {
  if (auto known = find(tip.commit)) return std::move(*known);
  const auto workplace = Workplace::make(folder_ / "commits");
  if (!workplace) return std::unexpected{workplace.error()};
  const fs::path repository = workplace->path() / "repository";
  const auto commit = client.fetch(repository, tip.branch, stop);
  if (!commit) return std::unexpected{commit.error()};
  if (auto known = find(*commit)) return std::move(*known);
  const fs::path unfinished = workplace->path() / "checkout";
  const auto known = nearest();
  const auto written = export_commit(client,
                                     {.repository = repository,
                                      .commit = *commit,
                                      .tree = unfinished / "tree",
                                      .listing = unfinished / "listing",
                                      .known_tree = known ? known->tree : fs::path{},
                                      .known_listing = known ? known->tree.parent_path() / "listing" : fs::path{}},
                                     stop);
  if (!written) return std::unexpected{written.error()};
  if (const auto kept = write_revision(unfinished, revision_of(tip.branch, *commit)); !kept)
    return std::unexpected{kept.error()};
  return take_in(unfinished, *commit);
}

/// Under the name of its commit. Where another process was first, its checkout is as good.
Result<Checkout> Checkouts::take_in(const fs::path& unfinished, const std::string& commit) const {
  const fs::path place = folder_ / "commits" / commit;
  std::error_code error;
  fs::rename(unfinished, place, error);
  if (auto made = find(commit)) return std::move(*made);
  // What is in its place is not whole: nobody reads it, and nothing else would ever mend it.
  std::error_code ignored;
  if (error) fs::rename(place, unfinished.parent_path() / "not-whole", ignored);
  if (error) fs::rename(unfinished, place, error);
  if (auto made = find(commit)) return std::move(*made);
  return disk(place, error);
}

/// That has most in common with the newest commit, as far as can be told without looking.
std::optional<Checkout> Checkouts::nearest() const {
  auto found = current();
  if (found) return found;
  for (const auto& commit : commits_in(folder_ / "commits"))
    if (found = find(commit); found) break;
  return found;
}

Result<void> Checkouts::make_current(const Checkout& checkout) const {
  std::error_code error;
  const fs::path next = folder_ / ("next-" + std::to_string(::getpid()));
  fs::remove(next, error);
  fs::create_directory_symlink(fs::path{"commits"} / checkout.commit / "tree", next, error);
  if (!error) fs::rename(next, link(), error);
  if (error) return disk(link(), error);
  return settle(folder_);
}

void Checkouts::sweep(const std::string& kept) const {
  const fs::path commits = folder_ / "commits";
  std::error_code error;
  for (fs::directory_iterator at(commits, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with(kUnfinished) && is_abandoned(*at))
      fs::remove_all(at->path(), ignored);
  }
  std::set<std::string> staying{kept};
  if (const auto in_force = current()) staying.insert(in_force->commit);
  for (const auto& commit : commits_in(commits)) {
    if (staying.size() < kKept) staying.insert(commit);
    if (staying.contains(commit)) continue;
    // By another name first: what is there under its own is whole.
    const fs::path gone = commits / (kUnfinished + commit);
    fs::rename(commits / commit, gone, error);
    if (!error) fs::remove_all(gone, error);
  }
}

bool Checkouts::was_rewritten(const Client& client, const Tip& tip, const std::string& commit,
                              std::stop_token stop) const {
  const auto workplace = Workplace::make(folder_ / "commits");
  if (!workplace) return false;
  return client.ancestry(workplace->path() / "history", tip.branch, commit, std::move(stop)) ==
         Client::Ancestry::NotAmongTheLast;
}

}  // namespace slipway::git
