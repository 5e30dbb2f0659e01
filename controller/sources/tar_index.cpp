#include "controller/sources/tar_index.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "controller/sources/file_set.h"
#include "crds/base/text.h"

namespace slipway::sources {
namespace {

constexpr std::size_t kMostEntries = 20'000;
constexpr std::size_t kLongestName = 1024;
constexpr int kMostLinks = 16;

/// False when it leads above the top.
bool append(std::vector<std::string_view>& parts, std::string_view path) {
  while (!path.empty()) {
    const auto part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
      continue;
    }
    if (parts.empty()) return false;
    parts.pop_back();
  }
  return true;
}

std::string_view folder_of(std::string_view name) {
  const auto slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

Result<std::string> read_start(TarReader& reader, std::size_t count, const std::stop_token& stop) {
  std::string start(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const auto space = std::as_writable_bytes(std::span(start).subspan(have));
    const Result<std::size_t> more = reader.read(space, stop);
    if (!more) return std::unexpected(more.error());
    if (*more == 0) break;
    have += *more;
  }
  start.resize(have);
  return start;
}

}  // namespace

std::optional<std::string> join_inside(std::string_view folder, std::string_view path) {
  std::vector<std::string_view> parts;
  if (!path.starts_with('/') && !append(parts, folder)) return std::nullopt;
  if (!append(parts, path)) return std::nullopt;
  std::string out;
  for (const auto part : parts) out += (out.empty() ? "" : "/") + std::string(part);
  return out;
}

Result<TarIndex> TarIndex::scan(TarReader& reader, const Keep& keep, const std::stop_token& stop) {
  TarIndex index;
  for (;;) {
    if (stop.stop_requested()) return fail(ErrorClass::Cancelled, "stopped");
    Result<std::optional<TarEntry>> entry = reader.next(stop);
    if (!entry) return std::unexpected(entry.error());
    if (!*entry) return index;
    if (reader.entries() > kMostEntries) return not_whole("it holds more than 20,000 files");
    const bool is_file = (*entry)->kind == TarEntry::Kind::File;
    Result<std::string> start = is_file ? read_start(reader, keep(**entry), stop) : std::string();
    if (!start) return std::unexpected(start.error());
    index.add(**entry, reader.entries(), std::move(*start));
  }
}

void TarIndex::add(const TarEntry& entry, std::size_t number, std::string start) {
  if (entry.kind == TarEntry::Kind::Other || entry.name.size() > kLongestName) return;
  const auto name = join_inside({}, entry.name);
  if (!name || name->empty()) return;
  Named named;
  named.member = {.size = entry.size, .position = entry.position, .number = number, .start = std::move(start)};
  named.has_holes = entry.has_holes;
  named.is_link = entry.kind != TarEntry::Kind::File;
  if (entry.kind == TarEntry::Kind::HardLink) named.target = join_inside({}, entry.target);
  if (entry.kind == TarEntry::Kind::SymbolicLink) named.target = join_inside(folder_of(*name), entry.target);
  if (named.target && named.target->size() > kLongestName) named.target.reset();
  const auto [known, added] = names_.try_emplace(*name, std::move(named));
  if (!added) known->second.has_twin = true;
}

Result<const TarMember*> TarIndex::find(const std::string& name) const {
  std::string_view at = name;
  for (int links = 0; links <= kMostLinks; ++links) {
    const auto found = names_.find(at);
    if (found == names_.end()) return nullptr;
    if (found->second.has_twin) return not_whole("it holds " + slipway::quoted(at) + " several times");
    if (found->second.has_holes) return not_whole(slipway::quoted(at) + " is a sparse file");
    if (!found->second.is_link) return &found->second.member;
    if (!found->second.target) return nullptr;
    at = *found->second.target;
  }
  return not_whole("the links of " + slipway::quoted(name) + " lead in a circle");
}

}  // namespace slipway::sources
