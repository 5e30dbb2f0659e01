#include "controller/manifests/folder_listing.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "controller/files/inside.h"
#include "crds/base/text.h"

namespace slipway::manifests {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostFiles = 100'000;
constexpr std::size_t kDeepest = 64;

bool is_left_out(const std::string& name) {
  return name.starts_with('.') || name.starts_with('#') || name.ends_with('~');
}

bool is_manifest(const std::string& name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

struct Entry {
  std::string name;
  fs::file_type type = fs::file_type::none;  ///< Of the entry itself: a link is a link.
};

/// Sorted, so that of two names for one thing always the same is taken.
std::vector<Entry> entries_of(const fs::path& folder, std::error_code& error) {
  std::vector<Entry> entries;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename().string();
    std::error_code vanished;
    if (!is_left_out(name)) entries.push_back({std::move(name), at->symlink_status(vanished).type()});
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

class Walk {
 public:
  explicit Walk(const fs::path& root) : root_(root) {}

  Result<FolderListing> run(const fs::path& top) {
    std::error_code error;
    const auto entries = entries_of(top, error);
    if (error) return cannot_list(top, error);
    seen_.insert(top.string());
    listing_.folders.insert(top);
    visit_all(entries, {.real = top, .name = "", .depth = 0});
    if (listing_.files.size() > kMostFiles)
      return fail(ErrorClass::Invalid,
                  quoted(top.string(), 200) + " holds more than " + std::to_string(kMostFiles) + " manifests",
                  "name a smaller folder");
    return std::move(listing_);
  }

 private:
  struct Folder {
    fs::path real;
    std::string name;  ///< Empty, or ending in a slash.
    std::size_t depth;
  };

  static std::unexpected<Error> cannot_list(const fs::path& folder, const std::error_code& error) {
    const std::string message = "listing " + quoted(folder.string(), 200) + ": " + error.message();
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory)
      return fail(ErrorClass::NotFound, message, "name the right folder, or make it");
    return fail(ErrorClass::Unavailable, message, "let the user that runs slipway read the folder");
  }

  void visit_all(const std::vector<Entry>& entries, const Folder& folder) {
    for (const auto& entry : entries) {
      if (listing_.files.size() > kMostFiles) return;
      visit(entry, folder);
    }
  }

  void visit(const Entry& entry, const Folder& folder) {
    if (entry.type == fs::file_type::symlink) return visit_link(entry, folder);
    const fs::path real = folder.real / entry.name;
    if (entry.type == fs::file_type::directory) return visit_folder(real, folder.name + entry.name, folder.depth);
    if (!is_manifest(entry.name)) return;
    if (entry.type == fs::file_type::regular) return add(real, entry, folder);
    if (entry.type == fs::file_type::none || entry.type == fs::file_type::not_found) return vanished();
    problem(folder.name + entry.name, "it is not a regular file", "put a file there, or give it another name");
  }

  void visit_link(const Entry& entry, const Folder& folder) {
    std::error_code error;
    const auto target = fs::status(folder.real / entry.name, error).type();
    if (target != fs::file_type::directory && !is_manifest(entry.name)) return;
    const auto real = files::resolve_inside(root_, folder.real, entry.name);
    if (!real) return problem(folder.name + entry.name, real.error().message, real.error().remedy);
    if (target == fs::file_type::directory) return visit_folder(*real, folder.name + entry.name, folder.depth);
    if (target == fs::file_type::regular) return add(*real, entry, folder);
    problem(folder.name + entry.name, "it does not lead to a regular file", "put a file there, or remove the link");
  }

  void visit_folder(const fs::path& real, const std::string& name, std::size_t depth) {
    if (!seen_.insert(real.string()).second) return;
    if (depth == kDeepest) return problem(name, "folders are nested too deep", "keep manifests higher up");
    listing_.folders.insert(real);
    std::error_code error;
    const auto entries = entries_of(real, error);
    if (error == std::errc::no_such_file_or_directory) return vanished();
    if (error)
      problem(name, "it cannot be listed: " + error.message(), "let the user that runs slipway read the folder");
    visit_all(entries, {.real = real, .name = name + '/', .depth = depth + 1});
  }

  void add(const fs::path& real, const Entry& entry, const Folder& folder) {
    if (seen_.insert(real.string()).second) listing_.files.push_back({folder.name + entry.name, folder.real});
  }

  /// Gone between listing and looking: the next reading knows.
  void vanished() { listing_.is_whole = false; }

  void problem(const std::string& name, std::string message, std::string expected) {
    listing_.is_whole = false;
    listing_.broken.insert(name);
    listing_.problems.push_back({.file = name,
                                 .place = {},
                                 .field = {},
                                 .message = std::move(message),
                                 .expected = std::move(expected),
                                 .reason = "Invalid",
                                 .warning = false});
  }

  const fs::path& root_;
  FolderListing listing_;
  std::set<std::string> seen_;
};

}  // namespace

bool is_manifest_name(const std::string& name) {
  return is_manifest(name) && !is_left_out(name);
}

Result<FolderListing> list_manifests(const fs::path& folder, const fs::path& root) {
  auto listing = Walk(root).run(folder);
  if (listing) std::ranges::sort(listing->files, {}, &ListedFile::name);
  return listing;
}

}  // namespace slipway::manifests
