#include "controller/cli/get.h"

#include <ostream>

#include "controller/cli/git_words.h"
#include "controller/cli/messages.h"
#include "controller/cli/resource_table.h"
#include "controller/cli/selection.h"
#include "controller/cli/workspace.h"
#include "controller/runtime/signals.h"

namespace slipway::cli {

namespace {

template <class Object>
void print_table(const std::vector<Object>& objects, const TableStyle& style, std::string& separator,
                 std::ostream& out) {
  if (objects.empty()) return;
  out << separator << to_text(table_of(std::span{objects}, style));
  separator = "\n";
}

void print_tables(const Selection& selection, const TableStyle& style, const Console& console) {
  if (selection.size() == 0) console.errors << "no resources found\n";
  std::string separator;
  print_table(selection.registries, style, separator, console.out);
  print_table(selection.publications, style, separator, console.out);
  print_table(selection.policies, style, separator, console.out);
}

}  // namespace

ExitCode get(const GetOptions& options, const Console& console) {
  runtime::Signals signals;
  const runtime::SystemClock clock;
  const auto glass = LookingGlass::open(options.folder, console, clock, {.stop = signals.stop_token()});
  if (const int signal = signals.end(); signal != 0) return exit_code_of_signal(signal);
  if (!glass) return cannot_begin(glass.error(), console);
  const bool is_wrong = print_problems((*glass)->problems(), console.errors);
  warn_of_no_state((*glass)->installation(), console);
  print_git((*glass)->installation().git(), clock.now(), console.errors);
  const Wanted wanted{options.kind, options.name, options.namespace_name};
  const auto selection = select((*glass)->installation().objects(), wanted);
  if (!selection) return print_error(selection.error(), console.errors);
  if (is_data(options.output))
    print_data(data_of(*selection, wanted), options.output, console.out);
  else
    print_tables(*selection,
                 {options.output == OutputFormat::Wide, options.namespace_name.empty(), clock.now(),
                  (*glass)->installation().is_somebody_at_work().value_or(true)},
                 console);
  return is_wrong ? ExitCode::Invalid : ExitCode::Ok;
}

}  // namespace slipway::cli
