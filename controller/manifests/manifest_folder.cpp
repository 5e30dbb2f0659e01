#include "controller/manifests/manifest_folder.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <set>
#include <span>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>

#include "controller/files/inside.h"
#include "controller/manifests/folder_listing.h"
#include "controller/manifests/other_json.h"
#include "controller/manifests/resource_identity.h"
#include "crds/base/problem_list.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/references.h"

namespace slipway::manifests {

namespace fs = std::filesystem;

namespace {

/// A folder of resources has files of kilobytes; a ConfigMap or Secret ends at 1 MiB.
constexpr std::size_t kLargestManifest = 16u << 20;
constexpr std::chrono::seconds kLongWriting{30};
constexpr const char* kStandardInput = "-";

Result<fs::path> canonical(const std::string& path) {
  std::error_code error;
  fs::path resolved = fs::canonical(path, error);
  if (!error) return resolved;
  const std::string message = quoted(path, 200) + ": " + error.message();
  if (error == std::errc::permission_denied)
    return fail(ErrorClass::Unavailable, message, "let the user that runs slipway read it");
  return fail(ErrorClass::NotFound, message, "correct the path, or make it");
}

Result<fs::path> working_directory() {
  std::error_code error;
  fs::path here = fs::current_path(error);
  if (!error) return here;
  return fail(ErrorClass::NotFound, "the working directory: " + error.message(), "go to another, or name --root");
}

Result<std::string> read_standard_input() {
  std::string content;
  std::array<char, 64u << 10> piece{};
  while (std::cin.read(piece.data(), piece.size()) || std::cin.gcount() > 0) {
    content.append(piece.data(), static_cast<std::size_t>(std::cin.gcount()));
    if (content.size() > kLargestManifest)
      return fail(ErrorClass::Invalid, "standard input has more than 16 MiB", "split it");
  }
  return content;
}

Problem empty_file(const std::string& file) {
  return {.file = file,
          .place = {},
          .field = {},
          .message = "the file is empty, as one that is about to be written",
          .expected = "write a resource or a comment into it, or remove it",
          .reason = "Invalid",
          .warning = false};
}

Problem still_being_written(const std::string& file, Timestamp since) {
  return {.file = file,
          .place = {},
          .field = {},
          .message = "the file is being written since " +
                     slipway::to_string(Timestamp{std::chrono::floor<std::chrono::seconds>(since)}) +
                     ": somebody has it open, and what is new in it waits",
          .expected = "end whoever writes it, or write beside it and rename",
          .reason = "Invalid",
          .warning = false};
}

Problem declared_twice(const ManifestResource& later, const ManifestResource& first) {
  return {.file = later.file,
          .place = later.place,
          .field = {},
          .message = to_string(identity_of(later.resource)) + " is declared in " + first.file + ", line " +
                     std::to_string(first.place.line) + ", already, and that one is in force",
          .expected = "remove one of the two",
          .reason = "Invalid",
          .warning = false};
}

/// What is in a folder is told by the folder's name and a slash.
fs::path without_slash(const fs::path& path) {
  return path.has_filename() ? path : path.parent_path();
}

bool is_blank(const std::string& content) {
  return content.find_first_not_of(" \t\r\n") == std::string::npos;
}

Result<std::string> read_whole(const files::OpenFile& file, const std::string& path, std::size_t limit) {
  const auto too_large = [&] {
    return fail(ErrorClass::Invalid, quoted(path, 200) + " has more than " + std::to_string(limit) + " bytes",
                "split it, or make it smaller");
  };
  if (std::cmp_greater(file.size(), limit)) return too_large();
  // One byte over the limit is enough to know of: a file can grow while it is read.
  std::string content(static_cast<std::size_t>(file.size()) + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    const auto got =
        file.read_at(static_cast<std::int64_t>(size), std::as_writable_bytes(std::span{content}.subspan(size)));
    if (!got) return while_doing(quoted(path, 200), got.error());
    size += *got;
    if (size > limit) return too_large();
    if (*got == 0) break;
    if (size == content.size()) content.resize(std::min(2 * size, limit + 1));
  }
  content.resize(size);
  return content;
}

}  // namespace

struct ManifestFolder::Listed {
  std::string origin;
  std::string shown;
  fs::path folder;  ///< That it is in, links resolved.
  fs::path root;    ///< Links resolved.
  std::string base_folder;
};

Result<ManifestFolder> ManifestFolder::open(ManifestFolderOptions options) {
  ManifestFolder folder;
  folder.options_ = std::move(options);
  if (const auto resolved = folder.resolve(); !resolved) return std::unexpected{resolved.error()};
  if (folder.options_.path != kStandardInput) return folder;
  auto content = read_standard_input();
  if (!content) return std::unexpected{content.error()};
  folder.standard_input_ = std::move(*content);
  return folder;
}

Result<void> ManifestFolder::resolve() {
  if (is_checkout()) {
    // What is in it, and whether anything is, may be another thing at each reading.
    is_folder_ = true;
    origin_ = without_slash(options_.checkout->origin);
    root_ = options_.root;
    inside_ = fs::path{options_.path}.lexically_relative(root_);
    return {};
  }
  const auto here = working_directory();
  if (!here) return std::unexpected{here.error()};
  const bool is_standard_input = options_.path == kStandardInput;
  auto path = is_standard_input ? here : canonical(options_.path);
  if (!path) return while_doing("manifests", path.error());
  canonical_path_ = std::move(*path);
  std::error_code error;
  is_folder_ = !is_standard_input && fs::is_directory(canonical_path_, error);
  if (!is_standard_input && !is_folder_ && !fs::is_regular_file(canonical_path_, error))
    return fail(ErrorClass::Invalid, "manifests: " + quoted(options_.path, 200) + " is neither a folder nor a file",
                "name a folder or a file, or give the manifests on standard input and name them -");
  origin_ = is_standard_input ? fs::path{kStandardInput} : without_slash((*here / options_.path).lexically_normal());
  root_ = is_folder_ ? canonical_path_ : *here;
  auto home = is_folder_ || is_standard_input ? Result<fs::path>{canonical_path_} : canonical(origin_.parent_path());
  if (!home) return while_doing("manifests", home.error());
  home_ = std::move(*home);
  if (options_.root.empty()) return {};
  auto root = canonical(options_.root);
  if (!root) return while_doing("--root", root.error());
  root_ = std::move(*root);
  if (fs::is_directory(root_, error)) return {};
  return fail(ErrorClass::Invalid, "--root: " + quoted(options_.root, 200) + " is no folder", "name a folder");
}

bool ManifestFolder::is_origin(const std::string& origin) const {
  if (!is_folder_) return origin == origin_.string();
  return origin.starts_with(origin_.string() + '/');
}

Result<ManifestReading> ManifestFolder::read() {
  ManifestReading reading{
      .resources = {}, .problems = {}, .broken = {}, .folders = {}, .is_whole = true, .is_settled = false};
  const auto listed = list(reading);
  if (!listed) {
    last_.reset();
    return std::unexpected{listed.error()};
  }
  forget_all_but(*listed);
  for (const auto& file : *listed) read_file(file, reading);
  settle(reading, /*could_read=*/reading.is_whole);
  if (!reading.is_whole || !reading.resources.empty() || options_.allow_empty) return reading;
  last_.reset();
  return fail(ErrorClass::Invalid, "no resource is in " + quoted(shown_folder().string(), 200),
              "name the right folder, or say --allow-empty if it is meant to be empty");
}

Result<std::vector<ManifestFolder::Listed>> ManifestFolder::list(ManifestReading& reading) const {
  if (options_.path == kStandardInput)
    return std::vector<Listed>{{kStandardInput, kStandardInput, {}, {}, canonical_path_.string()}};
  // Anew each time: a deployment may exchange the link that was named.
  const auto root = is_checkout() ? canonical(root_.string()) : Result<fs::path>{root_};
  if (!root) return while_doing("manifests", root.error());
  const auto path = canonical(is_checkout() ? (*root / inside_).string() : options_.path);
  if (!path && is_checkout() && path.error().cls == ErrorClass::NotFound)
    return fail(ErrorClass::NotFound,
                options_.checkout->revision_of(*root) + " has no folder " + quoted(options_.checkout->shown, 200),
                "correct --path, or push the folder; nothing is deleted meanwhile");
  if (!path) return while_doing("manifests", path.error());
  if (!is_folder_) {
    reading.folders = {origin_.parent_path(), path->parent_path()};
    const auto folder = path->parent_path();
    return std::vector<Listed>{{origin_.string(), options_.path, folder, folder, folder.string()}};
  }
  const bool is_below = std::mismatch(root->begin(), root->end(), path->begin(), path->end()).first == root->end();
  if (!is_below && is_checkout())
    return fail(ErrorClass::Refused,
                "manifests: " + quoted(options_.checkout->shown, 200) + " leads outside the commit",
                "name a folder of the repository with --path");
  auto listing = list_manifests(*path, is_below ? *root : *path);
  if (!listing) return while_doing("manifests", listing.error());
  if (is_checkout()) reading.revision = options_.checkout->revision_of(*root);
  const fs::path named = shown_folder();
  reading.is_whole = listing->is_whole;
  reading.folders = std::move(listing->folders);
  for (auto& problem : listing->problems) {
    problem.file = (named / problem.file).string();
    reading.problems.push_back(std::move(problem));
  }
  for (const auto& name : listing->broken) reading.broken.insert((origin_ / name).string());
  std::vector<Listed> all;
  for (auto& file : listing->files)
    all.push_back({(origin_ / file.name).string(), (named / file.name).string(), file.base_folder,
                   is_below ? *root : *path, base_folder_of(file.base_folder, *root)});
  return all;
}

fs::path ManifestFolder::shown_folder() const {
  return is_checkout() ? options_.checkout->shown : options_.path;
}

std::string ManifestFolder::base_folder_of(const fs::path& folder, const fs::path& root) const {
  return is_checkout() ? (root_ / folder.lexically_relative(root)).lexically_normal().string() : folder.string();
}

void ManifestFolder::forget_all_but(const std::vector<Listed>& listed) {
  std::set<std::string> there;
  for (const auto& file : listed) there.insert(file.origin);
  std::erase_if(files_, [&](const auto& file) { return !there.contains(file.first); });
}

void ManifestFolder::read_file(const Listed& listed, ManifestReading& reading) {
  if (listed.origin == kStandardInput) return take(listed, standard_input_);
  const auto name = is_folder_ ? fs::path{listed.origin}.filename() : canonical_path_.filename();
  const auto opened = files::open_inside(listed.root, listed.folder, name.string());
  const bool asks = opened && options_.awaits_writers != nullptr && !is_checkout();
  // Before it is read, for who closes it meanwhile wrote what was not read; and after, for who opened it meanwhile.
  const bool was_being_written = asks && opened->is_being_written();
  const auto content = opened ? read_whole(*opened, name.string(), kLargestManifest) : std::unexpected{opened.error()};
  if (content) return take(listed, *content, was_being_written || (asks && opened->is_being_written()));
  reading.is_whole = false;
  // Gone between listing and reading: the next reading knows.
  if (content.error().cls == ErrorClass::NotFound) return;
  reading.broken.insert(listed.origin);
  reading.problems.push_back(problem_of(content.error(), listed.shown));
}

void ManifestFolder::take(const Listed& listed, const std::string& content, bool is_being_written) {
  File& file = files_[listed.origin];
  const Digest digest = Digest::of(content);
  const bool is_same = file.content == digest;
  if (is_same && !file.is_changing) return;
  // What was a resource may be one again.
  file.is_none = is_folder_ && file.good.empty() && stays_other_json(listed.origin, content);
  file.content = digest;
  file.is_changing = !file.is_none && (is_being_written || (!is_same && has_read_ && !is_checkout()));
  file.is_broken = false;
  file.is_blank = false;
  file.place = (fs::path{listed.base_folder} / fs::path{listed.origin}.filename()).lexically_normal();
  file.problems.clear();
  await_writer(listed, is_being_written && !file.is_none);
  if (!file.is_changing) parse(listed, content);
}

void ManifestFolder::await_writer(const Listed& listed, bool is_being_written) {
  File& file = files_[listed.origin];
  if (!is_being_written) return file.written_since.reset();
  const Timestamp now = options_.awaits_writers->now();
  if (!file.written_since) file.written_since = now;
  if (now - *file.written_since > kLongWriting)
    file.problems.push_back(still_being_written(listed.shown, *file.written_since));
}

void ManifestFolder::parse(const Listed& listed, const std::string& content) {
  File& file = files_[listed.origin];
  file.is_broken = file.is_blank = is_blank(content);
  if (file.is_broken) return file.problems.push_back(empty_file(listed.shown));
  if (is_folder_ && is_other_json(listed.origin, content)) return file.good.clear();
  auto parsed = parse_resources(content, listed.shown, options_.parse);
  file.problems = std::move(parsed.problems);
  file.is_broken = !std::ranges::all_of(file.problems, &Problem::warning);
  if (file.is_broken) return;
  file.good.clear();
  for (auto& resource : parsed.resources)
    file.good.push_back({.resource = std::move(resource.resource),
                         .file = listed.shown,
                         .place = resource.place,
                         .base_folder = listed.base_folder,
                         .where = std::move(resource.where),
                         .origin = listed.origin});
}

/// Those that resources in force name: reports, and of layouts their index.
std::set<fs::path> ManifestFolder::named_files() const {
  std::set<fs::path> named;
  for (const auto& [origin, file] : files_)
    for (const auto& resource : file.good) {
      const auto* publication = std::get_if<ImagePublication>(&resource.resource);
      if (publication == nullptr) continue;
      for (const auto& reference : references_of(*publication, resource.base_folder))
        if (reference.kind == Reference::Kind::File)
          named.insert((fs::path{reference.scope} / reference.name).lexically_normal());
    }
  return named;
}

void ManifestFolder::collect(ManifestReading& reading) const {
  std::map<ResourceIdentity, const ManifestResource*> first;
  const auto named = named_files();
  for (const auto& [origin, file] : files_) {
    if ((file.is_blank || file.written_since) && file.good.empty() && named.contains(file.place)) continue;
    reading.problems.insert(reading.problems.end(), file.problems.begin(), file.problems.end());
    if (file.is_broken || file.written_since) reading.broken.insert(origin);
    if (file.is_broken || file.is_changing) reading.is_whole = false;
    for (const auto& resource : file.good) {
      const auto [known, is_new] = first.emplace(identity_of(resource.resource), &resource);
      if (is_new) {
        reading.resources.push_back(resource);
        continue;
      }
      reading.problems.push_back(declared_twice(resource, *known->second));
      reading.is_whole = false;
    }
  }
}

void ManifestFolder::settle(ManifestReading& reading, bool could_read) {
  collect(reading);
  Contents contents;
  for (const auto& [origin, file] : files_)
    if (file.content && !file.is_none) contents.emplace(origin, *file.content);
  // One file, or standard input, says nothing of what it does not name.
  const bool is_complete = is_checkout() || (last_ == contents && is_folder_);
  reading.is_settled = reading.is_whole && is_complete;
  last_.reset();
  if (could_read) last_ = std::move(contents);
  has_read_ = true;
}

Result<std::string> read_file_inside(const fs::path& root, const fs::path& base_folder, const std::string& path,
                                     std::size_t limit) {
  const auto file = files::open_inside(root, base_folder, path);
  if (!file) return std::unexpected{file.error()};
  return read_whole(*file, path, limit);
}

}  // namespace slipway::manifests
