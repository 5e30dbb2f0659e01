#include "controller/git/export_commit.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "controller/files/handle.h"
#include "crds/base/text.h"

namespace slipway::git {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 1u << 30;
constexpr std::size_t kLongestLink = 4000;

std::unexpected<Error> disk(const fs::path& path, const std::error_code& why) {
  if (why == std::errc::filename_too_long)
    return fail(ErrorClass::Invalid, "the path " + slipway::quoted(path.string(), 200) + " is too long for a file here",
                "give files and folders shorter names");
  return fail(ErrorClass::Unavailable, "writing " + slipway::quoted(path.string(), 200) + ": " + why.message(),
              "look whether the disk of the state folder is full or read-only");
}

std::error_code last_error() {
  return {errno, std::generic_category()};
}

/// A tree that git did not make may have a name twice, or that of a file for a folder too. Empty: each stands once.
std::string_view named_twice(const std::vector<TreeEntry>& entries) {
  std::vector<std::string_view> names;
  names.reserve(entries.size());
  for (const auto& entry : entries) names.emplace_back(entry.path);
  std::ranges::sort(names);
  if (const auto same = std::ranges::adjacent_find(names); same != names.end()) return *same;
  for (const auto name : names) {
    const std::string folder = std::string{name} + '/';
    const auto below = std::ranges::lower_bound(names, std::string_view{folder});
    if (below != names.end() && below->starts_with(folder)) return name;
  }
  return {};
}

Result<void> check(const std::vector<TreeEntry>& entries, const std::string& commit) {
  if (const auto twice = named_twice(entries); !twice.empty())
    return fail(ErrorClass::Invalid, "commit " + commit + " has two of the name " + slipway::quoted(twice, 200),
                "remove one of them");
  std::size_t bytes = 0;
  for (const auto& entry : entries) {
    if (!is_safe_name(entry.path))
      return fail(
          ErrorClass::Invalid,
          "commit " + commit + " has a file " + slipway::quoted(entry.path, 200) + ", which may stand for another",
          "give it another name");
    if (entry.kind == TreeEntry::Kind::Link && entry.size > kLongestLink)
      return fail(ErrorClass::Invalid, "commit " + commit + ": " + slipway::quoted(entry.path, 200) + " is no link",
                  "remove it");
    bytes += std::min(entry.size, kMostBytes + 1);
    if (bytes > kMostBytes)
      return fail(ErrorClass::Invalid, "commit " + commit + " has more than 1 GiB", "keep large files elsewhere");
  }
  return {};
}

/// Which object each regular file of a commit is, as a file beside it: "OBJECT NAME\0…".
using Objects = std::map<std::string, std::string>;

Objects read_listing(const fs::path& file) {
  Objects objects;
  std::ifstream in{file, std::ios::binary};
  for (std::string line; std::getline(in, line, '\0');)
    if (const auto space = line.find(' '); space != std::string::npos)
      objects.emplace(line.substr(space + 1), line.substr(0, space));
  return objects;
}

Result<void> write_listing(const fs::path& file, const std::vector<TreeEntry>& entries) {
  std::ofstream out{file, std::ios::binary};
  for (const auto& entry : entries)
    if (entry.kind == TreeEntry::Kind::File) out << entry.object << ' ' << entry.path << '\0';
  if (out.flush()) return {};
  return disk(file, last_error());
}

class Writer {
 public:
  Writer(const Export& what, std::vector<TreeEntry> entries) : what_(what), entries_(std::move(entries)) {}

  Result<void> write(const Client& client, std::stop_token stop) {
    if (const auto good = check(entries_, what_.commit); !good) return good;
    if (const auto made = make_folders(); !made) return made;
    auto missing = take_known();
    if (!missing) return std::unexpected{missing.error()};
    if (const auto read = read_files(client, *missing, std::move(stop)); !read) return read;
    if (const auto linked = write_links(); !linked) return linked;
    return write_listing(what_.listing, entries_);
  }

 private:
  Result<void> make_folders() const {
    std::error_code error;
    fs::create_directories(what_.tree, error);
    if (error) return disk(what_.tree, error);
    for (const auto& entry : entries_) {
      const auto folder = (what_.tree / entry.path).parent_path();
      fs::create_directories(folder, error);
      if (error) return disk(folder, error);
    }
    return {};
  }

  /// What is not the same in the commit that is known.
  Result<std::vector<TreeEntry>> take_known() const {
    const Objects known = what_.known_listing.empty() ? Objects{} : read_listing(what_.known_listing);
    std::vector<TreeEntry> missing;
    for (const auto& entry : entries_) {
      if (entry.kind == TreeEntry::Kind::Submodule) continue;
      const auto same = known.find(entry.path);
      const bool is_known = entry.kind == TreeEntry::Kind::File && same != known.end() && same->second == entry.object;
      if (is_known && ::link((what_.known_tree / entry.path).c_str(), (what_.tree / entry.path).c_str()) == 0) continue;
      missing.push_back(entry);
    }
    return missing;
  }

  Result<void> read_files(const Client& client, const std::vector<TreeEntry>& missing, std::stop_token stop) {
    std::size_t open_entry = missing.size();
    std::optional<files::Handle> held;
    const auto take = [&](std::size_t at, std::string_view piece) -> Result<void> {
      const auto& entry = missing[at];
      if (entry.kind == TreeEntry::Kind::Link) {
        links_[entry.path] += piece;
        return {};
      }
      if (at != open_entry) {
        held.reset();
        held.emplace(
            ::open((what_.tree / entry.path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (held->get() < 0) return disk(entry.path, last_error());
        open_entry = at;
      }
      return append(*held, piece, entry.path);
    };
    return client.read(what_.repository, missing, take, std::move(stop));
  }

  static Result<void> append(const files::Handle& file, std::string_view piece, const std::string& name) {
    while (!piece.empty()) {
      const ssize_t count = ::write(file.get(), piece.data(), piece.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return disk(name, last_error());
      piece.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
  }

  Result<void> write_links() const {
    for (const auto& [name, target] : links_) {
      const bool is_text = !target.empty() && target.find('\0') == std::string::npos;
      if (!is_text || ::symlink(target.c_str(), (what_.tree / name).c_str()) != 0)
        return fail(ErrorClass::Invalid,
                    "commit " + what_.commit + ": the link " + slipway::quoted(name, 200) + " can't be made",
                    "remove it");
    }
    return {};
  }

  const Export& what_;
  const std::vector<TreeEntry> entries_;
  std::map<std::string, std::string> links_;
};

}  // namespace

Result<void> export_commit(const Client& client, const Export& what, std::stop_token stop) {
  auto entries = client.tree(what.repository, what.commit, stop);
  if (!entries) return std::unexpected{entries.error()};
  return Writer{what, std::move(*entries)}.write(client, std::move(stop));
}

}  // namespace slipway::git
