#include "controller/transfer/blob_whereabouts.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::transfer;

namespace {

using Repositories = std::vector<std::string>;
using Ticket = BlobWhereabouts::Ticket;

const BlobAt kBlob{.host = "registry.example", .digest = Digest::of("blob"), .size = 4};

bool always(const Ticket&) {
  return true;
}
bool never(const Ticket&) {
  return false;
}

}  // namespace

TEST_CASE("whereabouts: the last four repositories are known, newest first", "[transfer]") {
  BlobWhereabouts known(10);
  CHECK(known.repositories_with(kBlob).empty());
  for (const char* repository : {"a", "b", "c", "d", "b"}) known.remember(kBlob, repository);
  CHECK(known.repositories_with(kBlob) == Repositories{"b", "d", "c", "a"});
  known.remember(kBlob, "e");
  CHECK(known.repositories_with(kBlob) == Repositories{"e", "b", "d", "c"});
  known.forget(kBlob, "d");
  known.forget(kBlob, "never there");
  CHECK(known.repositories_with(kBlob) == Repositories{"e", "b", "c"});
}

TEST_CASE("whereabouts: another registry or another size is another blob, and few are known", "[transfer]") {
  BlobWhereabouts known(2);
  BlobAt elsewhere = kBlob;
  elsewhere.host = "other.example";
  BlobAt larger = kBlob;
  larger.size = 5;
  known.remember(kBlob, "a");
  CHECK(known.repositories_with(elsewhere).empty());
  CHECK(known.repositories_with(larger).empty());
  known.forget(elsewhere, "a");
  known.remember(elsewhere, "b");
  known.remember(larger, "c");
  CHECK(known.repositories_with(kBlob).empty());
  CHECK(known.repositories_with(elsewhere) == Repositories{"b"});
}

TEST_CASE("whereabouts: a claim is ours, or another's who is worth it, until that ends", "[transfer]") {
  BlobWhereabouts known(10);
  auto first = known.claim(kBlob, "a", always);
  REQUIRE(first.sending);
  CHECK_FALSE(first.other);
  const auto waiting = known.claim(kBlob, "b", always);
  CHECK_FALSE(waiting.sending);
  REQUIRE(waiting.other);
  CHECK(waiting.other->repository == "a");
  CHECK(known.claim(kBlob, "c", never).sending);
  BlobAt larger = kBlob;
  larger.size = 5;
  CHECK(known.claim(larger, "d", always).sending);

  first.sending->moved(3);
  CHECK(waiting.other->position == 3);
  CHECK_FALSE(waiting.other->succeeded);
  CHECK_FALSE(waiting.other->ended.stop_requested());
  const bool succeeds = GENERATE(true, false);
  if (succeeds) first.sending->succeeded();
  CHECK_FALSE(waiting.other->ended.stop_requested());
  first.sending.reset();
  CHECK(waiting.other->ended.stop_requested());
  CHECK(waiting.other->succeeded == succeeds);
  CHECK(known.repositories_with(kBlob) == (succeeds ? Repositories{"a"} : Repositories{}));
  CHECK(known.claim(kBlob, "b", always).sending);
}

TEST_CASE("whereabouts: who begins gives way to one that has begun and is worth it, never to itself", "[transfer]") {
  BlobWhereabouts known(10);
  const auto first = known.claim(kBlob, "a", never);
  const auto second = known.claim(kBlob, "b", never);
  CHECK_FALSE(second.sending->begin(always));  // The first has not begun.
  CHECK_FALSE(second.sending->begin(always));
  const auto other = first.sending->begin(always);
  REQUIRE(other);
  CHECK(other->repository == "b");
  CHECK_FALSE(first.sending->begin(never));
}

TEST_CASE("whereabouts: of two that send the same, one that ends leaves the other's claim alone", "[transfer]") {
  BlobWhereabouts known(10);
  auto first = known.claim(kBlob, "a", never);
  const auto second = known.claim(kBlob, "b", never);
  first.sending.reset();
  const auto left = known.claim(kBlob, "c", always);
  REQUIRE(left.other);
  CHECK(left.other->repository == "b");
}
