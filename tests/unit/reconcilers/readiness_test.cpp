#include "reconcilers/readiness.h"

#include "tests/catch.h"

using namespace slipway;

namespace {

const Timestamp kT1 = *parse_timestamp("2026-11-24T09:00:00Z");
const Timestamp kT2 = *parse_timestamp("2026-11-24T10:00:00Z");

Condition condition(std::string type, bool status, std::string reason = "R", std::int64_t generation = 1) {
  return make_condition(type, status, reason, "message of " + type, {.generation = generation, .now = kT1});
}

std::string status_of(const Conditions& conditions, std::string_view type) {
  const Condition* found = find_condition(conditions, type);
  return found == nullptr ? "absent" : found->status;
}

}  // namespace

TEST_CASE("Ready, Reconciling and Stalled never contradict", "[readiness]") {
  struct Row {
    Readiness::Kind kind;
    std::string ready, reconciling, stalled;
  };
  const Row rows[] = {{Readiness::Kind::Ready, "True", "absent", "absent"},
                      {Readiness::Kind::Reconciling, "False", "True", "absent"},
                      {Readiness::Kind::Stalled, "False", "absent", "True"}};
  for (const auto& before : rows)
    for (const auto& after : rows) {
      Conditions conditions{condition("Tagged", true)};
      apply_readiness(conditions, {before.kind, "A", "a"}, {.generation = 1, .now = kT1});
      apply_readiness(conditions, {after.kind, "B", "b"}, {.generation = 2, .now = kT2});
      CHECK(status_of(conditions, "Ready") == after.ready);
      CHECK(status_of(conditions, "Reconciling") == after.reconciling);
      CHECK(status_of(conditions, "Stalled") == after.stalled);
      CHECK(status_of(conditions, "Tagged") == "True");
      const Condition* ready = find_condition(conditions, "Ready");
      CHECK(ready->observed_generation == 2);
      CHECK(ready->reason == "B");
      CHECK((ready->last_transition_time == (before.ready == after.ready ? kT1 : kT2)));
    }
}

TEST_CASE("suspension keeps what was earned and nothing else", "[readiness]") {
  Conditions good{condition("Ready", true, "Succeeded", 3), condition("Tagged", true)};
  const Conditions same = good;
  apply_suspension(good);
  CHECK(good == same);

  Conditions bad;
  apply_readiness(bad, {Readiness::Kind::Stalled, "A", "a"}, {.generation = 1, .now = kT1});
  apply_suspension(bad);
  CHECK(bad.empty());

  Conditions busy;
  apply_readiness(busy, {Readiness::Kind::Reconciling, "A", "a"}, {.generation = 1, .now = kT1});
  apply_suspension(busy);
  CHECK(busy.empty());
}

TEST_CASE("errors as conditions show them", "[readiness]") {
  Error error{.cls = ErrorClass::NotFound, .message = "no x", .remedy = "make x", .reason = {}, .retry_after = {}};
  CHECK(readiness_of(error, {.kind = Outcome::Kind::Stalled, .delay = {}}) ==
        Readiness{Readiness::Kind::Stalled, "NotFound", "no x: make x"});
  error.reason = "AwaitingReport";
  error.remedy.clear();
  CHECK(readiness_of(error, {.kind = Outcome::Kind::Again, .delay = {}}) ==
        Readiness{Readiness::Kind::Reconciling, "AwaitingReport", "no x"});
}
