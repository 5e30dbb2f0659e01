#include "controller/audit/log_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <istream>
#include <system_error>
#include <utility>

#include "crds/base/text.h"

namespace slipway::audit {
namespace {

constexpr std::string_view kSegmentPrefix = "audit-";
constexpr std::string_view kSegmentSuffix = ".jsonl";
constexpr std::size_t kBlock = 64u << 10;

std::unexpected<Error> unreadable(const std::string& path, const std::string& why) {
  return fail(ErrorClass::Unavailable, "reading the audit log " + quoted(path, 200) + ": " + why,
              "look at its permissions and its disk");
}

/// Puts lines together from blocks.
class LineSplitter {
 public:
  LineSplitter(std::string name, const LineTaker& on_line) : place_{std::move(name), 1}, on_line_(on_line) {}

  void take(std::string_view block) {
    while (true) {
      const std::size_t end = block.find('\n');
      const std::string_view part = block.substr(0, end);
      line_.append(part.substr(0, kLongestLine + 1 - std::min(line_.size(), kLongestLine + 1)));
      if (end == std::string_view::npos) return;
      on_line_(line_, place_);
      line_.clear();
      ++place_.line;
      block.remove_prefix(end + 1);
    }
  }

  const std::string& rest() const { return line_; }
  const LinePlace& place() const { return place_; }

 private:
  LinePlace place_;
  std::string line_;
  const LineTaker& on_line_;
};

bool is_segment(const std::string& path) {
  return segment_number(std::filesystem::path(path).filename().string()).has_value();
}

/// Every file, each folder as its segments.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const auto& path : paths) {
    std::error_code error;
    if (path == "-" || !std::filesystem::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const auto segments = segments_of(path);
    if (!segments) return std::unexpected(segments.error());
    if (segments->empty())
      return fail(ErrorClass::NotFound, "there is no audit log in the folder " + quoted(path, 200),
                  "name the folder that slipway was given with --audit-folder");
    for (const auto& segment : *segments) files.push_back(segment.string());
  }
  return files;
}

Result<void> read_file(const std::string& path, const LineTaker& on_line, const LineTaker& on_half) {
  std::ifstream in(path, std::ios::binary);
  if (in) return read_lines(in, path, on_line, on_half);
  const auto why = std::generic_category().message(errno);
  if (errno != ENOENT) return unreadable(path, why);
  return fail(ErrorClass::NotFound, "there is no audit log " + quoted(path, 200),
              "name a file or a folder of an audit log");
}

}  // namespace

std::string segment_name(std::int64_t number) {
  std::array<char, 32> digits{};
  std::snprintf(digits.data(), digits.size(), "%06lld", static_cast<long long>(number));
  return std::string(kSegmentPrefix) + digits.data() + std::string(kSegmentSuffix);
}

std::optional<std::int64_t> segment_number(std::string_view name) {
  if (!name.starts_with(kSegmentPrefix) || !name.ends_with(kSegmentSuffix)) return std::nullopt;
  name.remove_prefix(kSegmentPrefix.size());
  name.remove_suffix(std::min(kSegmentSuffix.size(), name.size()));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number < 1) return std::nullopt;
  return number;
}

Result<std::vector<std::filesystem::path>> segments_of(const std::filesystem::path& folder) {
  std::vector<std::pair<std::int64_t, std::filesystem::path>> found;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  if (error == std::errc::no_such_file_or_directory)
    return fail(ErrorClass::NotFound, "there is no audit log " + quoted(folder.string(), 200),
                "name the folder that slipway was given with --audit-folder");
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error))
    if (const auto number = segment_number(entries->path().filename().string()))
      found.emplace_back(*number, entries->path());
  if (error) return unreadable(folder.string(), error.message());
  std::ranges::sort(found);
  std::vector<std::filesystem::path> segments;
  segments.reserve(found.size());
  for (auto& [number, path] : found) segments.push_back(std::move(path));
  return segments;
}

Result<void> read_lines(std::istream& in, const std::string& name, const LineTaker& on_line, const LineTaker& on_half) {
  LineSplitter lines(name, on_line);
  std::string block(kBlock, '\0');
  while (in) {
    in.read(block.data(), static_cast<std::streamsize>(block.size()));
    lines.take(std::string_view(block).substr(0, static_cast<std::size_t>(in.gcount())));
  }
  if (in.bad() || !in.eof()) return unreadable(name, std::generic_category().message(errno));
  if (!lines.rest().empty()) on_half(lines.rest(), lines.place());
  return {};
}

Result<Verdict> verify(const LogInput& input, VerifyOptions options, const RecordTaker& on_record) {
  const auto files = files_of(input.paths);
  if (!files) return std::unexpected(files.error());
  options.among_others = !std::ranges::all_of(*files, is_segment);
  ChainVerifier verifier(std::move(options));
  LinePlace last;
  const LineTaker on_line = [&](std::string_view line, const LinePlace& place) {
    last = place;
    const auto record = verifier.take(line, place);
    if (record && on_record) on_record(*record);
  };
  const LineTaker on_half = [&](std::string_view text, const LinePlace& place) { verifier.take_half(text, place); };
  for (const auto& file : *files) {
    const auto read =
        file == "-" ? read_lines(input.standard_input, "-", on_line, on_half) : read_file(file, on_line, on_half);
    if (!read) return std::unexpected(read.error());
    if (last.file != file) last = {.file = file, .line = 1};
  }
  return verifier.finish(last);
}

}  // namespace slipway::audit
