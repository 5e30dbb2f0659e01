#include "controller/cli/empty_texts.h"

#include <CLI/CLI.hpp>

namespace slipway::cli {

namespace {

/// A flag takes none.
bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_max() > 0;
}

}  // namespace

void refuse_empty_texts(CLI::App& verb) {
  for (CLI::Option* option : verb.get_options()) {
    if (!takes_value(*option) || option->check_name("--listen")) continue;
    const std::string said =
        std::string("it is empty; give it a value") + (option->get_required() ? "" : ", or leave it out");
    option->check([said](const std::string& text) { return text.empty() ? said : std::string(); }, "");
  }
}

std::vector<std::string> with_empty_texts_apart(const CLI::App& app, const std::vector<std::string>& arguments) {
  const auto is_named = [&](const CLI::App* verb) { return verb->get_name() == arguments.front(); };
  if (arguments.empty() || app.get_subcommands(is_named).empty()) return arguments;
  const CLI::App* verb = app.get_subcommands(is_named).front();
  std::vector<std::string> apart;
  for (const auto& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    const CLI::Option* option = name.starts_with("--") ? verb->get_option_no_throw(name) : nullptr;
    const bool is_empty = argument.size() == name.size() + 1;
    if (is_empty && option != nullptr && !takes_value(*option))
      throw CLI::ValidationError(name, "it is empty; give it true or false, or leave it out");
    if (is_empty && option != nullptr)
      apart.insert(apart.end(), {name, std::string()});
    else
      apart.push_back(argument);
  }
  return apart;
}

}  // namespace slipway::cli
