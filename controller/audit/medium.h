#pragma once

#include <optional>
#include <string_view>

#include "controller/audit/chain.h"
#include "crds/base/result.h"

namespace slipway::audit {

/// Where a chain ends when somebody begins to write to it.
struct ChainEnd {
  Head head;                     ///< No chain id when there is no chain yet.
  std::optional<Mended> mended;  ///< What was cut off just now; to be told in the next record.
};

/// What the lines of a chain are written to. One thread at a time; between begin() and end() no other process writes.
class Medium {
 public:
  virtual ~Medium() = default;
  /// Where the chain ends now. Integrity when what is there is not what was written; Unavailable when it can't be used
  /// or another process does not let go of it.
  virtual Result<ChainEnd> begin() = 0;
  /// Whole lines with their ends: all of them or none. `last` is the record of the last one.
  virtual Result<void> append(std::string_view lines, const Head& last) = 0;
  /// What was appended survives a crash of the machine, where the medium can give that.
  virtual Result<void> make_durable() = 0;
  /// After begin(), whatever it gave.
  virtual void end() noexcept = 0;
};

}  // namespace slipway::audit
