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

}  // namespace slipway::assembly
