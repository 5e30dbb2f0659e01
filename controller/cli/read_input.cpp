#include "controller/cli/read_input.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "crds/base/text.h"

namespace slipway::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLargestFile = 64u << 20;

bool is_manifest(const fs::path& path) {
  const std::string extension = path.extension().string();
  const bool hidden = path.filename().string().starts_with('.');
  return !hidden && (extension == ".yaml" || extension == ".yml" || extension == ".json");
}

Result<InputFile> read_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (!error && size > kLargestFile)
    return fail(ErrorClass::Invalid, path.string() + " has more than 64 MiB", "split it");
  std::ifstream file(path, std::ios::binary);
  InputFile input{path.string(), {std::istreambuf_iterator<char>(file), {}}};
  if (error || !file)
    return fail(ErrorClass::NotFound, path.string() + " can't be read", "check its path and its mode");
  return input;
}

Result<std::vector<fs::path>> manifests_below(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with('.') && entry->is_directory()) entry.disable_recursion_pending();
    if (entry->is_regular_file() && is_manifest(entry->path())) paths.push_back(entry->path());
  }
  if (error) return fail(ErrorClass::NotFound, folder.string() + ": " + error.message(), "check the folder's mode");
  if (paths.empty())
    return fail(ErrorClass::Invalid, folder.string() + " holds no .yaml, .yml or .json file", "name the right folder");
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

Result<std::vector<InputFile>> read_input(const std::string& path) {
  if (path == "-") return std::vector<InputFile>{{"-", {std::istreambuf_iterator<char>(std::cin), {}}}};
  std::error_code error;
  if (!fs::exists(path, error))
    return fail(ErrorClass::NotFound, "there is no file or folder " + slipway::quoted(path), "check the path after -f");
  std::vector<fs::path> paths{path};
  if (fs::is_directory(path, error)) {
    auto found = manifests_below(path);
    if (!found) return std::unexpected(found.error());
    paths = std::move(*found);
  }
  std::vector<InputFile> files;
  for (const auto& each : paths) {
    auto file = read_file(each);
    if (!file) return std::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  return files;
}

}  // namespace slipway::cli
