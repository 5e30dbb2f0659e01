#pragma once

#include <string>
#include <variant>
#include <vector>

#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"

namespace slipway::cli {

/// What to print instead of running a command: help (Ok, standard output) or what is wrong (Invalid, standard error).
struct Usage {
  ExitCode code = ExitCode::Ok;
  std::string text;
};

/// Parses the arguments after the program's name.
std::variant<Command, Usage> parse_command_line(const std::vector<std::string>& arguments);

/// One option of a verb, for shell completion.
struct OptionDescription {
  std::string name;  ///< "--output", "-o".
  std::string description;
  std::vector<std::string> choices;  ///< The values it takes, when they can be listed.
  bool takes_file = false;
};

struct VerbDescription {
  std::string name;
  std::string description;
  std::vector<OptionDescription> options;
  std::vector<std::string> choices;  ///< Of the first positional argument.
};

/// Every verb as the parser knows it.
std::vector<VerbDescription> describe_verbs();

}  // namespace slipway::cli
