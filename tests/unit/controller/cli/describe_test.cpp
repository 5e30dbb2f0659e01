#include "controller/cli/describe.h"

#include "reconcilers/readiness.h"
#include "tests/catch.h"

namespace slipway::cli {

namespace {

const Timestamp kNow = *parse_timestamp("2026-11-24T09:00:00Z");

ImagePublication failed() {
  ImagePublication object;
  object.metadata.name = "app";
  object.metadata.namespace_name = "shop";
  object.metadata.generation = 2;
  object.status.observed_generation = 2;
  object.status.attempt = AttemptStatus{
      .number = 1, .error = AttemptError{.cls = "NotFound", .message = "no such image", .remedy = "push it"}};
  apply_readiness(object.status.conditions, {Readiness::Kind::Stalled, "NotFound", "no such image: push it"},
                  {2, kNow});
  return object;
}

std::size_t count_of(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("what conditions and the attempt say in the same words is told once") {
  const auto story = story_of(failed());
  CHECK(count_of("no such image", story) == 1);
  CHECK(count_of("push it", story) == 1);
  CHECK_THAT(story, Catch::Contains("no such image: push it\n"));
  CHECK_THAT(story, Catch::Contains("as Ready\n"));
  CHECK_THAT(story, Catch::Contains("NotFound, as condition Ready says\n"));
}

TEST_CASE("what an attempt says in words of its own is told") {
  auto object = failed();
  object.status.attempt->error->message = "another image is not there";
  const auto story = story_of(object);
  CHECK_THAT(story, Catch::Contains("NotFound: another image is not there\n"));
  CHECK(count_of("push it", story) == 2);
}

TEST_CASE("a rollback is told with its digest, its end and why") {
  ImagePublication object;
  CHECK_THAT(story_of(object), !Catch::Contains("Rollback"));
  object.spec.rollback = Rollback{.digest = "sha256:0123", .reason = "checkout is broken", .until = "2026-11-30"};
  CHECK_THAT(story_of(object), Catch::Contains("moving tags to sha256:0123, until 2026-11-30: checkout is broken\n"));
}

TEST_CASE("of a newer generation than was looked at nothing is known yet") {
  auto object = failed();
  object.metadata.generation = 3;
  const auto story = story_of(object);
  CHECK_THAT(story, Catch::Matches("(.|\\n)*Ready +Unknown +Pending +[^ ]+ +generation 3 was not looked at yet; "
                                   "generation 2: False NotFound: no such image: push it\\n(.|\\n)*"));
  CHECK_THAT(story, Catch::Contains("(of generation 2) no such image: push it"));
}

TEST_CASE("what is to be tried again is not when nobody is at work") {
  auto object = failed();
  apply_readiness(object.status.conditions, {Readiness::Kind::Reconciling, "Unavailable", "away: wait"}, {2, kNow});
  CHECK_THAT(story_of(object, false), Catch::Contains("no slipway is at work on it now"));
  CHECK_THAT(story_of(object, false), Catch::Contains("away: wait\n"));
  CHECK_THAT(story_of(object), !Catch::Contains("no slipway is at work"));
}

TEST_CASE("as data an object has the conditions that are told, and the rest of it as it is stored") {
  auto object = failed();
  object.metadata.generation = 3;
  object.status.history = {HistoryEntry{.version = "1.8.2"}};
  apply_readiness(object.status.conditions, {Readiness::Kind::Reconciling, "Progressing", "sending"}, {3, kNow});
  const auto told = as_told({{}, {object}, {}}, false).publications.at(0);
  CHECK(find_condition(told.status.conditions, "Reconciling")->reason == "Interrupted");
  CHECK(find_condition(told.status.conditions, "Ready")->reason == "Interrupted");
  CHECK(told.status.history == object.status.history);
  CHECK(told.spec == object.spec);
}

TEST_CASE("how far a transfer was says when that was noted") {
  auto object = failed();
  object.status.attempt->progress = ProgressStatus{1 << 20, 3 << 20, kNow};
  CHECK_THAT(story_of(object), Catch::Contains("1.0 MiB of 3.0 MiB at 2026-11-24T09:00:00Z\n"));
}

}  // namespace slipway::cli
