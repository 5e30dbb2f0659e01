#include "controller/cli/parse_errors.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace slipway::cli {

namespace {

/// CLI11 would only count, or name the second of them.
bool names_several_files(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* verb = app.get_subcommands().empty() ? nullptr : app.get_subcommands().front();
  const CLI::Option* files = verb == nullptr ? nullptr : verb->get_option_no_throw("-f");
  if (files == nullptr || files->count() == 0) return false;
  const bool is_of_extras = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const auto is_path = [](const std::string& argument) { return !argument.starts_with('-'); };
  return files->count() > 1 || (is_of_extras && std::ranges::any_of(app.remaining(true), is_path));
}

}  // namespace

CLI::Validator has_value() {
  const auto check = [](std::string& text) {
    return std::string(text.empty() ? "it is empty; give it a value, or leave it out" : "");
  };
  return CLI::Validator(check, "");
}

std::string reason_and_hint(const CLI::App& app, const CLI::ParseError& error) {
  std::string verb;
  for (const CLI::App* used : app.get_subcommands()) verb = ' ' + used->get_name();
  const std::string reason =
      names_several_files(app, error) ? "several files are named; name the one folder that they are in" : error.what();
  return "slipway" + verb + ": " + reason + "; see slipway" + verb + " --help\n";
}

}  // namespace slipway::cli
