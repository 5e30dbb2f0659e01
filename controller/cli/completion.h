#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/cli/command_line.h"

namespace slipway::cli {

/// The completion script of `shell` (bash, zsh or fish) for these verbs.
std::string completion_script(std::string_view shell, const std::vector<VerbDescription>& verbs);

}  // namespace slipway::cli
