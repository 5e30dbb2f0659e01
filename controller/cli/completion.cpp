#include "controller/cli/completion.h"

namespace slipway::cli {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string verb_names(const std::vector<VerbDescription>& verbs) {
  std::vector<std::string> names;
  names.reserve(verbs.size());
  for (const auto& verb : verbs) names.push_back(verb.name);
  return joined(names);
}

/// Inside single quotes of any of the three shells.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out;
}

std::string bash_options(const VerbDescription& verb) {
  std::vector<std::string> names;
  names.reserve(verb.options.size());
  for (const auto& option : verb.options) names.push_back(option.name);
  return joined(names);
}

std::string bash_values(const VerbDescription& verb) {
  std::string out;
  for (const auto& option : verb.options) {
    if (option.takes_file)  // By the line: a name may have blanks, which bash quotes where it knows names of files.
      out += "        " + option.name +
             ") compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n";
    if (!option.choices.empty())
      out += "        " + option.name + ") COMPREPLY=($(compgen -W '" + joined(option.choices) +
             "' -- \"$word\")); return ;;\n";
  }
  return out;
}

/// One of them is given at most.
std::string bash_choices(const VerbDescription& verb) {
  if (verb.choices.empty()) return "";
  std::string any;
  for (const auto& choice : verb.choices) any += (any.empty() ? "" : "|") + choice;
  return "      [[ \" ${COMP_WORDS[*]:2:COMP_CWORD-2} \" =~ \\ (" + any + ")\\  ]] || choices='" +
         joined(verb.choices) + "'\n";
}

std::string bash_script(const std::vector<VerbDescription>& verbs) {
  std::string out =
      "_slipway() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} choices=\n"
      "  if [[ $COMP_CWORD -eq 1 && $word == -* ]]; then COMPREPLY=($(compgen -W '--help --version' -- \"$word\")); "
      "return; fi\n"
      "  if [[ $COMP_CWORD -eq 1 ]]; then COMPREPLY=($(compgen -W '" +
      verb_names(verbs) +
      "' -- \"$word\")); return; fi\n"
      "  case ${COMP_WORDS[1]} in\n";
  for (const auto& verb : verbs) {
    out += "    " + verb.name + ")\n";
    if (const auto values = bash_values(verb); !values.empty())
      out += "      case $before in\n" + values + "      esac\n";
    out += bash_choices(verb) + "      COMPREPLY=($(compgen -W '" + bash_options(verb) +
           "'\" $choices\" -- \"$word\")) ;;\n";
  }
  return out + "  esac\n}\ncomplete -o default -F _slipway slipway\n";
}

std::string zsh_arguments(const VerbDescription& verb) {
  std::string out;
  for (const auto& option : verb.options) {
    std::string action;
    if (option.takes_file) action = ":file:_files";
    if (!option.choices.empty()) action = ":value:(" + joined(option.choices) + ')';
    std::string description = option.description;
    for (std::size_t i = 0; (i = description.find_first_of("[]:", i)) != std::string::npos; i += 2)
      description.insert(i, 1, '\\');
    out += " \\\n        '" + option.name + '[' + escaped(description) + ']' + action + '\'';
  }
  if (!verb.choices.empty()) out += " \\\n        '1:kind:(" + joined(verb.choices) + ")'";
  return out;
}

std::string zsh_script(const std::vector<VerbDescription>& verbs) {
  std::string out = "#compdef slipway\n_slipway() {\n  local -a verbs=(\n";
  for (const auto& verb : verbs) out += "    '" + verb.name + ':' + escaped(verb.description) + "'\n";
  out +=
      "  )\n"
      "  if (( CURRENT == 2 )); then _describe verb verbs; return; fi\n"
      "  local verb=$words[2]\n"
      "  shift words; (( CURRENT-- ))\n"
      "  case $verb in\n";
  for (const auto& verb : verbs) out += "    " + verb.name + ") _arguments" + zsh_arguments(verb) + " ;;\n";
  return out + "  esac\n}\ncompdef _slipway slipway\n";
}

std::string fish_option(const VerbDescription& verb, const OptionDescription& option) {
  const bool is_short = !option.name.starts_with("--");
  std::string out = "complete -c slipway -n '__fish_seen_subcommand_from " + verb.name + "' " +
                    (is_short ? "-s " + option.name.substr(1) : "-l " + option.name.substr(2)) + " -d '" +
                    escaped(option.description) + '\'';
  if (option.takes_file) out += " -r -F";
  if (!option.choices.empty()) out += " -x -a '" + joined(option.choices) + '\'';
  return out + '\n';
}

std::string fish_script(const std::vector<VerbDescription>& verbs) {
  std::string out = "complete -c slipway -f\n";
  for (const auto& verb : verbs) {
    out += "complete -c slipway -n __fish_use_subcommand -a " + verb.name + " -d '" + escaped(verb.description) + "'\n";
    for (const auto& option : verb.options) out += fish_option(verb, option);
    if (!verb.choices.empty())
      out +=
          "complete -c slipway -n '__fish_seen_subcommand_from " + verb.name + "' -a '" + joined(verb.choices) + "'\n";
  }
  return out;
}

}  // namespace

std::string completion_script(std::string_view shell, const std::vector<VerbDescription>& verbs) {
  if (shell == "bash") return bash_script(verbs);
  return shell == "zsh" ? zsh_script(verbs) : fish_script(verbs);
}

}  // namespace slipway::cli
