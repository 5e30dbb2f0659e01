#include "controller/cli/program.h"

#include <ostream>

#include "controller/cli/command_line.h"
#include "controller/cli/completion.h"
#include "controller/cli/validate.h"
#include "crds/base/make_node.h"

namespace slipway::cli {

namespace {

class Runner {
 public:
  Runner(std::ostream& out, std::ostream& errors) : out_(out), errors_(errors) {}

  ExitCode operator()(const ValidateOptions& options) { return validate(options, out_, errors_); }
  ExitCode operator()(const CompletionOptions& options) {
    out_ << completion_script(options.shell, describe_verbs());
    return ExitCode::Ok;
  }
  ExitCode operator()(const VersionOptions& options) {
    Node node = map_node();
    add(node, "version", string_node(SLIPWAY_VERSION));
    if (options.output == OutputFormat::Json)
      out_ << to_json_text(node) << '\n';
    else if (options.output == OutputFormat::Yaml)
      out_ << to_yaml_text(node);
    else
      out_ << "slipway " << SLIPWAY_VERSION << '\n';
    return ExitCode::Ok;
  }
  ExitCode operator()(const auto& /*options*/) {
    errors_ << "error: this build cannot do that yet; it validates resources: slipway validate -f FILE\n";
    return ExitCode::Invalid;
  }

 private:
  std::ostream& out_;
  std::ostream& errors_;
};

}  // namespace

ExitCode run_program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& errors) {
  const auto parsed = parse_command_line(arguments);
  if (const auto* usage = std::get_if<Usage>(&parsed)) {
    (usage->code == ExitCode::Ok ? out : errors) << usage->text;
    return usage->code;
  }
  return std::visit(Runner(out, errors), std::get<Command>(parsed));
}

}  // namespace slipway::cli
