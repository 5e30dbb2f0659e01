#include "controller/cli/plan.h"

#include <chrono>
#include <functional>
#include <map>
#include <ostream>
#include <stop_token>
#include <thread>
#include <utility>

#include "controller/cli/messages.h"
#include "controller/cli/without_throwing.h"
#include "controller/cli/workspace.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/signals.h"
#include "controller/runtime/waiting.h"
#include "controller/runtime/worker_pool.h"
#include "controller/telemetry/log.h"
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

/// Asks to stop when `until` does, or when the time is up: then `at_end` is called before.
class Deadline {
 public:
  Deadline(std::optional<std::chrono::seconds> timeout, std::stop_token until, std::function<void()> at_end)
      : stopped_(std::move(until), [this] { stop_.request_stop(); }) {
    if (!timeout) return;
    timer_ = std::jthread{[this, time = *timeout, at_end = std::move(at_end)](const std::stop_token& over) {
      if (!runtime::wait(time, over)) return;
      at_end();
      stop_.request_stop();
    }};
  }
  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> stopped_;
  std::jthread timer_;
};

/// Makes the plans, one after the other, and shows what takes long meanwhile.
class Planner {
 public:
  Planner(standalone::Installation& installation, std::vector<ObjectKey> keys)
      : installation_(installation), keys_(std::move(keys)) {}

  void plan_all(std::optional<std::chrono::seconds> timeout, const std::stop_token& stop) {
    const Deadline deadline{timeout, stop, [this] { *waits_.lock() = waits(); }};
    const std::jthread watch{
        [this](const std::stop_token& over) { installation_.assembly().long_visits().watch(over); }};
    for (const auto& key : keys_) plan(key, deadline.token());
  }

  const std::vector<Planned>& plans() const { return plans_; }
  const std::vector<Error>& failures() const { return failures_; }

 private:
  void plan(const ObjectKey& key, const std::stop_token& stop) {
    if (stop.stop_requested()) return unfinished(key);
    const telemetry::ReconcileScope scope{runtime::new_reconcile_id()};
    assembly::LongVisits::Open visit{installation_.assembly().long_visits(), key};
    auto plan = without_throwing([&] { return installation_.assembly().publisher().plan(key, stop); });
    static_cast<void>(visit.close(stop.stop_requested()));
    if (stop.stop_requested()) return unfinished(key);
    if (!plan) return failures_.push_back(while_doing(to_string(key), plan.error()).error());
    plans_.push_back({key, std::move(*plan)});
  }

  /// Whom the plan that is made waits for.
  std::map<ObjectKey, std::string> waits() const {
    std::map<ObjectKey, std::string> hosts;
    for (const auto& key : keys_) hosts.emplace(key, installation_.assembly().long_visits().hosts_of(key));
    return hosts;
  }

  void unfinished(const ObjectKey& key) {
    const std::string hosts = (*waits_.lock())[key];
    failures_.push_back(Error{
        .cls = ErrorClass::Cancelled,
        .message = to_string(key) + ": not planned in time" + (hosts.empty() ? "" : " while waiting for " + hosts),
        .remedy = "give it more time with --timeout, or look at what it waits for"});
  }

  standalone::Installation& installation_;
  const std::vector<ObjectKey> keys_;
  runtime::Guarded<std::map<ObjectKey, std::string>> waits_;  ///< When the time was up.
  std::vector<Planned> plans_;
  std::vector<Error> failures_;
};

ExitCode report(const Planner& planner, OutputFormat format, const Console& console) {
  ExitCode code = ExitCode::Ok;
  for (const auto& error : planner.failures()) code = graver(code, print_error(error, console.errors));
  for (const auto& [key, plan] : planner.plans())
    if (plan.refusal) code = graver(code, exit_code_of(plan.refusal->error.cls));
  print(planner.plans(), format, console.out);
  return code;
}

}  // namespace

ExitCode plan(const PlanOptions& options, const Console& console) {
  runtime::Signals signals;
  const PlanClock clock{options.at};
  const auto tell = [&console](const ObjectKey& key, const std::string& hosts) {
    console.errors << wait_line(key, hosts) << '\n' << std::flush;
  };
  const auto glass =
      LookingGlass::open(options.folder, console, clock,
                         {.git = standalone::GitUse::Newest, .stop = signals.stop_token(), .on_wait = tell});
  if (signals.received() != 0) return exit_code_of_signal(signals.received());
  if (!glass) return cannot_begin(glass.error(), console);
  if (print_problems((*glass)->problems(), console.errors)) return ExitCode::Invalid;
  auto& installation = (*glass)->installation();
  auto keys = publication_keys(installation.objects());
  if (keys.empty()) {
    if (options.folder.allow_empty) print({}, options.output, console.out);
    return no_publication(options.folder, console);
  }
  Planner planner{installation, std::move(keys)};
  planner.plan_all(options.timeout, signals.stop_token());
  if (const int signal = signals.end(); signal != 0) return exit_code_of_signal(signal);
  return report(planner, options.output, console);
}

}  // namespace slipway::cli
