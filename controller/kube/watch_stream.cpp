#include "controller/kube/watch_stream.h"

#include <utility>

namespace slipway::kube {

Result<void> WatchStream::feed(std::span<const std::byte> bytes) {
  std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    line_ += rest.substr(0, end);
    if (line_.size() > longest_line_)
      return fail(ErrorClass::Integrity, "an event of more than " + std::to_string(longest_line_) + " bytes",
                  "check what answers at the API server's address");
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (Result<void> taken = take_(line); !taken) return taken;
  }
  return {};
}

Result<void> WatchStream::finish() const {
  if (line_.empty()) return {};
  return fail(ErrorClass::Unavailable, "the stream ended within an event", "try again");
}

}  // namespace slipway::kube
