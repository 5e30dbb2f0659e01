#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "controller/audit/medium.h"
#include "controller/files/handle.h"

namespace slipway::audit {

struct FileMediumOptions {
  std::filesystem::path folder;
  std::int64_t segment_bytes = 64 << 20;  ///< The next segment begins with the first record after so many.
};

/// A chain in the segments of a folder (log_files.h), appended to and never written again. Processes that share the
/// folder take turns by a lock on a file of it, which the kernel frees when one dies. Half a record at the end, as a
/// writer that was killed leaves it, is cut off by the next one, once it has room for what it writes instead.
class FileMedium final : public Medium {
 public:
  /// Makes the folder, for its owner alone. Unavailable when it can't be used.
  static Result<std::unique_ptr<Medium>> open(FileMediumOptions options);

  Result<ChainEnd> begin() override;
  Result<void> append(std::string_view lines, const Head& last) override;
  Result<void> make_durable() override;
  void end() noexcept override;

 private:
  /// The one that is appended to, as this process knows it.
  struct Segment {
    std::optional<files::Handle> file;
    std::int64_t number = 0;  ///< 0: there is none, or it has to be looked for.
    std::int64_t size = 0;
  };

  FileMedium(FileMediumOptions options, files::Handle lock);
  std::filesystem::path path_of(std::int64_t number) const;
  Result<void> take_turn();
  Result<bool> is_as_it_was() const;
  Result<void> find_end();
  Result<void> find_end_in(std::int64_t number, bool is_last);
  Result<void> open_segment(std::int64_t number, int flags);
  Result<void> next_segment();
  Result<void> write(std::string_view lines);
  Result<void> cut_half();
  void take_back();
  std::unexpected<Error> unusable(std::int64_t number, int error) const;
  std::unexpected<Error> damaged(std::int64_t number, const std::string& what) const;

  const FileMediumOptions options_;
  files::Handle lock_;
  Segment segment_;
  Head head_;
  std::string half_;  ///< Of a record, behind the size of the segment: cut off when a record says so.
  /// What was there when begin() was called.
  std::int64_t size_at_begin_ = 0;
  Head head_at_begin_;
  std::string half_at_begin_;
};

}  // namespace slipway::audit
