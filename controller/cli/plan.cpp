#include "controller/cli/plan.h"

#include <ostream>

#include "controller/cli/messages.h"
#include "controller/cli/workspace.h"
#include "controller/runtime/signals.h"
#include "crds/base/make_node.h"
#include "crds/base/text.h"

namespace slipway::cli {

namespace {

/// A clock that stands still where somebody asks what will be.
class PlanClock final : public Clock {
 public:
  explicit PlanClock(std::optional<Timestamp> at) : at_(at) {}
  Timestamp now() const override { return at_ ? *at_ : system_.now(); }

 private:
  const runtime::SystemClock system_;
  const std::optional<Timestamp> at_;
};

struct Planned {
  ObjectKey key;
  publish::PublishPlan plan;
};

Node node_of(const Planned& planned) {
  Node node = map_node();
  add(node, "kind", string_node(to_string(planned.key.kind)));
  add(node, "namespace", string_node(planned.key.namespace_name));
  add(node, "name", string_node(planned.key.name));
  add(node, "plan", to_node(planned.plan));
  return node;
}

void print_text(const Planned& planned, std::ostream& out) {
  out << to_string(planned.key) << '\n';
  for (const auto& line : to_lines(planned.plan)) out << "  " << visible(line) << '\n';
}

void print(const std::vector<Planned>& all, OutputFormat format, std::ostream& out) {
  if (!is_data(format)) {
    for (const auto& planned : all) print_text(planned, out);
    return;
  }
  std::vector<Node> nodes;
  nodes.reserve(all.size());
  for (const auto& planned : all) nodes.push_back(node_of(planned));
  Node root = map_node();
  add(root, "plans", list_node(std::move(nodes)));
  print_data(root, format, out);
}

}  // namespace

ExitCode plan(const PlanOptions& options, const Console& console) {
  const runtime::Signals signals;
  const PlanClock clock{options.at};
  const auto glass = LookingGlass::open(options.folder, console, clock);
  if (!glass) return cannot_begin(glass.error(), console);
  if (print_problems((*glass)->problems(), console.errors)) return ExitCode::Invalid;
  const auto keys = publication_keys((*glass)->installation().objects());
  if (keys.empty()) return no_publication(options.folder.path, console);
  ExitCode code = ExitCode::Ok;
  std::vector<Planned> all;
  for (const auto& key : keys) {
    auto plan = (*glass)->installation().publisher().plan(key, signals.stop_token());
    if (!plan) {
      code = graver(code, print_error(to_string(key), plan.error(), console.errors));
      continue;
    }
    if (plan->refusal) code = graver(code, exit_code_of(plan->refusal->error.cls));
    all.push_back({key, std::move(*plan)});
  }
  if (signals.received() != 0) return exit_code_of_signal(signals.received());
  print(all, options.output, console.out);
  return code;
}

}  // namespace slipway::cli
