#include "controller/cli/validate.h"

#include <algorithm>
#include <iterator>
#include <ostream>

#include "controller/cli/github_build.h"
#include "controller/cli/messages.h"
#include "controller/cli/workspace.h"
#include "controller/manifests/ended_rollbacks.h"
#include "controller/manifests/manifest_folder.h"
#include "controller/manifests/unanswered.h"
#include "controller/runtime/signals.h"
#include "controller/runtime/system_clock.h"
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

void print_text(const manifests::ManifestReading& reading, std::size_t wrong, const Console& console) {
  print_problems(reading.problems, console.errors);
  console.out << count_of(reading.resources.size(), "valid resource") << ", " << count_of(wrong, "error") << ", "
              << count_of(reading.problems.size() - wrong, "warning") << '\n';
}

Node data_of(const manifests::ManifestReading& reading) {
  Node problems = list_node();
  for (const auto& problem : reading.problems) problems.items.push_back(problem_node(problem));
  Node root = map_node();
  add(root, "valid", integer_node(static_cast<std::int64_t>(reading.resources.size())));
  add(root, "problems", std::move(problems));
  return root;
}

void add_problems(manifests::ManifestReading& reading, std::vector<Problem> more) {
  std::ranges::move(more, std::back_inserter(reading.problems));
}

/// What cannot be read is not valid, whatever the reason.
ExitCode invalid(const Error& error, const Console& console) {
  print_error(error, console.errors);
  return ExitCode::Invalid;
}

/// The newest commit beside those that are in force somewhere, and how to read it.
Result<manifests::ManifestFolderOptions> newest_commit(const standalone::GitOptions& git,
                                                       manifests::ManifestFolderOptions base, const Console& console,
                                                       const std::stop_token& stop) {
  const runtime::SystemClock clock;
  const auto place = standalone::git_place(git);
  if (!place) return std::unexpected{place.error()};
  const auto state = manifests::default_state_folder();
  if (!state) return std::unexpected{state.error()};
  auto nothing = manifests::StateDatabase::open_copy({});
  if (!nothing) return std::unexpected{nothing.error()};
  const standalone::GitManifests repository{
      *place,
      git.credentials,
      *state / "git" / (manifests::state_file_of({}, place->key).stem().string() + ".git"),
      base,
      {*nothing, clock, console.environment}};
  const auto newest = repository.newest(stop);
  if (!newest) return std::unexpected{newest.error()};
  return standalone::checkout_options(std::move(base), *place, newest->tree);
}

}  // namespace

ExitCode validate(const ValidateOptions& options, const Console& console) {
  manifests::ManifestFolderOptions input{
      .path = options.path, .root = options.root, .allow_empty = options.allow_empty, .parse = {}};
  input.parse.overrides = options.overrides;
  input.parse.keep_roots = true;
  expect_github_job(console.environment, input.parse);
  if (const auto git = git_options(options.path, options.git)) {
    const runtime::Signals signals;
    auto checkout = newest_commit(*git, std::move(input), console, signals.stop_token());
    if (signals.received() != 0) return exit_code_of_signal(signals.received());
    if (!checkout) return invalid(checkout.error(), console);
    input = std::move(*checkout);
  }
  auto folder = manifests::ManifestFolder::open(std::move(input));
  if (!folder) return invalid(folder.error(), console);
  auto reading = folder->read();
  if (!reading) return invalid(reading.error(), console);
  // One file may be meant for others that are elsewhere; a folder is meant to be run.
  add_problems(*reading, manifests::unanswered_references(
                             *reading, {options.controller_namespace, folder->root(), folder->is_folder()}));
  add_problems(*reading, manifests::ended_rollbacks(*reading, runtime::SystemClock{}.now()));
  if (!reading->is_whole && reading->problems.empty())
    return print_error(fail(ErrorClass::Unavailable, "not every file could be read: they changed meanwhile",
                            "run it again when nothing writes to them")
                           .error(),
                       console.errors);
  const auto wrong = static_cast<std::size_t>(
      std::ranges::count_if(reading->problems, [](const Problem& problem) { return !problem.warning; }));
  if (is_data(options.output))
    print_data(data_of(*reading), options.output, console.out);
  else
    print_text(*reading, wrong, console);
  return wrong == 0 ? ExitCode::Ok : ExitCode::Invalid;
}

}  // namespace slipway::cli
