#include "controller/cli/present_conditions.h"

#include "reconcilers/readiness.h"
#include "tests/catch.h"

namespace slipway::cli {

TEST_CASE("what was waited for stays to be read when nobody waits any more") {
  Conditions kept;
  apply_readiness(kept,
                  {.kind = Readiness::Kind::Reconciling, .reason = "Unavailable", .message = "ghcr.io answered 503"},
                  {1, Timestamp{}});
  const auto shown = present_conditions(kept, {1, 1, false});
  const Condition* waiting = find_condition(shown, kReconciling);
  REQUIRE(waiting != nullptr);
  CHECK(waiting->reason == "Unavailable");
  CHECK(waiting->message ==
        "no slipway is at work on it now; slipway publish or run goes on with it; last: ghcr.io answered 503");
}

}  // namespace slipway::cli
