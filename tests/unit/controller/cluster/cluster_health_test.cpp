#include "controller/cluster/cluster_health.h"

#include "tests/catch.h"

namespace slipway::cluster {

namespace {

const Error kAway{.cls = ErrorClass::Unavailable, .message = "connection refused", .remedy = "wait"};

}  // namespace

TEST_CASE("a cluster's service works once it has an API server that tells all and takes what is written") {
  struct Row {
    std::string what;
    ClusterFacts facts;
    std::string cannot_work;
  };
  const auto row = GENERATE(values<Row>({
      {"all is well", {.is_connected = true, .has_synced = true}, ""},
      {"at the start", {}, "the API server has not answered yet"},
      {"a server that is away", {.start_failure = kAway}, "the API server can't be asked: connection refused: wait"},
      {"lists that are under way", {.is_connected = true}, "not every kind of resource has been listed yet"},
      {"a kind that can't be listed",
       {.is_connected = true, .watch_failure = kAway},
       "resources can't be watched: connection refused: wait"},
      {"a watch that fails later",
       {.is_connected = true, .has_synced = true, .watch_failure = kAway},
       "resources can't be watched: connection refused: wait"},
      {"no lease of its own",
       {.is_connected = true, .has_synced = true, .lease_failure = kAway},
       "it has no sure share of the work: connection refused: wait"},
      {"an object of another replica that can't be read",
       {.is_connected = true, .has_synced = true, .fetch_failure = kAway},
       "resources that it took over can't be read: connection refused: wait"},
      {"status that is not taken",
       {.is_connected = true, .has_synced = true, .write_failure = kAway},
       "status can't be written: connection refused: wait"},
      {"an audit log that is not taken",
       {.is_connected = true, .has_synced = true, .audit_failure = kAway},
       "changes can't be recorded, so none is made: connection refused: wait"},
  }));
  CAPTURE(row.what);
  CHECK(why_it_cannot_work(row.facts).value_or("") == row.cannot_work);
}

}  // namespace slipway::cluster
