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

}  // namespace slipway::assembly
