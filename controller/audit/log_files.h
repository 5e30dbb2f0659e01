#pragma once

#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/audit/chain.h"
#include "crds/base/result.h"

/// The files of an audit log, and how they are read.
namespace slipway::audit {

/// "audit-000001.jsonl", counted from 1 on: a chain goes on from one to the next.
std::string segment_name(std::int64_t number);
/// The number; absent for another name.
std::optional<std::int64_t> segment_number(std::string_view name);

/// The segments of a folder in their order. NotFound without the folder, Unavailable when it can't be read.
Result<std::vector<std::filesystem::path>> segments_of(const std::filesystem::path& folder);

using LineTaker = std::function<void(std::string_view text, const LinePlace& place)>;

/// Gives each line without its end to `on_line`, what stands behind the last end to `on_half`. Of a line that is longer
/// than any record only the beginning. Unavailable when reading fails.
Result<void> read_lines(std::istream& in, const std::string& name, const LineTaker& on_line, const LineTaker& on_half);

/// Told of each record of a chain in its order, as long as nothing is wrong.
using RecordTaker = std::function<void(const SealedLine& line)>;

/// What is to be read: folders of a log, files, or "-" for `standard_input`.
struct LogInput {
  std::vector<std::string> paths;
  std::istream& standard_input;
};

/// Reads one chain from the paths, in the order given. In a file that is not a segment's, and on standard input, other
/// lines may stand between its records. NotFound or Unavailable when something can't be read.
Result<Verdict> verify(const LogInput& input, VerifyOptions options, const RecordTaker& on_record = {});

}  // namespace slipway::audit
