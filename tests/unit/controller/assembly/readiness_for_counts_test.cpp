#include "controller/assembly/readiness_for_counts.h"

#include "tests/catch.h"
#include "tests/support/builders.h"

namespace slipway::assembly {

TEST_CASE("what was said of an earlier generation does not count") {
  auto publication = tests::make_publication();
  publication.metadata.generation = 2;
  CHECK(readiness_for_counts(publication) == "Unknown");
  apply_readiness(publication.status.conditions, {Readiness::Kind::Ready, "Succeeded", "published"}, {1, {}});
  CHECK(readiness_for_counts(publication) == "Unknown");
  apply_readiness(publication.status.conditions, {Readiness::Kind::Ready, "Succeeded", "published"}, {2, {}});
  CHECK(readiness_for_counts(publication) == "True");
  publication.spec.suspend = true;
  CHECK(readiness_for_counts(publication) == "Suspended");
}

TEST_CASE("objects are counted by their namespace, and apart where nothing helps but a change") {
  ReadyTally tally;
  auto publication = tests::make_publication();
  publication.metadata.generation = 1;
  publication.metadata.namespace_name = "team";
  apply_readiness(publication.status.conditions, {Readiness::Kind::Stalled, "Forbidden", "no"}, {1, {}});
  tally.add(publication);
  tally.add(publication);
  publication.metadata.generation = 2;
  tally.add(publication);
  const auto counts = tally.counts();
  REQUIRE(counts.size() == 2);
  CHECK(counts[0].status == "False");
  CHECK(counts[0].count == 2);
  CHECK(counts[0].namespace_name == "team");
  CHECK(counts[0].is_stalled);
  CHECK(counts[1].status == "Unknown");
  CHECK_FALSE(counts[1].is_stalled);
}

TEST_CASE("the first that is not ready tells since when, whatever became of it meanwhile") {
  const auto at = [](int second) { return Timestamp{std::chrono::seconds{second}}; };
  const auto since = [](const std::vector<ImagePublication>& all) {
    ReadyTally tally;
    for (const auto& each : all) tally.add(each);
    return tally.counts().front().unready_since;
  };
  auto edited = tests::make_publication();
  edited.metadata.generation = 1;
  edited.metadata.creation_timestamp = at(10);
  CHECK(since({edited}) == at(10));
  auto resumed = edited;
  apply_readiness(resumed.status.conditions, {Readiness::Kind::Stalled, "Forbidden", "no"}, {1, at(15)});
  apply_suspension(resumed.status.conditions);
  apply_progress(resumed.status.conditions, "sending", {2, at(30)});
  CHECK(since({resumed}) == at(30));
  apply_readiness(edited.status.conditions, {Readiness::Kind::Ready, "Succeeded", "published"}, {1, at(20)});
  CHECK_FALSE(since({edited}));
  edited.metadata.generation = 2;
  CHECK_FALSE(since({edited}));
  ReadyTally not_begun;
  not_begun.add(edited, at(25));
  CHECK(not_begun.counts().front().unready_since == at(25));
  apply_progress(edited.status.conditions, "sending", {2, at(30)});
  CHECK(since({edited}) == at(30));

  auto failed = edited;
  apply_readiness(failed.status.conditions, {Readiness::Kind::Reconciling, "Unavailable", "away"}, {2, at(40)});
  auto refused = failed;
  apply_readiness(refused.status.conditions, {Readiness::Kind::Reconciling, "Throttled", "wait"}, {2, at(50)});
  CHECK(since({refused}) == at(40));
  refused.status.conditions.clear();
  apply_readiness(refused.status.conditions, {Readiness::Kind::Reconciling, "Throttled", "wait"}, {2, at(35)});
  CHECK(since({failed, refused}) == at(35));
}

}  // namespace slipway::assembly
