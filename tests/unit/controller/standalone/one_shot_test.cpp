#include "controller/standalone/one_shot.h"

#include "reconcilers/readiness.h"
#include "tests/catch.h"

namespace slipway::standalone {

namespace {

using Kind = Outcome::Kind;

ImagePublication seen(std::optional<std::string> error_class) {
  ImagePublication publication;
  publication.metadata.generation = 2;
  if (error_class)
    publication.status.attempt =
        AttemptStatus{.error = AttemptError{.cls = *error_class, .message = "it broke", .remedy = "mend it"}};
  return publication;
}

ImagePublication ready(std::int64_t generation) {
  ImagePublication publication = seen(std::nullopt);
  set_condition(publication.status.conditions, make_condition(kReady, true, "Succeeded", "", {generation, {}}));
  return publication;
}

}  // namespace

TEST_CASE("what is ready for its generation is published") {
  CHECK(ending_of(ready(2), {.kind = Kind::Again})->kind == Ending::Kind::Published);
  CHECK_FALSE(ending_of(ready(1), {.kind = Kind::Again}));
}

TEST_CASE("what was published before is not published while something of it is begun, or to be tried again") {
  ImagePublication begun = ready(2);
  begun.status.attempt = AttemptStatus{};
  CHECK_FALSE(ending_of(begun, {.kind = Kind::Again}));
  CHECK_FALSE(ending_of(begun, {.kind = Kind::Retry}));
  CHECK_FALSE(ending_of(ready(2), {.kind = Kind::Retry}));
}

TEST_CASE("what is suspended ends without having been tried") {
  ImagePublication publication = seen(std::nullopt);
  publication.spec.suspend = true;
  CHECK(ending_of(publication, {})->kind == Ending::Kind::Suspended);
}

TEST_CASE("what can't become ready has failed, what is tried again has not") {
  CHECK(ending_of(seen("Refused"), {.kind = Kind::Stalled})->failure->cls == ErrorClass::Refused);
  CHECK_FALSE(ending_of(seen("Unavailable"), {.kind = Kind::Retry}));
}

TEST_CASE("a visit that was cut short ends nothing, whatever an earlier one left") {
  CHECK_FALSE(ending_of(ready(2), {.kind = Kind::Done}));
  CHECK_FALSE(ending_of(seen("Refused"), {.kind = Kind::Done}));
}

TEST_CASE("when its retries are used up it has failed") {
  const auto ending = ending_of(seen("Unavailable"), {.kind = Kind::Again});
  REQUIRE(ending);
  CHECK(ending->kind == Ending::Kind::Failed);
  CHECK(ending->failure->remedy == "mend it");
}

TEST_CASE("a report that may still come is waited for") {
  CHECK_FALSE(ending_of(seen("NotFound"), {.kind = Kind::Again}));
  CHECK(ending_of(seen("NotFound"), {.kind = Kind::Stalled})->kind == Ending::Kind::Failed);
}

TEST_CASE("how long it is still tried is bound by the resource, and counts from when this process began to try") {
  using namespace std::chrono_literals;
  const Timestamp started = *parse_timestamp("2026-11-29T09:00:00Z");
  ImagePublication away = seen("Unavailable");
  away.status.attempt->started_at = started + 10s;
  const Outcome again{.kind = Kind::Retry};
  CHECK(time_left(away, again, started, started + 1min) == 14min + 10s);
  away.spec.retry.max_duration = 5min;
  CHECK(time_left(away, again, started, started + 1min) == 4min + 10s);
  CHECK(time_left(away, again, started, started + 1h) == 0s);
  away.status.attempt->started_at = started - 1h;
  CHECK(time_left(away, again, started, started + 1min) == 4min);
  // Nothing could be written of it.
  CHECK(time_left(seen(std::nullopt), again, started, started + 1min) == 14min);
  ImagePublication awaited = seen("NotFound");
  awaited.spec.gates.scan.emplace().wait_for = 30min;
  awaited.status.attempt->started_at = started;
  CHECK(time_left(awaited, {.kind = Kind::Again}, started, started + 1min) == 29min);
}

TEST_CASE("what is tried again ends when its time is over, whether or not anything could be written of it") {
  using namespace std::chrono_literals;
  const Timestamp started = *parse_timestamp("2026-11-29T09:00:00Z");
  const Outcome again{.kind = Kind::Retry};
  const ImagePublication unwritten = seen(std::nullopt);
  CHECK_FALSE(ending_of_time(unwritten, again, started, started + 14min));
  const auto ending = ending_of_time(unwritten, again, started, started + 15min);
  REQUIRE(ending);
  CHECK(ending->kind == Ending::Kind::Failed);
  CHECK(ending->failure->cls == ErrorClass::Unavailable);
  // A delay that is longer than what is left is not waited for.
  CHECK_FALSE(ending_of_time(unwritten, {.kind = Kind::Retry, .delay = 5min}, started, started + 10min));
  CHECK(ending_of_time(seen("Throttled"), {.kind = Kind::Retry, .delay = 1h}, started, started)->failure->message ==
        "it broke");
  CHECK_FALSE(ending_of_time(unwritten, {.kind = Kind::Again, .delay = 1h}, started, started + 1h));
}

TEST_CASE("what is put off is tried again, however late its next visit is, and says why when its time is over") {
  using namespace std::chrono_literals;
  const Timestamp started = *parse_timestamp("2026-11-29T09:00:00Z");
  const Outcome put_off{.kind = Kind::PutOff, .delay = 5min};
  CHECK_FALSE(ending_of(ready(2), put_off));
  ImagePublication waits = seen(std::nullopt);
  set_condition(waits.status.conditions, make_condition(kReady, false, "HostSilent", "no answer in time", {2, {}}));
  CHECK_FALSE(ending_of(waits, put_off));
  CHECK_FALSE(ending_of_time(waits, put_off, started, started + 14min));
  const auto ending = ending_of_time(waits, put_off, started, started + 15min);
  REQUIRE(ending);
  CHECK(ending->kind == Ending::Kind::Failed);
  CHECK(ending->failure->message == "no answer in time");
}

TEST_CASE("what is deleted is neither published nor suspended, and tried as long as what is tried again") {
  using namespace std::chrono_literals;
  const Timestamp started = *parse_timestamp("2026-11-29T09:00:00Z");
  const Outcome again{.kind = Kind::Again, .delay = 2s};
  ImagePublication deleted = GENERATE(ready(2), seen("NotFound"), seen("Refused"));
  deleted.metadata.deletion_timestamp = started - 1min;
  deleted.spec.suspend = GENERATE(false, true);
  deleted.spec.retry.max_duration = 5min;
  CHECK_FALSE(ending_of(deleted, again));
  CHECK_FALSE(is_awaited(deleted, again));
  CHECK_FALSE(ending_of_time(deleted, again, started, started + 4min));
  const auto ending = ending_of_time(deleted, again, started, started + 5min);
  REQUIRE(ending);
  CHECK(ending->kind == Ending::Kind::Failed);
  CHECK(ending->failure->cls == ErrorClass::Unavailable);
  CHECK(ending_of(deleted, {.kind = Kind::Stalled})->failure->cls == ErrorClass::Unavailable);
}

}  // namespace slipway::standalone
