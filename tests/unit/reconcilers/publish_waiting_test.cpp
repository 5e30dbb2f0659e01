#include "reconcilers/publish/progress_keeper.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};

std::function<Result<void>(const std::string&)> failing(const std::string& start, Error error) {
  return [start, error](const std::string& request) -> Result<void> {
    return request.starts_with(start) ? Result<void>(std::unexpected(error)) : Result<void>();
  };
}

const Error kNoAnswer{.cls = ErrorClass::Unavailable, .message = "no answer", .remedy = "look whether it runs"};
const std::string kDestination = "PUT registry.example/shop/storefront@";

}  // namespace

TEST_CASE("every class of error has its outcome, reason, message and remedy") {
  struct Row {
    ErrorClass cls;
    Kind kind;
    std::string condition;
  };
  const Row rows[] = {
      {ErrorClass::Unavailable, Kind::Retry, "Reconciling"},   {ErrorClass::Throttled, Kind::Retry, "Reconciling"},
      {ErrorClass::QuotaExceeded, Kind::Retry, "Reconciling"}, {ErrorClass::Internal, Kind::Retry, "Reconciling"},
      {ErrorClass::Unauthorized, Kind::Stalled, "Stalled"},    {ErrorClass::Forbidden, Kind::Stalled, "Stalled"},
      {ErrorClass::Integrity, Kind::Stalled, "Stalled"},       {ErrorClass::Invalid, Kind::Stalled, "Stalled"},
      {ErrorClass::Conflict, Kind::Stalled, "Stalled"},        {ErrorClass::Refused, Kind::Stalled, "Stalled"},
      {ErrorClass::NotFound, Kind::Stalled, "Stalled"},
  };
  const std::string place =
      GENERATE(as<std::string>{}, "GET ghcr.io", kDestination, "PUT registry.example/shop/storefront:");
  for (const auto& row : rows) {
    PublishWorld world;
    world.push({"base"});
    const auto publication = make_publication();
    world.registry.before = failing(place, {.cls = row.cls, .message = "it said no", .remedy = "ask it why"});
    const std::string name(to_string(row.cls));
    CAPTURE(place, name);
    CHECK(world.publish(publication).kind == row.kind);
    CHECK(world.condition(publication, "Ready") == "False " + name);
    CHECK(world.condition(publication, row.condition) == "True " + name);
    CHECK(world.condition(publication, row.condition == "Stalled" ? "Reconciling" : "Stalled") == "absent");
    CHECK_THAT(world.message(publication), Catch::EndsWith("it said no: ask it why"));
    const auto& attempt = world.status(publication).attempt;
    REQUIRE(attempt);
    REQUIRE(attempt->error);
    CHECK(attempt->error->cls == name);
    CHECK(attempt->error->remedy == "ask it why");
    CHECK(attempt->started_at == world.clock.now());
    CHECK(world.status(publication).observed_generation == 1);
    CHECK(world.tag("staging") == "nothing");

    world.registry.before = nullptr;
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.condition(publication, "Reconciling") == "absent");
    CHECK(world.condition(publication, "Stalled") == "absent");
    CHECK_FALSE(world.status(publication).attempt);
  }
}

TEST_CASE("what meets a certificate that is not trusted, or none, stays stalled, and is looked at soon") {
  const std::string reason = GENERATE("CertificateNotTrusted", "AnsweredInClear");
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = failing("", {.cls = ErrorClass::Refused,
                                       .message = "certificate has expired",
                                       .remedy = "have it renewed",
                                       .reason = reason});
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Stalled, .delay = 60s});
  auto delay = 60s;
  for (const auto next : {60s, 120s, 240s, 300s, 300s}) {
    CHECK(world.condition(publication, "Stalled") == "True " + reason);
    world.clock.advance(std::exchange(delay, next));
    CHECK(world.look(publication) == Outcome{.kind = Kind::Stalled, .delay = next});
    CHECK(world.objects.written.empty());
  }
  world.registry.before = nullptr;
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.condition(publication, "Stalled") == "absent");
}

TEST_CASE("being stopped is no failure and leaves no trace in the status") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = failing("GET ghcr.io", {.cls = ErrorClass::Cancelled, .message = "stopping"});
  CHECK(world.publish(publication) == Outcome{});
  CHECK(world.status(publication) == ImagePublicationStatus{});
  CHECK(world.recorder.events.empty());
}

TEST_CASE("the word of the registry on when to come again is passed on") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before =
      failing(kDestination, {.cls = ErrorClass::Throttled, .message = "slow down", .retry_after = 17s});
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Retry, .delay = 17s});
  CHECK(world.status(publication).attempt->next_retry_at == world.clock.now() + 17s);
}

TEST_CASE("every try at a registry that does not answer counts, the source's first") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  const auto started = world.clock.now();
  int number = 0;
  for (const auto& place : {std::string("GET ghcr.io"), std::string("HEAD registry.example"), kDestination}) {
    CAPTURE(place);
    world.registry.before = failing(place, kNoAnswer);
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Retry});
    CHECK(world.status(publication).attempt->number == ++number);
    CHECK(world.status(publication).attempt->started_at == started);
    CHECK(world.status(publication).attempt->generation == 1);
    CHECK_FALSE(world.status(publication).attempt->next_retry_at);
    world.clock.advance(1min);
  }
}

TEST_CASE("an interval of no time is a second") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.interval = 0s;
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 1s});
  CHECK(world.look(publication) == Outcome{.kind = Kind::Again, .delay = 1s});
}

TEST_CASE("retry bounds how long an attempt is tried, whatever fails in between") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.retry.max_duration = 600s;
  const auto started = world.clock.now();
  world.registry.before = failing(kDestination, kNoAnswer);
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Retry});
  CHECK(world.status(publication).attempt->number == 1);

  world.clock.advance(5min);
  CHECK(world.look(publication) == Outcome{.kind = Kind::Retry});
  CHECK(world.status(publication).attempt->number == 2);
  CHECK(world.status(publication).attempt->started_at == started);

  // Before anything could be decided: the attempt goes on.
  world.registry.before = failing("HEAD registry.example", kNoAnswer);
  world.clock.advance(5min - 1ms);
  CHECK(world.look(publication) == Outcome{.kind = Kind::Retry});
  CHECK(world.status(publication).attempt->started_at == started);
  CHECK(world.status(publication).attempt->number == 3);

  world.clock.advance(1ms);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.condition(publication, "Reconciling") == "True Unavailable");

  SECTION("it goes on slowly and succeeds") {
    world.registry.before = nullptr;
    world.clock.advance(1h);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
  }
  SECTION("a new build has a budget of its own") {
    publication.spec.build.version = "1.8.3";
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Retry});
    CHECK(world.status(publication).attempt->number == 1);
  }
}

TEST_CASE("a report is waited for from the start of the attempt, whatever fails in between") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .wait_for = 1800s};
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 30min});
  CHECK(world.status(publication).attempt->next_retry_at == world.clock.now() + 30min);

  world.registry.before = failing("HEAD registry.example", kNoAnswer);
  world.clock.advance(20min);
  CHECK(world.look(publication).kind == Kind::Retry);
  CHECK(world.condition(publication, "Ready") == "False Unavailable");
  world.registry.before = nullptr;
  CHECK(world.look(publication) == Outcome{.kind = Kind::Again, .delay = 10min});
  world.clock.advance(10min);
  CHECK(world.look(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Stalled") == "True AwaitingReport");
  CHECK_THAT(world.message(publication, "Stalled"),
             Catch::Contains("report \"amd64\": ") && !Catch::Contains("report \"amd64\": report"));
  CHECK(world.destination() == InMemoryRepository{});

  SECTION("an edit of the gates waits anew") {
    publication.spec.gates.scan->wait_for = 60s;
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 1min});
  }
  SECTION("an edit of something else does not") {
    publication.spec.interval = 600s;
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Stalled, .delay = 600s});
  }
  SECTION("a report about another image is waited for too") {
    const auto other = make_image(world.source(), {"other"});
    world.objects.files["scan.json"] = make_report(other);
    publication.spec.gates.scan->wait_for = 120s;
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 2min});
    CHECK(world.condition(publication, "Reconciling") == "True AwaitingReport");
    world.objects.files["scan.json"] = make_report(image);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
  }
  SECTION("a bad report is not waited for") {
    world.objects.files["scan.json"] = GENERATE("{", "");
    publication.spec.gates.scan->wait_for = 120s;
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "GatesPassed") == "False ReportInvalid");
    CHECK_THAT(world.message(publication), Catch::Contains("report \"amd64\": \"scan.json\": it is "));
    CHECK_THAT(world.message(publication), Catch::Contains("trivy image --format json"));
  }
}

TEST_CASE("one-shot publishing waits only as long as the resource says") {
  const publish::Settings settings{.publisher_id = "ci", .version = "0.1.0", .one_shot = true};
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}};
  world.objects.apply(publication);
  CHECK(world.look(publication, settings) == kStalledForAnHour);
  publication.spec.gates.scan->wait_for = 60s;
  world.objects.apply(publication);
  CHECK(world.look(publication, settings) == Outcome{.kind = Kind::Again, .delay = 1min});
}

TEST_CASE("a request by annotation is answered whatever comes of it") {
  PublishWorld world;
  auto publication = make_publication();
  publication.metadata.annotations["slipway.dev/reconcile-requested-at"] = "first";
  world.publish(publication);
  CHECK(world.condition(publication, "Ready") == "False NotFound");
  CHECK(world.status(publication).last_handled_reconcile_at == "first");

  world.push({"base"});
  world.look(publication);
  world.look(publication);
  CHECK(world.registry.requests.size() == 2);
  publication.metadata.annotations["slipway.dev/reconcile-requested-at"] = "second";
  world.publish(publication);
  CHECK(world.status(publication).last_handled_reconcile_at == "second");
  CHECK(world.registry.requests.size() > 2);
  CHECK(world.status(publication).observed_generation == 1);
}

TEST_CASE("Reconciling is written after two seconds of sending, progress every ten") {
  PublishWorld world;
  world.push({"base", "app", "more"});
  const auto publication = make_publication();
  std::vector<std::chrono::milliseconds> pauses;
  SECTION("a quick one writes its start and its end") {
    pauses = {500ms, 500ms, 500ms, 499ms};
  }
  SECTION("a slow one says so once in the first twelve seconds") {
    pauses = {1999ms, 1ms, 9999ms, 0ms};
  }
  SECTION("and again after ten") {
    pauses = {2s, 10s, 10s, 0ms};
  }
  std::size_t sent = 0;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT registry.example/shop/storefront/blobs/") && sent < pauses.size())
      world.clock.advance(pauses[sent++]);
    return {};
  };
  const Timestamp began = world.clock.now();
  world.publish(publication);
  const auto& written = world.objects.written;
  std::vector<ImagePublicationStatus> between(written.begin() + 1, written.end() - 1);
  if (pauses[0] == 500ms) CHECK(between.empty());
  if (pauses[0] == 1999ms) CHECK(between.size() == 1);
  if (pauses[0] == 2s) CHECK(between.size() == 3);
  for (const auto& status : between) {
    REQUIRE(find_condition(status.conditions, "Reconciling"));
    CHECK(find_condition(status.conditions, "Reconciling")->reason == "Progressing");
    CHECK(find_condition(status.conditions, "Reconciling")->last_transition_time == began);
    CHECK_FALSE(find_condition(status.conditions, "Ready"));
    REQUIRE(status.attempt->progress);
    CHECK(status.attempt->progress->bytes_done > 0);
    CHECK(status.attempt->progress->bytes_done <= status.attempt->progress->bytes_total);
  }
  CHECK(world.condition(publication, "Reconciling") == "absent");
  CHECK(world.progress.seen.front().bytes_done == 0);
  CHECK(world.progress.seen.back().blobs_done == world.progress.seen.back().blobs_total);
}

TEST_CASE("what a visit that was stopped had sent is no progress of the next") {
  PublishWorld world;
  world.push({"base", "app", "more"});
  const auto publication = make_publication();
  int sent = 0;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (!request.starts_with("PUT registry.example/shop/storefront/blobs/")) return {};
    world.clock.advance(3s);
    return ++sent < 3 ? Result<void>{} : fail(ErrorClass::Cancelled, "stopped");
  };
  world.publish(publication);
  REQUIRE(world.status(publication).attempt);
  REQUIRE(world.status(publication).attempt->progress);
  world.registry.before = nullptr;
  world.look(publication);
  REQUIRE(world.objects.written.front().attempt);
  CHECK_FALSE(world.objects.written.front().attempt->progress);
}

TEST_CASE("an attempt that began while the clock was ahead is not waited for until then") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .wait_for = 60s};
  world.clock.advance(9000h);
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 1min});
  world.clock.advance(-9000h);
  CHECK(world.look(publication) == Outcome{.kind = Kind::Again, .delay = 1min});
  CHECK(world.status(publication).attempt->started_at == world.clock.now());
  world.clock.advance(1min);
  CHECK(world.look(publication) == kStalledForAnHour);
}

TEST_CASE("a blob that begins to wait is told at once, that it goes on after 2 s") {
  PublishWorld world;
  world.objects.apply(make_publication());
  auto publication = world.objects.stored(key_of(make_publication()));
  publication.status.attempt = AttemptStatus{.digest = "sha256:1"};
  publish::ProgressKeeper keeper({publication, world.clock.now()}, world.progress, world.objects, world.clock);
  const auto told = [&](const std::string& waiting) {
    const auto before = world.objects.written.size();
    keeper.progress({.bytes_done = 1, .bytes_total = 2, .blobs_done = 0, .blobs_total = 1, .waiting = waiting});
    return world.objects.written.size() == before ? "" : world.message(publication, "Reconciling");
  };
  world.clock.advance(3s);
  CHECK(told("") == "sending sha256:1");
  CHECK(told("") == "");
  CHECK(told("layer 1: waiting 1 s: no answer") == "sending sha256:1; layer 1: waiting 1 s: no answer");
  CHECK(told("layer 1: waiting 2 s: no answer") == "");
  world.clock.advance(10s);
  CHECK(told("layer 1: waiting 9 s: no answer") == "sending sha256:1; layer 1: waiting 9 s: no answer");
  world.clock.advance(1999ms);
  CHECK(told("") == "");
  world.clock.advance(1ms);
  CHECK(told("") == "sending sha256:1");
}

TEST_CASE("a blob that waits again and again for a moment is not written each time") {
  PublishWorld world;
  world.objects.apply(make_publication());
  auto publication = world.objects.stored(key_of(make_publication()));
  publication.status.attempt = AttemptStatus{.digest = "sha256:1"};
  publish::ProgressKeeper keeper({publication, world.clock.now()}, world.progress, world.objects, world.clock);
  for (int second = 0; second < 10; ++second) {
    for (const std::string waiting : {"waiting", ""})
      keeper.progress({.bytes_done = 1, .bytes_total = 2, .blobs_done = 0, .blobs_total = 1, .waiting = waiting});
    world.clock.advance(1s);
  }
  // It waits in seconds 0, 3, 6 and 9, and goes on in 2, 5 and 8.
  CHECK(world.objects.written.size() == 7);
}

TEST_CASE("a look that took two seconds shows from the first write on, a shorter one does not") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  const auto looked_for = GENERATE(1999ms, 2000ms);
  bool waited = false;
  world.registry.before = [&](const std::string&) -> Result<void> {
    if (!std::exchange(waited, true)) world.clock.advance(looked_for);
    return {};
  };
  world.publish(publication);
  const auto& start = world.objects.written.front();
  REQUIRE(start.attempt);
  CHECK((find_condition(start.conditions, "Reconciling") != nullptr) == (looked_for == 2000ms));
  CHECK(world.condition(publication, "Reconciling") == "absent");
}

TEST_CASE("progress that can't be written does not end a transfer") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = [&](const std::string&) -> Result<void> {
    world.clock.advance(3s);
    return {};
  };
  int writes = 0;
  world.objects.before_write = [&]() -> Result<void> {
    return ++writes == 2 ? Result<void>(std::unexpected(kNoAnswer)) : Result<void>();
  };
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(writes > 2);
}

TEST_CASE("a status that can't be written is written at the next visit") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  int writes = 0;
  const int failing_one = GENERATE(1, 2);
  world.objects.before_write = [&]() -> Result<void> {
    return ++writes == failing_one ? Result<void>(std::unexpected(kNoAnswer)) : Result<void>();
  };
  CHECK(world.publish(publication).kind == Kind::Retry);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.records_on(image.descriptor.digest) == 1);
}

TEST_CASE("an edit that comes while tags are set does not lose what was published") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  auto edited = publication;
  edited.spec.interval = 600s;
  const bool shows_progress = GENERATE(false, true);
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (shows_progress && request.starts_with("POST")) world.clock.advance(11s);
    if (request.starts_with("PUT registry.example/shop/storefront:staging")) world.objects.apply(edited);
    return {};
  };
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(std::ranges::any_of(world.objects.written,
                            [](const auto& one) { return one.attempt && one.attempt->progress; }) == shows_progress);
  CHECK(world.status(publication).observed_generation == 1);
  CHECK(world.status(publication).published->digest == image.descriptor.digest.str());
  world.registry.before = nullptr;
  world.look(publication);
  CHECK(world.status(publication).observed_generation == 2);
  CHECK(world.registry.writes().empty());
}

TEST_CASE("what another process published meanwhile, also of an edit, stays on record") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  auto edited = publication;
  const bool is_edited = GENERATE(false, true);
  if (is_edited) edited.spec.interval = 600s;
  ImagePublicationStatus of_another;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (!request.starts_with("PUT registry.example/shop/storefront:staging")) return {};
    world.objects.apply(edited);
    of_another = world.status(publication);
    of_another.observed_generation = is_edited ? 2 : 1;
    of_another.attempt.reset();
    of_another.published = PublishedStatus{.digest = image.descriptor.digest.str()};
    world.objects.write_as_another(key_of(publication), of_another);
    return {};
  };
  CHECK(world.publish(publication).kind == Kind::Retry);
  CHECK(world.status(publication) == of_another);
}

TEST_CASE("a publication that is removed while its content goes up sets no tag") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request.starts_with(kDestination)) world.objects.remove(key_of(publication), world.clock.now());
    return {};
  };
  world.publish(publication);
  CHECK(world.destination().tags.empty());
  CHECK(world.look(publication) == Outcome{});
}

}  // namespace slipway::tests
