#include "controller/cli/parse_errors.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "crds/base/text.h"

namespace slipway::cli {

namespace {

bool is_option(const std::string& argument) {
  return argument.starts_with('-');
}

bool is_of_extras(const CLI::ParseError& error) {
  return error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
}

/// What stands right behind the value of `files`, as a shell makes it of a pattern.
std::vector<std::string> words_behind(const CLI::Option& files, const std::vector<std::string>& arguments) {
  const auto is_files = [&](const std::string& argument) { return is_option(argument) && files.check_name(argument); };
  const auto found = std::ranges::find_if(arguments, is_files);
  if (arguments.end() - found < 2) return {};
  return {found + 2, std::find_if(found + 2, arguments.end(), is_option)};
}

/// CLI11 would only count, or name the second of them.
bool names_several_files(const CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments) {
  const CLI::App* verb = app.get_subcommands().empty() ? nullptr : app.get_subcommands().front();
  const CLI::Option* files = verb == nullptr ? nullptr : verb->get_option_no_throw("-f");
  if (files == nullptr || files->count() == 0) return false;
  return files->count() > 1 || (is_of_extras(error) && app.remaining(true) == words_behind(*files, arguments));
}

/// CLI11 would show them from the last to the first.
std::string not_expected(const std::vector<std::string>& words) {
  std::string text = "not expected:";
  for (const auto& word : words) text += ' ' + slipway::quoted(word);
  return text;
}

std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& error,
                          const std::vector<std::string>& arguments) {
  if (names_several_files(app, error, arguments))
    return "several files are named; name the one folder that they are in";
  return is_of_extras(error) ? not_expected(app.remaining(true)) : error.what();
}

}  // namespace

std::string reason_and_hint(const CLI::App& app, const CLI::ParseError& error,
                            const std::vector<std::string>& arguments) {
  std::string verb;
  for (const CLI::App* used : app.get_subcommands()) verb = ' ' + used->get_name();
  return "slipway" + verb + ": " + what_is_wrong(app, error, arguments) + "; see slipway" + verb + " --help\n";
}

}  // namespace slipway::cli
