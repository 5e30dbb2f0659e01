#include "tests/emulator/faults.h"

#include <array>
#include <string_view>

#include "crds/base/text.h"
#include "tests/emulator/fields.h"

namespace slipway::emulator {
namespace {

struct NamedAction {
  std::string_view name;
  FaultAction action;
};
constexpr std::array kActions = {
    NamedAction{"DropResponse", FaultAction::DropResponse},
    NamedAction{"LoseResponse", FaultAction::LoseResponse},
    NamedAction{"DropRequest", FaultAction::DropRequest},
    NamedAction{"Status", FaultAction::Status},
    NamedAction{"Throttle", FaultAction::Throttle},
    NamedAction{"Quota", FaultAction::Quota},
    NamedAction{"Slow", FaultAction::Slow},
    NamedAction{"CorruptByte", FaultAction::CorruptByte},
    NamedAction{"ExpiredToken", FaultAction::ExpiredToken},
    NamedAction{"ForgetUpload", FaultAction::ForgetUpload},
    NamedAction{"RefuseMount", FaultAction::RefuseMount},
};

void read_action(const std::string& name, FaultAction& action, Fields& fields) {
  for (const NamedAction& known : kActions) {
    if (known.name != name) continue;
    action = known.action;
    return;
  }
  std::string names;
  for (const NamedAction& known : kActions) names += (names.empty() ? "" : ", ") + std::string(known.name);
  fields.refuse("action", "no action " + quoted(name) + "; expected one of " + names);
}

Result<Fault> parse_fault(const Node& node, const std::string& place) {
  Fault fault;
  Fields fields(node, place);
  std::string action;
  fields.required("action", action);
  if (!action.empty()) read_action(action, fault.action, fields);
  fields.optional("method", fault.method);
  fields.optional("path", fault.path);
  fields.optional("skip", fault.skip);
  fields.optional("times", fault.times);
  fields.optional("bytes", fault.bytes);
  fields.optional("bytesPerSecond", fault.bytes_per_second);
  fields.optional("code", fault.code);
  fields.optional("message", fault.message);
  std::uint64_t status = fault.status;
  fields.optional("status", status);
  fault.status = static_cast<unsigned>(status);
  if (status < 200 || status > 599) fields.refuse("status", "expected 200 to 599");
  std::uint64_t retry_after = 0;
  if (fields.optional("retryAfter", retry_after)) fault.retry_after = retry_after;
  if (fault.action == FaultAction::Slow && fault.bytes_per_second == 0)
    fields.refuse("bytesPerSecond", "a number above 0 is needed for Slow");
  const re2::RE2 expression(fault.path, re2::RE2::Quiet);
  if (!expression.ok()) fields.refuse("path", expression.error());
  return fields.finish(std::move(fault));
}

bool answers(FaultAction action) {
  return action == FaultAction::Status || action == FaultAction::Throttle || action == FaultAction::Quota ||
         action == FaultAction::ExpiredToken;
}

void apply(const Fault& fault, Disturbance& disturbance) {
  if (answers(fault.action) && !disturbance.answer) disturbance.answer = fault;
  if (fault.action == FaultAction::DropResponse) disturbance.cut_response = fault.bytes;
  if (fault.action == FaultAction::LoseResponse) disturbance.lose_response = true;
  if (fault.action == FaultAction::DropRequest) disturbance.cut_request = fault.bytes;
  if (fault.action == FaultAction::CorruptByte) disturbance.corrupt = fault.bytes;
  if (fault.action == FaultAction::Slow) disturbance.bytes_per_second = fault.bytes_per_second;
  if (fault.action == FaultAction::ForgetUpload) disturbance.forget_upload = true;
  if (fault.action == FaultAction::RefuseMount) disturbance.refuse_mount = true;
}

}  // namespace

Result<std::vector<Fault>> parse_faults(const Node& node) {
  std::vector<Fault> faults;
  const bool list = node.kind == Node::Kind::List;
  for (std::size_t at = 0; at < (list ? node.items.size() : 1); ++at) {
    Result<Fault> fault = parse_fault(list ? node.items[at] : node, "faults[" + std::to_string(at) + "]");
    if (!fault) return std::unexpected(std::move(fault.error()));
    faults.push_back(std::move(*fault));
  }
  return faults;
}

bool Faults::Armed::hits(const std::string& method, const std::string& path_of_request) {
  if (!fault.method.empty() && fault.method != method) return false;
  if (!re2::RE2::PartialMatch(path_of_request, *path)) return false;
  const std::uint64_t earlier = seen++;
  return earlier >= fault.skip && (fault.times == 0 || earlier < fault.skip + fault.times);
}

void Faults::add(std::vector<Fault> faults) {
  const auto armed = armed_.lock();
  for (Fault& fault : faults) {
    auto path = std::make_unique<re2::RE2>(fault.path, re2::RE2::Quiet);
    armed->push_back({.fault = std::move(fault), .path = std::move(path), .seen = 0});
  }
}

void Faults::clear() {
  armed_.lock()->clear();
}

Disturbance Faults::hit(const std::string& method, const std::string& path) {
  Disturbance disturbance;
  const auto armed = armed_.lock();
  for (Armed& each : *armed)
    if (each.hits(method, path)) apply(each.fault, disturbance);
  return disturbance;
}

}  // namespace slipway::emulator
