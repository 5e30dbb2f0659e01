#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "crds/base/result.h"

namespace slipway::runtime {

struct ChildCommand {
  std::string program;  ///< Looked for on the PATH when it has no slash.
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< Beside our own, and before it.
  std::string input = {};                                             ///< At most 60 KiB: what a pipe holds.
  bool show_errors = false;                                           ///< Its standard error is ours; else nobody's.
};
struct ChildLimits {
  std::chrono::milliseconds time{10'000};
  std::size_t bytes = 64u << 10;  ///< Of its output.
};
struct ChildAnswer {
  std::string output;
  int exit_code = 0;  ///< 128 and the signal when one ended it.
};

/// Runs a program without a shell and waits for it to end. Invalid when it can't be started, Unavailable when it gives
/// no whole answer within the limits, Cancelled when `stop` asks; in each case it and what it started are killed. The
/// message names the program and nothing of what it said.
Result<ChildAnswer> run_child(const ChildCommand& command, const ChildLimits& limits, const std::stop_token& stop);

}  // namespace slipway::runtime
