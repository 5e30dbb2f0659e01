// Prints what a status says after every way that a visit can end, whatever it said before, for kstatus_test.py: a line
// of JSON each, {"state": "…", "wanted": "Current", "object": {…}}.
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "crds/base/error_class.h"
#include "crds/v1alpha1/resources.h"
#include "reconcilers/json.h"
#include "reconcilers/outcome.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

const Timestamp kNow{1'800'000'000'000ms};
const ConditionStamp kStamp{.generation = 2, .now = kNow};
const Deadlines kFresh{.attempt_started_at = kNow, .retry_for = 1h, .wait_for = 1h};
const Deadlines kUsedUp{.attempt_started_at = kNow - 2h, .retry_for = 1h, .wait_for = 1h};

/// How a visit ends.
struct End {
  std::string name;
  std::string wanted;
  std::function<void(Conditions&)> write;
  bool suspended = false;
};

End failed(const std::string& name, const Error& error, const Deadlines& deadlines) {
  const Outcome outcome = outcome_of(error, deadlines, kNow);
  const bool is_stalled = outcome.kind == Outcome::Kind::Stalled;
  return {.name = name, .wanted = is_stalled ? "Failed" : "InProgress", .write = [=](Conditions& conditions) {
            apply_readiness(conditions, readiness_of(error, outcome), kStamp);
          }};
}

Error error(ErrorClass cls, std::string_view reason = {}) {
  return {.cls = cls, .message = "it fails", .remedy = "mend it", .reason = std::string(reason), .retry_after = {}};
}

std::vector<End> ends() {
  std::vector<End> all{
      {"ready", "Current",
       [](Conditions& conditions) {
         apply_readiness(conditions, {Readiness::Kind::Ready, std::string(reason::kSucceeded), "it is"}, kStamp);
       }},
      {"at work", "InProgress", [](Conditions& conditions) { apply_progress(conditions, "it works", kStamp); }},
      {"suspended", "Current", [](Conditions& conditions) { apply_suspension(conditions); }, true}};
  for (const ErrorClass cls : kErrorClasses) {
    if (cls == ErrorClass::Cancelled) continue;
    all.push_back(failed(std::string(to_string(cls)), error(cls), kFresh));
    all.push_back(failed(std::string(to_string(cls)) + " for long", error(cls), kUsedUp));
  }
  all.push_back(failed("HostSilent", error(ErrorClass::Unavailable, reason::kHostSilent), kFresh));
  for (const auto reason : {reason::kCertificateNotTrusted, reason::kAnsweredInClear})
    all.push_back(failed(std::string(reason), error(ErrorClass::Refused, reason), kFresh));
  for (const auto reason : {reason::kAwaitingReport, reason::kPlatformNotCovered}) {
    all.push_back(failed(std::string(reason), error(ErrorClass::NotFound, reason), kFresh));
    all.push_back(failed(std::string(reason) + " in vain", error(ErrorClass::NotFound, reason), kUsedUp));
  }
  return all;
}

Node object_with(Conditions conditions, bool suspended) {
  ImagePublication object;
  object.metadata.name = "a";
  object.metadata.generation = kStamp.generation;
  object.spec.suspend = suspended;
  object.status.observed_generation = kStamp.generation;
  object.status.conditions = std::move(conditions);
  return to_node(object);
}

}  // namespace

int main() {
  for (const End& before : ends())
    for (const End& end : ends()) {
      Conditions conditions;
      before.write(conditions);
      end.write(conditions);
      const Node line = json::MapBuilder()
                            .add("state", json::text(end.name + " after " + before.name))
                            .add("wanted", json::text(end.wanted))
                            .add("object", object_with(std::move(conditions), end.suspended))
                            .build();
      std::cout << to_json_text(line) << '\n';
    }
}
