#include "controller/cli/program.h"

#include <ostream>

#include "controller/cli/audit.h"
#include "controller/cli/command_line.h"
#include "controller/cli/completion.h"
#include "controller/cli/describe.h"
#include "controller/cli/get.h"
#include "controller/cli/messages.h"
#include "controller/cli/plan.h"
#include "controller/cli/publish.h"
#include "controller/cli/run.h"
#include "controller/cli/validate.h"
#include "crds/base/make_node.h"

namespace slipway::cli {

namespace {

class Runner {
 public:
  explicit Runner(const Console& console) : console_(console) {}

  ExitCode operator()(const RunOptions& options) { return run(options, console_); }
  ExitCode operator()(const PublishOptions& options) { return publish(options, console_); }
  ExitCode operator()(const PlanOptions& options) { return plan(options, console_); }
  ExitCode operator()(const GetOptions& options) { return get(options, console_); }
  ExitCode operator()(const DescribeOptions& options) { return describe(options, console_); }
  ExitCode operator()(const ValidateOptions& options) { return validate(options, console_); }
  ExitCode operator()(const AuditOptions& options) { return audit(options, console_); }
  ExitCode operator()(const CompletionOptions& options) {
    console_.out << completion_script(options.shell, describe_verbs());
    return ExitCode::Ok;
  }
  ExitCode operator()(const VersionOptions& options) {
    Node node = map_node();
    add(node, "version", string_node(SLIPWAY_VERSION));
    if (is_data(options.output))
      print_data(node, options.output, console_.out);
    else
      console_.out << "slipway " << SLIPWAY_VERSION << '\n';
    return ExitCode::Ok;
  }

 private:
  const Console& console_;
};

}  // namespace

ExitCode run_program(const std::vector<std::string>& arguments, const Console& console) {
  const auto parsed = parse_command_line(arguments);
  if (const auto* usage = std::get_if<Usage>(&parsed)) {
    (usage->code == ExitCode::Ok ? console.out : console.errors) << usage->text;
    return usage->code;
  }
  return std::visit(Runner(console), std::get<Command>(parsed));
}

}  // namespace slipway::cli
