#include "controller/cli/validate.h"

#include <algorithm>
#include <ostream>

#include "controller/cli/read_input.h"
#include "crds/base/make_node.h"

namespace slipway::cli {

namespace {

Node problem_node(const Problem& problem) {
  Node node = map_node();
  add(node, "file", string_node(problem.file));
  add(node, "line", integer_node(static_cast<std::int64_t>(problem.place.line)));
  add(node, "column", integer_node(static_cast<std::int64_t>(problem.place.column)));
  add(node, "field", string_node(problem.field));
  add(node, "message", string_node(problem.message));
  add(node, "expected", string_node(problem.expected));
  add(node, "reason", string_node(problem.reason));
  add(node, "warning", boolean_node(problem.warning));
  return node;
}

std::string count_of(std::size_t count, const std::string& one) {
  return std::to_string(count) + ' ' + one + (count == 1 ? "" : "s");
}

void print(const ParsedResources& parsed, std::size_t wrong, std::ostream& out, std::ostream& errors) {
  for (const auto& problem : parsed.problems)
    errors << (problem.warning ? "warning: " : "error: ") << to_string(problem) << '\n';
  out << count_of(parsed.resources.size(), "valid resource") << ", " << count_of(wrong, "error") << ", "
      << count_of(parsed.problems.size() - wrong, "warning") << '\n';
}

void print_data(const ParsedResources& parsed, OutputFormat format, std::ostream& out) {
  Node problems = list_node();
  for (const auto& problem : parsed.problems) problems.items.push_back(problem_node(problem));
  Node root = map_node();
  add(root, "valid", integer_node(static_cast<std::int64_t>(parsed.resources.size())));
  add(root, "problems", std::move(problems));
  out << (format == OutputFormat::Json ? to_json_text(root) + '\n' : to_yaml_text(root));
}

}  // namespace

ExitCode validate(const ValidateOptions& options, std::ostream& out, std::ostream& errors) {
  const auto files = read_input(options.path);
  if (!files) {
    errors << "error: " << files.error().message << "; " << files.error().remedy << '\n';
    return ExitCode::Invalid;
  }
  ParsedResources all;
  for (const auto& file : *files) {
    auto parsed = parse_resources(file.text, file.name, {.overrides = options.overrides});
    std::move(parsed.resources.begin(), parsed.resources.end(), std::back_inserter(all.resources));
    std::move(parsed.problems.begin(), parsed.problems.end(), std::back_inserter(all.problems));
  }
  const auto wrong = static_cast<std::size_t>(
      std::count_if(all.problems.begin(), all.problems.end(), [](const Problem& problem) { return !problem.warning; }));
  const bool data = options.output == OutputFormat::Json || options.output == OutputFormat::Yaml;
  if (data)
    print_data(all, options.output, out);
  else
    print(all, wrong, out, errors);
  return wrong == 0 ? ExitCode::Ok : ExitCode::Invalid;
}

}  // namespace slipway::cli
