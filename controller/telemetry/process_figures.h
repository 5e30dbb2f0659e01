#pragma once

#include <optional>

namespace slipway::telemetry {

/// What the kernel says of this process; absent where there is no /proc.
struct ProcessFigures {
  double cpu_seconds = 0;  ///< User and system.
  std::optional<double> resident_bytes;
  std::optional<double> virtual_bytes;
  std::optional<double> open_files;
  std::optional<double> most_files;
};

ProcessFigures process_figures();

}  // namespace slipway::telemetry
