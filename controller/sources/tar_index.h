#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "controller/sources/tar_reader.h"

namespace slipway::sources {

/// A file in a tar.
struct TarMember {
  std::int64_t size = 0;
  std::int64_t position = 0;  ///< Of its first byte in the unpacked tar.
  std::size_t number = 0;     ///< Its entry, counted from 1.
  std::string start;          ///< Its first bytes, as far as they were kept.
};

/// Which files a tar holds. Directories, devices and pipes are left out; links are followed within the tar. A name that
/// leads out of the tar names nothing. Bounds: 20,000 entries, 1,024 bytes of name, 16 links in a row.
class TarIndex {
 public:
  /// Whether a file's first bytes are to be kept, and how many at most.
  using Keep = std::function<std::size_t(const TarEntry& file)>;
  /// Reads the tar to its end. Integrity beyond the bounds.
  static Result<TarIndex> scan(TarReader& reader, const Keep& keep, const std::stop_token& stop);

  /// The file of that name, links followed; null when there is none. Integrity when the tar has several of that name,
  /// a circle of links, or a sparse file there.
  Result<const TarMember*> find(const std::string& name) const;

 private:
  struct Named {
    TarMember member;
    std::optional<std::string> target;  ///< Of a link; empty when it leads out of the tar.
    bool is_link = false;
    bool has_holes = false;
    bool has_twin = false;
  };
  void add(const TarEntry& entry, std::size_t number, std::string start);

  std::map<std::string, Named, std::less<>> names_;
};

/// `path` as seen from `folder`, without "." and ".."; nothing when it leads above the top. Leading slashes mean the
/// top.
std::optional<std::string> join_inside(std::string_view folder, std::string_view path);

}  // namespace slipway::sources
