#include "reconcilers/brief_digest.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};
const std::string kResolve = "HEAD ghcr.io/contoso/storefront:1.8";
const std::string kReadTag = "GET ghcr.io/contoso/storefront:1.8";
const std::string kSetStaging = "PUT registry.example/shop/storefront:staging";

/// How often the source's tag was asked for since the last look.
std::size_t times_resolved(PublishWorld& world) {
  return world.count(kResolve) + world.count(kReadTag);
}

/// Build `number` of version `version`, from the source's tag of that version.
ImagePublication build(std::int64_t number, const std::string& version, const std::string& name = "storefront") {
  auto publication = make_publication(name);
  publication.spec.source.image->reference = "ghcr.io/contoso/storefront:" + version;
  publication.spec.build.version = version;
  publication.spec.build.number = number;
  publication.spec.build.commit = "commit-" + version;
  return publication;
}

void add_tag(ImagePublication& publication, const std::string& name, const std::string& text) {
  publication.spec.tags.push_back({.name = name, .template_text = text, .mutability = Mutability::Moving});
}

void follow(ImagePublication& publication) {
  publication.spec.source.follow = true;
  publication.spec.tags[0] = {.name = "digest", .template_text = "{{digest:12}}"};
}

}  // namespace

TEST_CASE("a source named by tag is resolved once per publication") {
  PublishWorld world;
  const auto first = world.push({"first"});
  auto publication = make_publication();
  world.publish(publication);
  CHECK(times_resolved(world) == 1);
  CHECK(world.status(publication).source == ResolvedSource{first.descriptor.digest.str(), world.clock.now()});

  const auto second = world.push({"second"});
  SECTION("not again at the interval, nor with the daily check") {
    world.clock.advance(24h);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(times_resolved(world) == 0);
    CHECK(world.tag("staging") == first.descriptor.digest.str());
  }
  SECTION("not by an edit that is no new publication") {
    publication.spec.interval = 600s;
    publication.spec.retry.max_duration = 60s;
    publication.spec.deployment_targets.push_back({.kind = "WebApp", .name = "storefront"});
    world.publish(publication);
    CHECK(times_resolved(world) == 0);
    CHECK(world.registry.writes().empty());
    CHECK(world.status(publication).observed_generation == 2);
  }
  SECTION("again by a new build") {
    publication.spec.build.number = 813;
    publication.spec.build.version = "1.8.3";
    world.publish(publication);
    CHECK(times_resolved(world) == 1);
    CHECK(world.tag("staging") == second.descriptor.digest.str());
    CHECK(world.tag("1.8.2") == first.descriptor.digest.str());
  }
  SECTION("when another tag is named that is the same image, it is the same publication") {
    world.source().tags.insert_or_assign("1.8-again", first.descriptor.digest);
    publication.spec.source.image->reference = "ghcr.io/contoso/storefront:1.8-again";
    world.publish(publication);
    CHECK(world.registry.writes().empty());
    CHECK(world.status(publication).history.size() == 1);
    CHECK(world.records_on(first.descriptor.digest) == 1);
  }
}

TEST_CASE("what a gate refused stays refused, however often it is looked at and whatever was published before it") {
  PublishWorld world;
  const auto first = world.push({"first"}, "1.8.1");
  auto publication = build(811, "1.8.1");
  world.publish(publication);
  REQUIRE(world.tag("staging") == first.descriptor.digest.str());
  const auto second = world.push({"second"}, "1.8.2");
  world.publish(build(812, "1.8.2"));
  REQUIRE(world.tag("staging") == second.descriptor.digest.str());

  publication.spec.gates.scan =
      ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .allow_up_to = Severity::Low};
  world.objects.files["scan.json"] = make_report(first, {"CRITICAL"});
  world.publish(publication);
  for (int visit = 0; visit < 3; ++visit) {
    CHECK(world.condition(publication, "Ready") == "False FindingsAboveLimit");
    CHECK(world.condition(publication, "GatesPassed") == "False FindingsAboveLimit");
    CHECK(world.tag("staging") == second.descriptor.digest.str());
    world.look(publication);
  }
}

TEST_CASE("a source that is waited with keeps what it was resolved to") {
  PublishWorld world;
  const auto first = world.push({"first"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}};
  world.publish(publication);
  REQUIRE(world.condition(publication, "Ready") == "False AwaitingReport");
  world.push({"second"});
  world.objects.files["scan.json"] = make_report(first);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.tag("1.8.2") == first.descriptor.digest.str());
}

TEST_CASE("a source that is followed is asked at each interval, and a new digest is a new publication") {
  PublishWorld world;
  const auto first = world.push({"first"});
  auto publication = make_publication();
  follow(publication);
  world.publish(publication);
  const auto started = world.clock.now();

  world.clock.advance(1h);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.registry.requests ==
        std::vector<std::string>{kResolve,
                                 "HEAD registry.example/shop/storefront:" + first.descriptor.digest.short_hex(),
                                 "HEAD registry.example/shop/storefront:staging"});
  CHECK(world.objects.written.empty());
  CHECK(world.status(publication).source->resolved_at == started);

  const auto second = world.push({"second"});
  world.clock.advance(1h);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.tag("staging") == second.descriptor.digest.str());
  CHECK(world.tag(first.descriptor.digest.short_hex()) == first.descriptor.digest.str());
  CHECK(world.tag(second.descriptor.digest.short_hex()) == second.descriptor.digest.str());
  CHECK(world.status(publication).history.size() == 2);
  CHECK(world.status(publication).source == ResolvedSource{second.descriptor.digest.str(), world.clock.now()});

  SECTION("a source that goes back is followed back, without another record") {
    world.push({"first"});
    world.clock.advance(1h);
    world.look(publication);
    CHECK(world.tag("staging") == first.descriptor.digest.str());
    CHECK(world.records_on(first.descriptor.digest) == 1);
    CHECK(world.status(publication).history.size() == 2);
  }
  SECTION("a source that is gone is said, and what is published stays") {
    world.source().tags.clear();
    const auto before = world.destination();
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False NotFound");
    CHECK(world.status(publication).published->digest == second.descriptor.digest.str());
    CHECK(world.destination() == before);
  }
  SECTION("following no more keeps the last one") {
    publication.spec.source.follow = false;
    world.publish(publication);
    world.push({"third"});
    world.clock.advance(1h);
    world.look(publication);
    CHECK(world.tag("staging") == second.descriptor.digest.str());
    CHECK(times_resolved(world) == 0);
  }
}

TEST_CASE("of a source that is followed, each digest is an attempt of its own") {
  PublishWorld world;
  world.push({"first"});
  auto publication = make_publication();
  follow(publication);
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (!request.starts_with("PUT registry.example")) return {};
    return fail(ErrorClass::Unavailable, "no answer", "look whether it runs");
  };
  world.publish(publication);
  world.look(publication);
  REQUIRE(world.status(publication).attempt->number == 2);
  const auto second = world.push({"second"});
  world.clock.advance(10min);
  world.look(publication);
  const auto& attempt = world.status(publication).attempt;
  CHECK(attempt->digest == second.descriptor.digest.str());
  CHECK(attempt->number == 1);
  CHECK(attempt->started_at == world.clock.now());
}

TEST_CASE("git revert goes back to the older build, and forward again") {
  PublishWorld world;
  const auto old_image = world.push({"old"}, "1.8.2");
  const auto new_image = world.push({"new"}, "1.9.0");
  auto older = build(812, "1.8.2");
  auto newer = build(813, "1.9.0");
  for (auto* publication : {&older, &newer}) {
    add_tag(*publication, "minor", "{{major}}.{{minor}}");
    add_tag(*publication, "latest", "latest");
  }
  world.publish(older);
  world.publish(newer);
  REQUIRE(world.tag("latest") == new_image.descriptor.digest.str());

  world.publish(older);
  CHECK(world.tag("staging") == old_image.descriptor.digest.str());
  CHECK(world.tag("latest") == old_image.descriptor.digest.str());
  CHECK(world.tag("1.8") == old_image.descriptor.digest.str());
  CHECK(world.tag("1.9") == new_image.descriptor.digest.str());
  CHECK(world.tag("1.9.0") == new_image.descriptor.digest.str());
  CHECK(world.condition(older, "Tagged") == "True TagsSet");
  CHECK(world.records_on(old_image.descriptor.digest) == 1);
  CHECK(world.recorder.reasons() ==
        std::vector<std::string>{"Published", "Published", "Published", "WentBack", "WentBack"});

  world.publish(newer);
  CHECK(world.tag("latest") == new_image.descriptor.digest.str());
  CHECK(world.status(newer).history.size() == 2);
}

TEST_CASE("an older build of another object leaves moving tags where they are") {
  PublishWorld world;
  const auto old_image = world.push({"old"}, "1.8.2");
  const auto new_image = world.push({"new"}, "1.9.0");
  const auto newer = build(813, "1.9.0", "newer");
  const auto older = build(812, "1.8.2", "older");
  world.publish(newer);
  CHECK(world.publish(older) == kAgainInAnHour);

  CHECK(world.tag("staging") == new_image.descriptor.digest.str());
  CHECK(world.tag("1.8.2") != "nothing");
  CHECK(world.condition(older, "Ready") == "True Succeeded");
  CHECK(world.condition(older, "Tagged") == "True Superseded");
  CHECK(world.tag_state(older, "environment") == "Superseded");
  CHECK(world.tag_state(older, "version") == "Set");
  CHECK(world.status(older).display.tags == "1.8.2");
  CHECK_THAT(world.message(older, "Tagged"), Catch::Contains("tag staging was left"));
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Published", "Superseded"});

  SECTION("and says it once") {
    world.clock.advance(1h);
    world.look(older);
    CHECK(world.objects.written.empty());
    CHECK(world.recorder.events.size() == 3);
  }
  SECTION("its record says that it left it, and no second one is put") {
    CHECK(world.record_on(old_image.descriptor.digest).tags ==
          std::vector<publish::RecordedTag>{{"1.8.2", Mutability::Immutable}, {"staging", Mutability::Moving, true}});
    CHECK(world.record_on(new_image.descriptor.digest).tags ==
          std::vector<publish::RecordedTag>{{"1.9.0", Mutability::Immutable}, {"staging", Mutability::Moving}});
    world.clock.advance(1h);
    world.look(older);
    CHECK(world.records_on(old_image.descriptor.digest) == 1);
  }
  SECTION("whoever then moves the tag to it, it is not the one that left it") {
    world.destination().tags.insert_or_assign("staging", old_image.descriptor.digest);
    world.clock.advance(1h);
    world.look(newer);
    CHECK_THAT(world.message(newer, "Tagged"), Catch::EndsWith(" since"));
  }
  SECTION("a tag that was left and is then removed is set") {
    world.destination().tags.erase("staging");
    world.look(older);
    CHECK(world.tag("staging") == world.tag("1.8.2"));
    CHECK(world.condition(older, "Tagged") == "True TagsSet");
  }
}

TEST_CASE("latest and major.minor never go to a lower version of another object, whatever its number") {
  PublishWorld world;
  const auto high = world.push({"high"}, "1.9.0");
  world.push({"patch"}, "1.8.3");
  auto newer = build(813, "1.9.0", "main");
  auto patch = build(900, "1.8.3", "backport");
  for (auto* publication : {&newer, &patch}) {
    publication->spec.tags[1].template_text = "{{major}}";
    add_tag(*publication, "latest", "latest");
    add_tag(*publication, "branch", "edge");
  }
  world.publish(newer);
  world.publish(patch);
  CHECK(world.tag("latest") == high.descriptor.digest.str());
  CHECK(world.tag("1") == high.descriptor.digest.str());
  CHECK(world.tag("edge") == world.tag("1.8.3"));
  CHECK(world.condition(patch, "Tagged") == "True Superseded");
}

TEST_CASE("a prerelease sets its version alone") {
  PublishWorld world;
  world.push({"candidate"}, "2.0.0-rc.1");
  auto publication = build(812, "2.0.0-rc.1");
  add_tag(publication, "minor", "{{major}}.{{minor}}");
  add_tag(publication, "latest", "latest");
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(world.tag("2.0.0-rc.1") == world.tag("staging"));
  CHECK(world.tag("2.0") == "nothing");
  CHECK(world.tag("latest") == "nothing");
  CHECK(world.tag_state(publication, "latest") == "Skipped");
  CHECK(world.status(publication).published->tags[2] == TagStatus{"minor", "", TagState::Skipped, ""});
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
}

TEST_CASE("a moving tag without a record moves, and people are told") {
  PublishWorld world;
  const auto stranger = make_image(world.destination(), {"stranger"});
  world.destination().tags.insert_or_assign("staging", stranger.descriptor.digest);
  world.push({"base"});
  world.publish(make_publication());
  CHECK(world.tag("staging") == world.tag("1.8.2"));
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "OrderUnknown"});
}

TEST_CASE("a tag of an earlier build and of a removed template stays") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  add_tag(publication, "commit", "{{commit:7}}");
  world.publish(publication);
  publication.spec.tags.pop_back();
  world.publish(publication);
  CHECK(world.tag("4f2a91c") == world.tag("1.8.2"));
  CHECK(world.tag_state(publication, "commit") == "absent");
  CHECK(world.registry.requests_of({"DELETE"}).empty());
}

TEST_CASE("a rollback moves moving tags to what was published before") {
  PublishWorld world;
  const auto good = world.push({"good"}, "1.8.2");
  const auto bad = world.push({"bad"}, "1.9.0");
  world.publish(build(812, "1.8.2"));
  auto publication = build(813, "1.9.0");
  world.publish(publication);
  publication.spec.rollback = Rollback{.digest = good.descriptor.digest.str(), .reason = "checkout is broken"};

  SECTION("and immutable tags stay") {
    CHECK(world.publish(publication) == kAgainInAnHour);
    CHECK(world.tag("staging") == good.descriptor.digest.str());
    CHECK(world.tag("1.9.0") == bad.descriptor.digest.str());
    CHECK(world.tag("1.8.2") == good.descriptor.digest.str());
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    const auto back = "rolled back: staging names " + brief(good.descriptor.digest);
    const auto told = "published " + brief(bad.descriptor.digest) + " as 1.9.0; " + back;
    CHECK(world.message(publication) == told);
    CHECK(world.recorder.events.back().reason == "Published");
    CHECK(world.recorder.events.back().message == told);
    CHECK(world.condition(publication, "Tagged") == "True RolledBack");
    CHECK(world.message(publication, "Tagged") == "set: 1.9.0; " + back);
    CHECK(world.status(publication).display.tags == "1.9.0");
    world.clock.advance(24h);
    world.look(publication);
    CHECK(world.registry.writes().empty());

    SECTION("until it is removed") {
      publication.spec.rollback.reset();
      world.publish(publication);
      CHECK(world.tag("staging") == bad.descriptor.digest.str());
      CHECK(world.condition(publication, "Tagged") == "True TagsSet");
      CHECK(world.status(publication).display.tags == "1.9.0, staging");
    }
    SECTION("or a newer build is published under it: immutable tags go on, moving ones stay") {
      const auto fixed = world.push({"fixed"}, "1.9.1");
      auto next = build(814, "1.9.1");
      next.spec.rollback = publication.spec.rollback;
      world.publish(next);
      CHECK(world.tag("1.9.1") == fixed.descriptor.digest.str());
      CHECK(world.tag("staging") == good.descriptor.digest.str());
    }
    SECTION("or its content was removed: a tag that is missing is set to it again") {
      world.destination().tags.erase("staging");
      world.look(publication);
      CHECK(world.tag("staging") == good.descriptor.digest.str());
    }
  }
  SECTION("and nothing moves by itself when its time is over") {
    publication.spec.rollback->until = "2026-11-24";
    world.publish(publication);
    world.clock.advance(15h - 1ms);
    world.look(publication);
    CHECK(world.condition(publication, "Tagged") == "True RolledBack");
    world.clock.advance(1ms);
    world.look(publication);
    CHECK(world.condition(publication, "Tagged") == "True RollbackEnded");
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.tag("staging") == good.descriptor.digest.str());
    CHECK(world.recorder.reasons().back() == "RollbackEnded");

    const auto fixed = world.push({"fixed"}, "1.9.1");
    auto next = build(814, "1.9.1");
    next.spec.rollback = publication.spec.rollback;
    world.publish(next);
    CHECK(world.tag("staging") == fixed.descriptor.digest.str());
    world.look(next);
    CHECK(world.condition(next, "Tagged") == "True TagsSet");
  }
  SECTION("nor where the status that told of it is lost: the record says that it was published") {
    publication.spec.rollback->until = "2026-11-24";
    world.publish(publication);
    world.objects.stored(key_of(publication)).status = {};
    world.clock.advance(15h);
    world.look(publication);
    CHECK(world.registry.writes().empty());
    CHECK(world.tag("staging") == good.descriptor.digest.str());
    CHECK(world.condition(publication, "Tagged") == "True RollbackEnded");
    CHECK(world.recorder.reasons().back() == "RollbackEnded");
    world.look(publication);
    CHECK(world.tag("staging") == good.descriptor.digest.str());

    const auto fixed = world.push({"fixed"}, "1.9.1");
    auto next = build(814, "1.9.1");
    next.spec.rollback = publication.spec.rollback;
    world.objects.stored(key_of(publication)).status = {};
    world.publish(next);
    CHECK(world.tag("staging") == fixed.descriptor.digest.str());
  }
  SECTION("and never to another digest") {
    const auto stranger = make_image(world.destination(), {"stranger"});
    publication.spec.rollback->digest = stranger.descriptor.digest.str();
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Tagged") == "False Refused");
    CHECK(world.tag("staging") == bad.descriptor.digest.str());
    CHECK_THAT(world.message(publication), Catch::Contains("see status.history"));
  }
  SECTION("and whoever has no history is sent to the registry") {
    publication.spec.rollback->digest = Digest::of("nowhere").str();
    world.objects.stored(key_of(publication)).status = {};
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK_THAT(world.message(publication),
               Catch::Contains("does not hold it") &&
                   Catch::Contains("status.history is empty, as in each run of a pipeline") &&
                   Catch::Contains("the version's tag of an earlier build names one"));
  }
  SECTION("and never to one that another object published") {
    const auto foreign = world.push({"foreign"}, "1.7.0");
    world.publish(build(700, "1.7.0", "other"));
    publication.spec.rollback->digest = foreign.descriptor.digest.str();
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False Refused");
  }
  SECTION("also when the status was lost: the record says that it was published") {
    world.objects.stored(key_of(publication)).status = {};
    CHECK(world.publish(publication) == kAgainInAnHour);
    CHECK(world.tag("staging") == good.descriptor.digest.str());
  }
}

TEST_CASE("of a rollback that takes no tag back an event and Tagged tell") {
  PublishWorld world;
  const auto good = world.push({"good"}, "1.8.2");
  world.push({"bad"}, "1.9.0");
  world.publish(build(812, "1.8.2"));
  auto publication = build(813, "1.9.0");
  std::erase_if(publication.spec.tags, [](const TagSpec& tag) { return tag.mutability == Mutability::Moving; });
  world.publish(publication);
  CHECK(world.message(publication, "Tagged") == "set: 1.9.0");
  world.recorder.events.clear();
  publication.spec.rollback = Rollback{.digest = good.descriptor.digest.str(), .reason = "checkout is broken"};
  world.publish(publication);
  const std::string idle = "rollback: no tag is Moving: it takes none back";
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Noted", "Published"});
  CHECK(world.recorder.events.front().message == idle);
  CHECK(world.recorder.events.front().type == EventType::Warning);
  world.clock.advance(24h);
  world.look(publication);
  CHECK(world.recorder.events.size() == 2);
  CHECK(world.condition(publication, "Tagged") == "True TagsSet");
  CHECK(world.message(publication, "Tagged") == "set: 1.9.0; " + idle);
}

TEST_CASE("a rollback is on record where it takes moving tags from, once") {
  PublishWorld world;
  const auto good = world.push({"good"}, "1.8.2").descriptor.digest;
  const auto bad = world.push({"bad"}, "1.9.0").descriptor.digest;
  const auto fixed = world.push({"fixed"}, "1.9.1").descriptor.digest;
  world.publish(build(812, "1.8.2"));
  auto publication = build(813, "1.9.0");
  world.publish(publication);
  publication.spec.rollback = Rollback{.digest = good.str(), .reason = "checkout is broken", .until = "2026-11-24"};
  world.publish(publication);

  const auto told = world.rollbacks_on(bad);
  REQUIRE(told.size() == 1);
  CHECK(told[0].rollback == publish::RecordedRollback{good.str(), "checkout is broken"});
  CHECK(told[0].tags ==
        std::vector<publish::RecordedTag>{{"1.9.0", Mutability::Immutable}, {"staging", Mutability::Moving, true}});
  CHECK(world.records_on(bad) == 2);
  CHECK(world.records_on(good) == 1);

  const auto is_taken_for_done = [&] {
    world.look(publication);
    CHECK(world.registry.writes().empty());
    CHECK(world.records_on(bad) == 2);
    CHECK(world.tag("staging") == good.str());
  };
  SECTION("found again by a full check") {
    world.clock.advance(24h);
    is_taken_for_done();
  }
  SECTION("found again where the status was lost, while it holds and after") {
    world.objects.stored(key_of(publication)).status = {};
    is_taken_for_done();
    CHECK(world.condition(publication, "Tagged") == "True RolledBack");
    world.objects.stored(key_of(publication)).status = {};
    world.clock.advance(15h);
    is_taken_for_done();
    CHECK(world.condition(publication, "Tagged") == "True RollbackEnded");
  }
  SECTION("and no longer there, it is put again as it was") {
    for (const auto& manifest : std::map(world.destination().manifests))
      if (const auto record = publish::parse_record(manifest.second); record && record->rollback)
        world.destination().manifests.erase(manifest.first);
    world.clock.advance(24h);
    world.look(publication);
    REQUIRE(world.rollbacks_on(bad).size() == 1);
    CHECK(world.rollbacks_on(bad)[0].tags == told[0].tags);
  }
  SECTION(
      "what is published while it holds is on record without the moving tags, and with them once they go on to it") {
    auto next = build(814, "1.9.1");
    next.spec.rollback = publication.spec.rollback;
    world.publish(next);
    CHECK(world.records_on(fixed) == 1);
    REQUIRE(world.rollbacks_on(fixed).size() == 1);
    CHECK(world.rollbacks_on(fixed)[0].tags ==
          std::vector<publish::RecordedTag>{{"1.9.1", Mutability::Immutable}, {"staging", Mutability::Moving, true}});

    next.spec.rollback.reset();
    world.publish(next);
    CHECK(world.tag("staging") == fixed.str());
    CHECK(world.records_on(fixed) == 2);
    CHECK(world.rollbacks_on(fixed).size() == 1);
  }
  SECTION("removed, the record of the build's first day tells of it") {
    publication.spec.rollback.reset();
    world.publish(publication);
    CHECK(world.tag("staging") == bad.str());
    CHECK(world.records_on(bad) == 2);
  }
}

TEST_CASE("a rollback that moves nothing adds no record") {
  PublishWorld world;
  const auto image = world.push({"only"}, "1.8.2").descriptor.digest;
  auto publication = build(812, "1.8.2");
  world.publish(publication);
  publication.spec.rollback = Rollback{.digest = image.str(), .reason = "stay"};
  world.publish(publication);
  CHECK(world.records_on(image) == 1);
}

TEST_CASE("a publication whose status was lost is taken up without a write to the registry") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  const auto before = world.destination();
  world.objects.stored(key_of(publication)).status = {};
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.registry.writes().empty());
  CHECK(world.destination() == before);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK_FALSE(world.status(publication).published->record_digest.empty());
  CHECK(world.records_on(image.descriptor.digest) == 1);
}

TEST_CASE("a report that aged keeps nobody from what was published before its status was lost, and lets nothing pass") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .max_age = 24h};
  world.objects.files["scan.json"] = make_report(image);
  const auto published_at = world.clock.now();
  world.publish(publication);
  REQUIRE(world.condition(publication, "Ready") == "True Succeeded");
  const auto before = world.destination();
  world.objects.stored(key_of(publication)).status = {};
  world.recorder.events.clear();
  world.clock.advance(48h);

  SECTION("nothing is missing") {
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.registry.writes().empty());
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.condition(publication, "GatesPassed") == "True GatesPassed");
    CHECK(world.message(publication, "GatesPassed") == "passed: scan; as the record of 2026-11-24T09:00:00Z says");
    CHECK(world.status(publication).published->at == published_at);
    CHECK(world.status(publication).history.at(0).published_at == published_at);
    CHECK(world.recorder.events.empty());
    const auto known = world.status(publication);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.status(publication) == known);
  }
  SECTION("a tag is missing") {
    world.destination().tags.erase("staging");
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False ReportTooOld");
    CHECK(world.tag("staging") == "nothing");
  }
  SECTION("the floor was raised") {
    auto registry = make_registry();
    registry.spec.access[0].gates.scan = ScanGate{.allow_up_to = Severity::Low};
    world.objects.apply(registry);
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False ReportTooOld");
    CHECK(world.destination() == before);
  }
}

TEST_CASE("promotion is the same digest published for another environment, with a record of its own") {
  PublishWorld world;
  const auto image = world.push({"base"});
  make_artifact(world.source(), "application/spdx+json", "packages", image.descriptor);
  world.publish(make_publication());
  auto production = make_publication("storefront-production");
  production.spec.environment = "production";
  production.spec.tags.erase(production.spec.tags.begin());
  CHECK(world.publish(production) == kAgainInAnHour);
  CHECK(world.tag("production") == image.descriptor.digest.str());
  CHECK(world.records_on(image.descriptor.digest) == 2);
  CHECK(world.status(production).published->transfer == TransferStatus{.blobs_present = 2});
  CHECK(world.registry.requests_of({"PUT"}).size() == 2);
}

TEST_CASE("suspension keeps a Ready that was earned and takes away one that was not") {
  PublishWorld world;
  auto publication = make_publication();
  SECTION("Ready True stays with its generation") {
    world.push({"base"});
    world.publish(publication);
    publication.spec.suspend = true;
    publication.metadata.annotations["slipway.dev/reconcile-requested-at"] = "now";
    CHECK(world.publish(publication) == Outcome{});
    CHECK(world.registry.requests.empty());
    const auto& status = world.status(publication);
    CHECK(status.observed_generation == 2);
    CHECK(find_condition(status.conditions, "Ready")->status == "True");
    CHECK(find_condition(status.conditions, "Ready")->observed_generation == 1);
    CHECK(status.last_handled_reconcile_at == "now");
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Suspended"});
    CHECK(world.plan(publication) == std::vector<std::string>{"nothing to do: spec.suspend is true"});

    world.look(publication);
    CHECK(world.objects.written.empty());
    CHECK(world.recorder.events.size() == 2);

    publication.spec.suspend = false;
    world.publish(publication);
    CHECK(world.registry.writes().empty());
    CHECK(find_condition(world.status(publication).conditions, "Ready")->observed_generation == 3);
  }
  SECTION("Ready False goes, with Stalled") {
    world.publish(publication);
    REQUIRE(world.condition(publication, "Stalled") == "True NotFound");
    publication.spec.suspend = true;
    world.publish(publication);
    CHECK(world.condition(publication, "Ready") == "absent");
    CHECK(world.condition(publication, "Stalled") == "absent");
    CHECK(world.condition(publication, "Reconciling") == "absent");
  }
  SECTION("before anything was done there is no condition") {
    publication.spec.suspend = true;
    world.publish(publication);
    CHECK(world.status(publication).conditions.empty());
    CHECK(world.status(publication).observed_generation == 1);
  }
}

TEST_CASE("the history keeps the last ten builds, the newest first") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  for (std::int64_t number = 1; number <= 12; ++number) {
    publication.spec.build.number = number;
    publication.spec.build.version = "1.0." + std::to_string(number);
    world.publish(publication);
  }
  const auto& history = world.status(publication).history;
  REQUIRE(history.size() == 10);
  CHECK(history.front().number == 12);
  CHECK(history.back().number == 3);
}

namespace {

/// For the tag 1.8.2 alone, from `from` at the source.
ImagePublication wants_version(const std::string& name, Mutability mutability, const std::string& from,
                               std::int64_t number) {
  auto publication = make_publication(name);
  publication.spec.source.image->reference = "ghcr.io/contoso/storefront:" + from;
  publication.spec.build.number = number;
  publication.spec.tags = {{.name = "version", .template_text = "1.8.2", .mutability = mutability}};
  return publication;
}

}  // namespace

TEST_CASE("who began earlier and came later neither takes an immutable tag nor keeps a moving one") {
  PublishWorld world;
  const bool is_immutable = GENERATE(true, false);
  const auto team_says = is_immutable ? Mutability::Immutable : Mutability::Moving;
  const auto rival_says = is_immutable ? Mutability::Moving : Mutability::Immutable;
  const auto image = world.push({"image"}, "1.8.2");
  const auto other = world.push({"other"}, "other");
  auto rival = wants_version("rival", rival_says, "late", 1);
  world.publish(rival);
  REQUIRE(world.condition(rival, "Ready") == "False NotFound");
  world.clock.advance(1min);
  auto team = wants_version("team", team_says, "1.8.2", 1);
  world.publish(team);
  REQUIRE(world.condition(team, "Ready") == "True Succeeded");
  world.clock.advance(1min);
  world.source().tags.insert_or_assign("late", image.descriptor.digest);
  world.look(rival);
  REQUIRE(world.condition(rival, "Ready") == "True Succeeded");
  REQUIRE(world.records_on(image.descriptor.digest) == 2);

  if (is_immutable) {
    world.publish(wants_version("rival", rival_says, "other", 9));
    CHECK(world.condition(rival, "Ready") == "False TagConflict");
    CHECK(world.tag("1.8.2") == image.descriptor.digest.str());
  } else {
    world.publish(wants_version("team", team_says, "other", 9));
    CHECK(world.condition(team, "Ready") == "True Succeeded");
    CHECK(world.tag("1.8.2") == other.descriptor.digest.str());
  }
}

TEST_CASE("what a visit reads of records is bounded for all its tags together") {
  PublishWorld world;
  world.push({"new"});
  const auto publication = make_publication();
  std::set<std::string> reads;
  for (const char* tag : {"1.8.2", "staging"}) {
    const auto image = make_image(world.destination(), {tag});
    world.destination().tags.insert_or_assign(tag, image.descriptor.digest);
    publish::PublicationRecord record{.publisher = {"cluster-1", "shop", "fat"}, .subject = image.descriptor.digest};
    record.registry = std::string(3u << 20, 'r');
    for (record.build.number = 0; *record.build.number < 3; ++*record.build.number) {
      const auto one = publish::build_record(record, image.descriptor);
      world.destination().manifests.insert_or_assign(one.descriptor.digest, one);
      reads.insert("GET registry.example/shop/storefront@" + one.descriptor.digest.str());
    }
  }
  world.publish(publication);
  CHECK(std::ranges::count_if(world.registry.requests, [&](const auto& one) { return reads.contains(one); }) == 3);
}

TEST_CASE("more records than tell enough on the image keep nobody from a rollback off what another tagged") {
  PublishWorld world;
  const auto good = world.push({"good"}, "1.8.2");
  const auto bad = world.push({"bad"}, "1.9.0");
  world.publish(build(812, "1.8.2"));
  world.publish(build(813, "1.9.0", "other"));
  REQUIRE(world.tag("staging") == bad.descriptor.digest.str());
  publish::PublicationRecord record{.publisher = {"cluster-1", "shop", "flood"}, .subject = bad.descriptor.digest};
  for (record.build.number = 0; *record.build.number < 60; ++*record.build.number) {
    const auto one = publish::build_record(record, bad.descriptor);
    world.destination().manifests.insert_or_assign(one.descriptor.digest, one);
  }
  auto publication = build(814, "1.9.0");
  publication.spec.rollback = Rollback{.digest = good.descriptor.digest.str(), .reason = "checkout is broken"};
  world.publish(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.tag("staging") == good.descriptor.digest.str());
}

TEST_CASE("records without end hide nobody's immutable tag, and keep nobody from moving its own") {
  PublishWorld world;
  const auto image = world.push({"image"}, "1.8.2");
  const auto other = world.push({"other"}, "other");
  auto team = wants_version("team", Mutability::Immutable, "1.8.2", 1);
  world.publish(team);
  // The registry in memory lists by digest: more are listed before the team's than are read where nothing hangs on it.
  const auto hide_record = [&] {
    const auto mine = Digest::parse(world.status(team).published->record_digest).value();
    publish::PublicationRecord record{.publisher = {"cluster-1", "shop", "flood"}, .subject = image.descriptor.digest};
    record.build.number = 0;
    for (int records = 0; records < 60; ++*record.build.number) {
      const auto one = publish::build_record(record, image.descriptor);
      if (mine < one.descriptor.digest) continue;
      world.destination().manifests.insert_or_assign(one.descriptor.digest, one);
      ++records;
    }
  };
  const auto rival = wants_version("rival", Mutability::Moving, "other", 9);
  SECTION("beyond some") {
    hide_record();
    world.publish(rival);
    CHECK(world.condition(rival, "Ready") == "False TagConflict");
    CHECK_THAT(world.message(rival), Catch::Contains("was set as an immutable tag; it was published by shop/team"));
  }
  SECTION("beyond what a registry lists") {
    const std::string list = "GET registry.example/shop/storefront/referrers/" + image.descriptor.digest.str();
    world.registry.before = [&](const std::string& request) -> Result<void> {
      if (request != list) return {};
      return fail(ErrorClass::Integrity, "list of referrers: more than 1,000", "delete some");
    };
    world.publish(rival);
    CHECK(world.condition(rival, "Ready") == "False TagConflict");
    CHECK_THAT(world.message(rival), Catch::Contains("to which more is attached than is read") &&
                                         Catch::Contains("remove the tag there, and it is set again"));
    CHECK(world.tag("1.8.2") == image.descriptor.digest.str());
    world.publish(wants_version("team", Mutability::Moving, "other", 2));
    CHECK(world.condition(team, "Ready") == "True Succeeded");
    CHECK(world.tag("1.8.2") == other.descriptor.digest.str());
  }
  SECTION("an image to which more is attached than a registry lists is published all the same, once") {
    world.registry.before = [&](const std::string& request) -> Result<void> {
      if (!request.contains("registry.example/shop/storefront/referrers/")) return {};
      return fail(ErrorClass::Integrity, "list of referrers: more than 1,000", "delete some");
    };
    auto again = wants_version("again", Mutability::Immutable, "1.8.2", 2);
    again.spec.tags[0].template_text = "1.8.3";
    world.publish(again);
    CHECK(world.condition(again, "Ready") == "True Succeeded");
    CHECK(world.tag("1.8.3") == image.descriptor.digest.str());
    world.clock.advance(25h);
    world.look(again);
    CHECK(world.condition(again, "Ready") == "True Succeeded");
    CHECK(world.registry.writes().empty());
  }
  SECTION("a record that is there and not read is not put again") {
    hide_record();
    world.clock.advance(25h);
    world.look(team);
    CHECK(world.condition(team, "Ready") == "True Succeeded");
    CHECK(world.registry.writes().empty());
  }
}

}  // namespace slipway::tests
