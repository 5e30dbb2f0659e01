#include "reconcilers/publish/withdraw.h"

#include <utility>

#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const std::string kRemoveVersion = "DELETE registry.example/shop/storefront:1.8.2";

/// A publication with deletionPolicy Untag that was published.
struct Published {
  PublishWorld world;
  ImagePublication publication = make_publication();
  MadeImage image = world.push({"base"});

  Published() {
    publication.spec.deletion_policy = DeletionPolicy::Untag;
    world.publish(publication);
  }

  Outcome remove() {
    world.recorder.events.clear();
    world.objects.remove(key_of(publication), world.clock.now());
    return world.look(publication);
  }
  bool is_gone() { return !world.objects.published.contains(key_of(publication)); }
};

}  // namespace

TEST_CASE("Retain holds nothing back and takes nothing away") {
  Published it;
  SECTION("from the start") {
    auto other = make_publication("other");
    other.spec.environment = "production";
    other.spec.tags.erase(other.spec.tags.begin());
    it.world.publish(other);
    CHECK(it.world.objects.stored(key_of(other)).metadata.finalizers.empty());
    const auto before = it.world.destination();
    it.world.objects.remove(key_of(other), it.world.clock.now());
    CHECK(it.world.look(other) == Outcome{});
    CHECK(it.world.destination() == before);
  }
  SECTION("after an edit") {
    it.publication.spec.deletion_policy = DeletionPolicy::Retain;
    it.world.publish(it.publication);
    CHECK(it.world.objects.stored(key_of(it.publication)).metadata.finalizers.empty());
  }
  SECTION("also when the edit and the deletion come at once") {
    it.publication.spec.deletion_policy = DeletionPolicy::Retain;
    it.world.objects.apply(it.publication);
    const auto before = it.world.destination();
    CHECK(it.remove() == Outcome{});
    CHECK(it.is_gone());
    CHECK(it.world.destination() == before);
    CHECK(it.world.recorder.events.empty());
  }
}

TEST_CASE("Untag takes away the tags that still name its digest, and never a manifest") {
  Published it;
  auto before = it.world.destination();
  REQUIRE(it.world.objects.stored(key_of(it.publication)).metadata.finalizers ==
          std::vector<std::string>{"slipway.dev/untag"});

  SECTION("all of them") {
    CHECK(it.remove() == Outcome{});
    CHECK(it.is_gone());
    before.tags.clear();
    CHECK(it.world.destination() == before);
    CHECK(it.world.recorder.reasons() == std::vector<std::string>{"Untagged"});
    CHECK(it.world.recorder.events[0].message == "removed: 1.8.2, staging");
  }
  SECTION("not one that was moved since") {
    const auto other = make_image(it.world.destination(), {"other"});
    it.world.destination().tags.insert_or_assign("staging", other.descriptor.digest);
    it.remove();
    CHECK(it.is_gone());
    CHECK(it.world.tag("staging") == other.descriptor.digest.str());
    CHECK(it.world.tag("1.8.2") == "nothing");
    REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK(it.world.recorder.events[0].message ==
          "removed: 1.8.2; left: staging, which this object set and which names something else by now");
  }
  SECTION("not one that is gone already") {
    it.world.destination().tags.erase("1.8.2");
    it.remove();
    CHECK(it.world.count(kRemoveVersion) == 0);
    CHECK(it.world.recorder.events[0].message == "removed: staging");
  }
  SECTION("not of an earlier build") {
    it.publication.spec.build.version = "1.8.3";
    it.world.publish(it.publication);
    it.remove();
    CHECK(it.world.tag("1.8.2") != "nothing");
    CHECK(it.world.tag("1.8.3") == "nothing");
  }
  SECTION("without the source") {
    it.world.source() = {};
    it.remove();
    CHECK(it.world.destination().tags.empty());
  }
  SECTION("also when the spec can't be carried out any more") {
    it.publication.spec.gates.sbom = SbomGate{};
    it.world.objects.apply(it.publication);
    it.remove();
    CHECK(it.world.destination().tags.empty());
  }
  SECTION("the plan says so before") {
    it.world.objects.remove(key_of(it.publication), it.world.clock.now());
    const std::string digest = "sha256:" + it.image.descriptor.digest.short_hex();
    const std::string why = ": the publication is deleted with deletionPolicy Untag";
    CHECK(it.world.plan(it.publication) == std::vector<std::string>{"untag what storefront published",
                                                                    "  remove tag 1.8.2 from " + digest + why,
                                                                    "  remove tag staging from " + digest + why});
    CHECK(it.world.tag("staging") != "nothing");
  }
}

TEST_CASE("Untag leaves what another publication wants") {
  Published it;
  auto other = make_publication("other");
  other.spec.tags.erase(other.spec.tags.begin());
  SECTION("of the same registry and repository") {
    it.world.publish(other);
    it.remove();
    CHECK(it.world.tag("staging") != "nothing");
    CHECK(it.world.tag("1.8.2") == "nothing");
  }
  SECTION("that was not published yet") {
    other.spec.suspend = true;
    it.world.publish(other);
    it.remove();
    CHECK(it.world.tag("staging") != "nothing");
  }
  SECTION("by another name of the same registry") {
    auto same = make_registry();
    same.metadata.name = "contoso-again";
    same.spec.login_server = GENERATE("registry.example", "Registry.example", "registry.example:443");
    it.world.objects.apply(same);
    other.spec.registry_ref.name = "contoso-again";
    it.world.objects.apply(other);
    it.remove();
    CHECK(it.world.tag("staging") != "nothing");
  }
  SECTION("by an alias of the same registry") {
    auto same = make_registry();
    same.metadata.name = "contoso-again";
    same.spec.login_server = "images.example";
    same.spec.aliases = {"Registry.example"};
    if (GENERATE(false, true)) {
      same.spec.aliases.clear();
      it.world.objects.kept_registries.at("contoso").spec.aliases = {"images.example:443"};
    }
    it.world.objects.apply(same);
    other.spec.registry_ref.name = "contoso-again";
    it.world.objects.apply(other);
    it.remove();
    CHECK(it.world.tag("staging") != "nothing");
    CHECK(it.world.tag("1.8.2") == "nothing");
  }
  SECTION("that published it to a registry whose place is not known any more") {
    auto same = make_registry();
    same.metadata.name = "contoso-again";
    it.world.objects.apply(same);
    other.spec.registry_ref.name = "contoso-again";
    it.world.publish(other);
    REQUIRE(it.world.condition(other, "Ready") == "True Succeeded");
    it.world.objects.kept_registries.at("contoso-again").spec.login_server.clear();
    it.remove();
    CHECK(it.world.tag("staging") != "nothing");
    CHECK(it.world.tag("1.8.2") == "nothing");
  }
  SECTION("that published it and has no access any more") {
    it.world.publish(other);
    REQUIRE(it.world.condition(other, "Ready") == "True Succeeded");
    it.world.objects.stored(key_of(other)).spec.source.image->reference = "elsewhere.example/app:1";
    it.world.objects.kept_registries.at("contoso").spec.access.front().sources = {"ghcr.io/contoso/**"};
    it.remove();
    CHECK(it.world.tag("staging") != "nothing");
    CHECK(it.world.tag("1.8.2") == "nothing");
  }
  SECTION("whose access can't be told now") {
    other.metadata.namespace_name = "billing";
    it.world.objects.apply(other);
    it.world.objects.before_labels = [is_first = true]() mutable -> Result<void> {
      if (std::exchange(is_first, false)) return fail(ErrorClass::Forbidden, "no answer");
      return {};
    };
    it.remove();
    CHECK(it.world.tag("staging") != "nothing");
    CHECK(it.world.tag("1.8.2") == "nothing");
  }
  SECTION("not of another repository, another registry, or of one that is deleted") {
    other.spec.repository = "shop/other";
    it.world.objects.apply(other);
    auto elsewhere = make_registry();
    elsewhere.metadata.name = "elsewhere";
    elsewhere.spec.login_server = "elsewhere.example";
    it.world.objects.apply(elsewhere);
    auto third = make_publication("third");
    third.spec.registry_ref.name = "elsewhere";
    it.world.objects.apply(third);
    auto deleted = make_publication("deleted");
    deleted.metadata.finalizers = {"example.com/slow"};
    it.world.objects.apply(deleted);
    it.world.objects.remove(key_of(deleted), it.world.clock.now());
    it.remove();
    CHECK(it.world.destination().tags.empty());
  }
}

TEST_CASE("who may not publish keeps no tag of another") {
  Published it;
  auto rival = make_publication("rival");
  SECTION("its namespace has no access") {
    rival.metadata.namespace_name = "billing";
  }
  SECTION("its registry is not there") {
    rival.spec.registry_ref.name = "nowhere";
  }
  SECTION("nobody may publish from its source") {
    it.world.objects.kept_registries.at("contoso").spec.access.front().sources = {"ghcr.io/contoso/**"};
    rival.spec.source.image->reference = GENERATE("elsewhere.example/app:1", "no reference at all");
  }
  it.world.publish(rival);
  CHECK(it.remove() == Outcome{});
  CHECK(it.is_gone());
  CHECK(it.world.destination().tags.empty());
  CHECK(it.world.recorder.reasons() == std::vector<std::string>{"Untagged"});
}

TEST_CASE("a tag that stays because another publication wants it is told, without a word on whose that is") {
  Published it;
  auto other = make_publication("other");
  other.metadata.namespace_name = GENERATE("shop", "billing");
  auto& access = it.world.objects.kept_registries.at("contoso").spec.access;
  access.push_back(access.front());
  access.back().namespace_selector.match_labels = {{"kubernetes.io/metadata.name", "billing"}};
  other.spec.tags.erase(other.spec.tags.begin());
  it.world.objects.apply(other);
  SECTION("while it names what this object gave it") {
    CHECK(it.remove() == Outcome{});
    REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    const std::string told = "removed: 1.8.2; left: staging, which another publication wants";
    CHECK(it.world.recorder.events[0].message == told);
    REQUIRE_FALSE(it.world.audit.entries.empty());
    CHECK(it.world.audit.entries.back().what.action == AuditAction::LeaveTags);
    CHECK(it.world.audit.entries.back().what.why == told);
  }
  SECTION("not when it was moved on") {
    const auto next = make_image(it.world.destination(), {"next"});
    it.world.destination().tags.insert_or_assign("staging", next.descriptor.digest);
    CHECK(it.remove() == Outcome{});
    REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"Untagged"});
    CHECK(it.world.recorder.events[0].message == "removed: 1.8.2");
  }
  SECTION("the plan says so before") {
    it.world.objects.remove(key_of(it.publication), it.world.clock.now());
    const auto lines = it.world.plan(it.publication);
    REQUIRE(lines.size() == 3);
    CHECK_THAT(lines[2], Catch::StartsWith("  look whether tag staging names ") &&
                             Catch::Contains("another publication wants it: it stays"));
  }
}

TEST_CASE("Untag leaves a tag that its object only found right, and says so") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto digest = image.descriptor.digest.str();
  auto team = make_publication("team");
  team.spec.tags.pop_back();
  auto rival = make_publication("rival");
  rival.spec.deletion_policy = DeletionPolicy::Untag;
  const auto remove_rival = [&] {
    world.recorder.events.clear();
    world.objects.remove(key_of(rival), world.clock.now());
    world.look(rival);
    CHECK_FALSE(world.objects.published.contains(key_of(rival)));
  };
  SECTION("of another object that went on to its next build") {
    world.publish(team);
    team.spec.build.version = "1.8.3";
    world.publish(team);
    world.publish(rival);
    remove_rival();
    CHECK(world.tag("1.8.2") == digest);
    CHECK(world.tag("staging") == "nothing");
    REQUIRE(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK(world.recorder.events[0].message ==
          "removed: staging; left: 1.8.2, which this object is not on record as having set");
  }
  SECTION("of an object that is gone, with no other tag to remove") {
    world.publish(team);
    world.objects.remove(key_of(team), world.clock.now());
    rival.spec.tags.pop_back();
    world.publish(rival);
    remove_rival();
    CHECK(world.tag("1.8.2") == digest);
    REQUIRE(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK(world.recorder.events[0].message == "left: 1.8.2, which this object is not on record as having set");
  }
  SECTION("that came after an attempt which failed before it set one") {
    world.registry.before = [](const std::string& request) -> Result<void> {
      if (request.find("/blobs/") != std::string::npos) return fail(ErrorClass::Unavailable, "cut");
      return {};
    };
    world.publish(rival);
    world.registry.before = nullptr;
    world.publish(team);
    world.objects.remove(key_of(team), world.clock.now());
    world.look(rival);
    remove_rival();
    CHECK(world.tag("1.8.2") == digest);
  }
  SECTION("that was there when an attempt failed at another tag") {
    world.publish(team);
    world.objects.remove(key_of(team), world.clock.now());
    world.registry.before = [](const std::string& request) -> Result<void> {
      if (request == "PUT registry.example/shop/storefront:staging") return fail(ErrorClass::Forbidden, "denied");
      return {};
    };
    world.publish(rival);
    world.registry.before = nullptr;
    world.look(rival);
    CHECK(world.tag("staging") == digest);
    remove_rival();
    CHECK(world.tag("1.8.2") == digest);
  }
  SECTION("that came after an attempt which was refused it, with its record there") {
    world.registry.before = [](const std::string& request) -> Result<void> {
      if (request == "PUT registry.example/shop/storefront:1.8.2") return fail(ErrorClass::Forbidden, "denied");
      return {};
    };
    world.publish(rival);
    world.registry.before = nullptr;
    REQUIRE(world.records_on(image.descriptor.digest) == 1);
    world.publish(team);
    world.objects.remove(key_of(team), world.clock.now());
    world.look(rival);
    remove_rival();
    CHECK(world.tag("1.8.2") == digest);
  }
  SECTION("as far as a status of an earlier version tells") {
    world.publish(rival);
    for (auto& tag : world.objects.stored(key_of(rival)).status.published->tags) tag.owned = false;
    world.look(rival);
    remove_rival();
    CHECK(world.tag("1.8.2") == digest);
    REQUIRE(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK(world.recorder.events[0].message == "left: 1.8.2, staging, which this object is not on record as having set");
    REQUIRE(world.audit.entries.size() == 1);
    CHECK(world.audit.entries[0].what.action == AuditAction::LeaveTags);
  }
  SECTION("that came while it was publishing") {
    world.registry.before = [&](const std::string& request) -> Result<void> {
      if (request.starts_with("PUT") && request.find("storefront@") != std::string::npos)
        world.destination().tags.insert_or_assign("1.8.2", image.descriptor.digest);
      return {};
    };
    world.publish(rival);
    world.registry.before = nullptr;
    remove_rival();
    CHECK(world.tag("1.8.2") == digest);
  }
}

TEST_CASE("Untag takes a tag that it found right and set again later, also where that attempt failed afterwards") {
  PublishWorld world;
  world.push({"base"});
  auto team = make_publication("team");
  auto rival = make_publication("rival");
  rival.spec.deletion_policy = DeletionPolicy::Untag;
  world.publish(team);
  world.publish(rival);
  world.objects.remove(key_of(team), world.clock.now());
  world.look(team);
  world.destination().tags.clear();
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (request == "PUT registry.example/shop/storefront:staging") return fail(ErrorClass::Forbidden, "denied");
    return {};
  };
  world.look(rival);
  world.registry.before = nullptr;
  REQUIRE(world.tag("1.8.2") != "nothing");
  REQUIRE_FALSE(world.status(rival).published->tags.front().owned);
  world.recorder.events.clear();
  world.objects.remove(key_of(rival), world.clock.now());
  world.look(rival);
  CHECK(world.tag("1.8.2") == "nothing");
  REQUIRE_FALSE(world.recorder.events.empty());
  CHECK_THAT(world.recorder.events[0].message, Catch::StartsWith("removed: 1.8.2"));
}

TEST_CASE("a tag that this object set stays its own") {
  Published it;
  const auto take_all_away = [&] {
    it.remove();
    CHECK(it.world.destination().tags.empty());
    CHECK(it.world.recorder.reasons() == std::vector<std::string>{"Untagged"});
  };
  SECTION("through later looks") {
    it.world.clock.advance(25h);
    it.world.look(it.publication);
    take_all_away();
  }
  SECTION("when another publication of it finds it right") {
    it.publication.spec.build.labels["note"] = "again";
    it.world.publish(it.publication);
    take_all_away();
  }
  SECTION("when it is set again") {
    it.world.destination().tags.clear();
    it.world.look(it.publication);
    take_all_away();
  }
  SECTION("when the attempt that set it failed at another tag") {
    it.publication.spec.build.version = "1.8.3";
    it.world.registry.before = [](const std::string& request) -> Result<void> {
      if (request.starts_with("PUT") && request.ends_with(":staging")) return fail(ErrorClass::Forbidden, "denied");
      return {};
    };
    it.world.push({"newer"});
    it.world.publish(it.publication);
    it.world.registry.before = nullptr;
    it.world.look(it.publication);
    CHECK(it.world.tag("1.8.3") != "nothing");
    it.remove();
    CHECK(it.world.tag("1.8.3") == "nothing");
    CHECK(it.world.tag("staging") == "nothing");
  }
}

TEST_CASE("the plan says which tags another publication wants") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.objects.apply(publication);
  auto other = make_publication("other");
  other.spec.tags.erase(other.spec.tags.begin());
  auto registry = make_registry();
  registry.metadata.name = "another-name";
  std::ptrdiff_t said = 0;
  SECTION("of the same registry") {
    said = 1;
  }
  SECTION("by another name of the same registry") {
    registry.spec.login_server = "Registry.example:443";
    other.spec.registry_ref.name = registry.metadata.name;
    said = 1;
  }
  SECTION("not of another registry") {
    other.spec.registry_ref.name = registry.metadata.name;
    registry.spec.login_server = "elsewhere.example";
  }
  SECTION("not of a registry that is not there") {
    other.spec.registry_ref.name = "nowhere";
  }
  SECTION("not of another repository") {
    other.spec.repository = "shop/other";
  }
  SECTION("not one that may not publish there") {
    registry = make_registry();
    registry.spec.access.front().sources = {"ghcr.io/contoso/**"};
    other.spec.source.image->reference = "elsewhere.example/app:1";
  }
  world.objects.apply(registry);
  world.objects.apply(other);
  CHECK(std::ranges::count(world.plan(publication),
                           "  note: tag staging is wanted by ImagePublication shop/other too") == said);
}

TEST_CASE("Untag lets the object go where nothing can be removed, and says so") {
  Published it;
  const auto before = it.world.destination();
  std::string told;
  SECTION("the registry has no untag") {
    it.world.destination().can_untag = false;
    told = "can't remove a tag alone";
  }
  SECTION("the ContainerRegistry is gone") {
    it.world.objects.kept_registries.clear();
    told = "has no Publish on";
  }
  SECTION("access was withdrawn") {
    it.world.objects.kept_registries.at("contoso").spec.access.clear();
    told = "has no Publish on";
  }
  SECTION("the registry forbids it") {
    it.world.registry.before = [](const std::string& request) -> Result<void> {
      if (request.starts_with("DELETE")) return fail(ErrorClass::Forbidden, "denied");
      return {};
    };
    told = "denied";
  }
  SECTION("it was deleted while suspended") {
    it.publication.spec.suspend = true;
    it.world.publish(it.publication);
    told = "deleted while suspended";
  }
  CHECK(it.remove() == Outcome{});
  CHECK(it.is_gone());
  CHECK(it.world.destination() == before);
  REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
  CHECK_THAT(it.world.recorder.events[0].message, Catch::Contains(told));
}

TEST_CASE("an outage is waited for ten minutes") {
  Published it;
  // Invalid: what answers speaks something else. Refused: it is not trusted.
  const auto [cls, reason] = GENERATE(values<std::pair<ErrorClass, std::string>>({
      {ErrorClass::Unavailable, ""},
      {ErrorClass::Throttled, ""},
      {ErrorClass::Invalid, ""},
      {ErrorClass::Refused, "CertificateNotTrusted"},
      {ErrorClass::Refused, "AnsweredInClear"},
  }));
  it.world.registry.before = [cls, reason](const std::string&) -> Result<void> {
    return fail_because(reason, {.cls = cls, .message = "no answer"});
  };
  CHECK(it.remove() == Outcome{.kind = Kind::Again, .delay = 2s});
  CHECK_FALSE(it.is_gone());
  CHECK(it.world.recorder.reasons() == std::vector<std::string>{"Untagging"});
  it.world.recorder.events.clear();

  SECTION("it comes back in time") {
    it.world.registry.before = nullptr;
    CHECK(it.world.look(it.publication) == Outcome{});
    CHECK(it.is_gone());
    CHECK(it.world.destination().tags.empty());
  }
  SECTION("also when whoever noted the deletion has a clock that is ahead") {
    it.world.clock.advance(-10min + 1ms);
    CHECK(it.world.look(it.publication).kind == Kind::Again);
    CHECK_FALSE(it.is_gone());
  }
  SECTION("a clock that is further ahead tells nothing") {
    it.world.clock.advance(-10min);
    CHECK(it.world.look(it.publication) == Outcome{});
    CHECK(it.is_gone());
  }
  SECTION("it does not") {
    it.world.clock.advance(10min - 1ms);
    CHECK(it.world.look(it.publication) == Outcome{.kind = Kind::Again, .delay = 1ms});
    CHECK_FALSE(it.is_gone());
    it.world.recorder.events.clear();
    it.world.clock.advance(1ms);
    CHECK(it.world.look(it.publication) == Outcome{});
    CHECK(it.is_gone());
    CHECK(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
  }
}

TEST_CASE("a deletion is never held up for longer than ten minutes") {
  Published it;
  auto error = fail(ErrorClass::Unavailable, "no answer").error();
  std::chrono::milliseconds takes{};
  SECTION("by a registry that is away") {}
  SECTION("by one that says to come again in an hour") {
    error.retry_after = 1h;
  }
  SECTION("by one that keeps each request waiting") {
    takes = 4min;
  }
  SECTION("by an audit log that can't be written") {
    it.world.audit.failure = error;
  }
  it.world.registry.before = [&](const std::string&) -> Result<void> {
    it.world.clock.advance(takes);
    return std::unexpected(error);
  };
  const auto deleted = it.world.clock.now();
  Outcome outcome = it.remove();
  for (int tries = 0; outcome.delay && tries < 1000; ++tries) {
    it.world.clock.advance(*outcome.delay);
    outcome = it.world.look(it.publication);
  }
  CHECK(it.is_gone());
  CHECK(it.world.clock.now() - deleted <= 10min);
  CHECK(it.world.clock.now() - deleted > 6min);
}

TEST_CASE("what is stopped when the ten minutes are over lets the object go, what comes later tries for a minute") {
  Published it;
  std::chrono::milliseconds takes = 10min;
  it.world.registry.before = [&](const std::string&) -> Result<void> {
    it.world.clock.advance(takes);
    return fail(ErrorClass::Cancelled, "stopped");
  };
  SECTION("stopped before") {
    takes = 10min - 1ms;
    CHECK(it.remove() == Outcome{.kind = Kind::Again, .delay = 1ms});
    CHECK_FALSE(it.is_gone());
    it.world.clock.advance(1ms);
    takes = 1min - 1ms;
    CHECK(it.world.look(it.publication) == Outcome{.kind = Kind::Again, .delay = 1ms});
    CHECK_FALSE(it.is_gone());
    takes = 1min;
    CHECK(it.world.look(it.publication) == Outcome{});
  }
  SECTION("stopped then") {
    CHECK(it.remove() == Outcome{});
  }
  CHECK(it.is_gone());
  REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
  CHECK_THAT(it.world.recorder.events[0].message, Catch::Contains("within the time"));
  CHECK_FALSE(it.world.destination().tags.empty());
}

TEST_CASE("stopped between two tags it remembers the one that was set, and a deletion takes that away") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (request == "PUT registry.example/shop/storefront:staging") return fail(ErrorClass::Cancelled, "stopped");
    return {};
  };
  world.publish(publication);
  REQUIRE(world.tag("1.8.2") != "nothing");
  const auto attempt = world.objects.stored(key_of(publication)).status.attempt;
  REQUIRE(attempt);
  REQUIRE(attempt->tags.size() == 2);
  CHECK(attempt->tags[0].tag == "1.8.2");
  CHECK(attempt->tags[0].owned);
  CHECK(attempt->tags[1].tag == "staging");
  CHECK_FALSE(attempt->tags[1].owned);
  world.registry.before = nullptr;
  world.objects.remove(key_of(publication), world.clock.now());
  CHECK(world.look(publication) == Outcome{});
  CHECK(world.tag("1.8.2") == "nothing");
}

TEST_CASE("stopped while the registry sets a tag, it finds after the start that the tag is its own") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request != "PUT registry.example/shop/storefront:staging") return {};
    auto& tags = world.destination().tags;
    tags.insert_or_assign("staging", tags.at("1.8.2"));
    return fail(ErrorClass::Cancelled, "stopped");
  };
  world.publish(publication);
  SECTION("at once") {}
  SECTION("after an outage") {
    world.registry.before = [](const std::string&) -> Result<void> { return fail(ErrorClass::Unavailable, "away"); };
    CHECK(world.look(publication).kind == Kind::Retry);
  }
  world.registry.before = nullptr;
  world.look(publication);
  world.objects.remove(key_of(publication), world.clock.now());
  CHECK(world.look(publication) == Outcome{});
  CHECK(world.destination().tags.empty());
}

TEST_CASE("a tag that was set all the same is this object's, whatever the answer was that came in its place") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  const auto cls = GENERATE(ErrorClass::Unavailable, ErrorClass::Throttled, ErrorClass::QuotaExceeded,
                            ErrorClass::Integrity, ErrorClass::Internal);
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request != "PUT registry.example/shop/storefront:staging") return {};
    auto& tags = world.destination().tags;
    tags.insert_or_assign("staging", tags.at("1.8.2"));
    return fail(cls, "the first of several tries had set it");
  };
  world.publish(publication);
  world.registry.before = nullptr;
  world.look(publication);
  world.objects.remove(key_of(publication), world.clock.now());
  CHECK(world.look(publication) == Outcome{});
  CHECK(world.destination().tags.empty());
}

TEST_CASE("a deletion may be held up for ten minutes, for a minute by who was away, and a minute where clocks differ") {
  const Timestamp began{1000min};
  const auto until = [&](std::chrono::minutes deleted, std::chrono::minutes at_work_since) {
    return publish::end_of_withdrawal(began + deleted, began, began + at_work_since) - began;
  };
  CHECK(until(0min, -100min) == 10min);
  CHECK(until(-9min, -100min) == 1min);
  CHECK(until(-30min, -100min) == 1min);
  CHECK(until(-30min, 0min) == 1min);
  CHECK(until(0min, 0min) == 10min);
  CHECK(until(9min, -100min) == 19min);
  CHECK(until(10min, -100min) == 1min);
}

TEST_CASE("stopped while it takes tags away, it goes on after the start") {
  Published it;
  it.world.registry.before = [](const std::string& request) -> Result<void> {
    if (request == "DELETE registry.example/shop/storefront:staging") return fail(ErrorClass::Cancelled, "stopping");
    return {};
  };
  CHECK(it.remove() == Outcome{.kind = Kind::Again, .delay = 10min});
  CHECK_FALSE(it.is_gone());
  CHECK(it.world.tag("1.8.2") == "nothing");
  it.world.registry.before = nullptr;
  CHECK(it.world.look(it.publication) == Outcome{});
  CHECK(it.is_gone());
  CHECK(it.world.destination().tags.empty());
}

TEST_CASE("what Slipway comes to only after the ten minutes is tried once") {
  Published it;
  it.world.objects.remove(key_of(it.publication), it.world.clock.now());
  it.world.recorder.events.clear();
  it.world.clock.advance(11min);
  SECTION("and its tags go") {
    CHECK(it.world.look(it.publication) == Outcome{});
    CHECK(it.world.destination().tags.empty());
    CHECK(it.world.recorder.reasons() == std::vector<std::string>{"Untagged"});
  }
  SECTION("and let go where the registry does not answer") {
    int asked = 0;
    it.world.registry.before = [&asked](const std::string&) -> Result<void> {
      ++asked;
      return fail(ErrorClass::Unavailable, "no answer");
    };
    CHECK(it.world.look(it.publication) == Outcome{});
    CHECK(asked == 1);
    REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK_THAT(it.world.recorder.events[0].message, Catch::Contains("no answer"));
  }
  SECTION("and let go where nothing can be recorded, with the truth about it") {
    it.world.audit.failure = fail(ErrorClass::Unavailable, "the audit log can't be written").error();
    it.world.destination().can_untag = false;
    CHECK(it.world.look(it.publication) == Outcome{});
    REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK_THAT(it.world.recorder.events[0].message,
               Catch::Contains("; this is not in the audit log: the audit log can't be written"));
  }
  CHECK(it.is_gone());
}

namespace {

/// What was published, and another publication to the same registry, both deleted eleven minutes ago.
struct DeletedLongAgo : Published {
  DeletedLongAgo() {
    other.spec.repository = "shop/other";
    other.spec.deletion_policy = DeletionPolicy::Untag;
    world.publish(other);
    world.objects.remove(key_of(publication), world.clock.now());
    world.objects.remove(key_of(other), world.clock.now());
    world.clock.advance(11min);
  }

  ImagePublication other = make_publication("other");
  publish::PublishReconciler reconciler = world.reconciler();
};

}  // namespace

TEST_CASE("who comes late does not wait for a registry that answered nobody lately") {
  DeletedLongAgo it;
  const auto cls = GENERATE(ErrorClass::Unavailable, ErrorClass::Cancelled);
  const auto takes = cls == ErrorClass::Cancelled ? 1min : 0min;
  int asked = 0;
  it.world.registry.before = [&](const std::string&) -> Result<void> {
    ++asked;
    it.world.clock.advance(takes);
    return fail(cls, "no answer");
  };
  CHECK(it.reconciler.reconcile(key_of(it.publication), {}) == Outcome{});
  CHECK(it.is_gone());
  CHECK(asked == 1);
  SECTION("as long as it did not") {
    it.world.recorder.events.clear();
    CHECK(it.reconciler.reconcile(key_of(it.other), {}) == Outcome{});
    CHECK(asked == 1);
    REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK_THAT(it.world.recorder.events[0].message, Catch::Contains("within the time"));
  }
  SECTION("but asks it again later") {
    it.world.registry.before = nullptr;
    it.world.clock.advance(10min);
    CHECK(it.reconciler.reconcile(key_of(it.other), {}) == Outcome{});
    CHECK(it.world.registry.at("registry.example", "shop/other").tags.empty());
  }
  CHECK_FALSE(it.world.objects.published.contains(key_of(it.other)));
}

TEST_CASE("who comes late asks a registry that only refused another") {
  DeletedLongAgo it;
  it.world.registry.before = [](const std::string&) -> Result<void> {
    return fail(ErrorClass::Throttled, "too many requests");
  };
  CHECK(it.reconciler.reconcile(key_of(it.publication), {}) == Outcome{});
  it.world.registry.before = nullptr;
  CHECK(it.reconciler.reconcile(key_of(it.other), {}) == Outcome{});
  CHECK(it.world.registry.at("registry.example", "shop/other").tags.empty());
}

TEST_CASE("who comes late asks a registry that nobody came to ask before") {
  DeletedLongAgo it;
  it.world.objects.before_labels = [] { return fail(ErrorClass::Unavailable, "the API server is away"); };
  CHECK(it.reconciler.reconcile(key_of(it.publication), {}) == Outcome{});
  REQUIRE(it.is_gone());
  it.world.objects.before_labels = nullptr;
  CHECK(it.reconciler.reconcile(key_of(it.other), {}) == Outcome{});
  CHECK(it.world.registry.at("registry.example", "shop/other").tags.empty());
}

TEST_CASE("a deletion that stops while a tag is set looks what became of it") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  bool sets = true;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request != "PUT registry.example/shop/storefront:staging") return {};
    auto& tags = world.destination().tags;
    if (sets) tags.insert_or_assign("staging", tags.at("1.8.2"));
    return fail(ErrorClass::Cancelled, "stopped");
  };
  const auto publish_and_remove = [&] {
    world.publish(publication);
    world.registry.before = nullptr;
    world.recorder.events.clear();
    world.objects.remove(key_of(publication), world.clock.now());
    return world.look(publication);
  };
  SECTION("it may be this object's: it stays, and that is said") {
    CHECK(publish_and_remove() == Outcome{});
    CHECK(world.tag("staging") != "nothing");
    REQUIRE(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK(world.recorder.events[0].message ==
          "removed: 1.8.2; left: staging, which this object was about to set when it was last heard of, and may have");
    CHECK(world.audit.entries.back().what.action == AuditAction::LeaveTags);
  }
  SECTION("it was not set: there is nothing to say") {
    sets = false;
    CHECK(publish_and_remove() == Outcome{});
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Untagged"});
    CHECK(world.recorder.events[0].message == "removed: 1.8.2");
  }
  SECTION("another publication wants it") {
    auto other = make_publication("other");
    other.spec.tags.erase(other.spec.tags.begin());
    world.objects.apply(other);
    sets = GENERATE(true, false);
    CHECK(publish_and_remove() == Outcome{});
    if (sets) {
      CHECK(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
      CHECK(world.recorder.events[0].message == "removed: 1.8.2; left: staging, which another publication wants");
    } else {
      CHECK(world.recorder.reasons() == std::vector<std::string>{"Untagged"});
    }
  }
  SECTION("nobody can look: what is left is said") {
    world.publish(publication);
    world.registry.before = [&](const std::string& request) -> Result<void> {
      if (request.ends_with(":staging")) return fail(ErrorClass::Forbidden, "denied");
      return {};
    };
    world.recorder.events.clear();
    world.objects.remove(key_of(publication), world.clock.now());
    CHECK(world.look(publication) == Outcome{});
    REQUIRE(world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
    CHECK_THAT(world.recorder.events[0].message, Catch::Contains("staging"));
  }
  CHECK_FALSE(world.objects.published.contains(key_of(publication)));
}

TEST_CASE("where some tags went and others can't, both are said") {
  Published it;
  std::string told;
  ErrorClass cls{};
  std::chrono::milliseconds takes{};
  SECTION("they are forbidden") {
    cls = ErrorClass::Forbidden;
    told = "tag staging: denied";
  }
  SECTION("the time is over") {
    cls = ErrorClass::Cancelled;
    takes = 10min;
    told = "they could not be removed within the time that a deletion may be held up";
  }
  it.world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request != "DELETE registry.example/shop/storefront:staging") return {};
    it.world.clock.advance(takes);
    return fail(cls, "denied");
  };
  CHECK(it.remove() == Outcome{});
  CHECK(it.is_gone());
  CHECK(it.world.tag("1.8.2") == "nothing");
  REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"LeftTagged"});
  CHECK(it.world.recorder.events[0].message == "removed: 1.8.2; what is left of its tags stays (staging): " + told);
  CHECK(it.world.audit.entries.back().what.why == it.world.recorder.events[0].message);
}

TEST_CASE("where some tags went and others are waited for, both are said") {
  Published it;
  it.world.registry.before = [](const std::string& request) -> Result<void> {
    if (request == "DELETE registry.example/shop/storefront:staging") return fail(ErrorClass::Unavailable, "no answer");
    return {};
  };
  CHECK(it.remove().kind == Kind::Again);
  REQUIRE(it.world.recorder.reasons() == std::vector<std::string>{"Untagging"});
  CHECK(it.world.recorder.events[0].message ==
        "removed: 1.8.2; what is left of its tags can't be removed yet (staging): tag staging: no answer");
}

TEST_CASE("a finalizer that can't be written now is written soon") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.objects.before_write = []() -> Result<void> { return fail(ErrorClass::Conflict, "newer"); };
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Retry});
  CHECK(world.registry.requests.empty());
  world.objects.before_write = []() -> Result<void> { return fail(ErrorClass::Unavailable, "no answer"); };
  CHECK(world.look(publication).kind == Kind::Retry);
}

TEST_CASE("a right to set or to take off the finalizer that is missing is said with the line that gives it") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  const auto refuse_finalizers = [&world] {
    world.objects.before_finalizer = []() -> Result<void> {
      return std::unexpected(
          Error{.cls = ErrorClass::Forbidden, .message = "403", .remedy = "add: verbs: [patch]", .retry_after = 60s});
    };
  };
  const std::string told = "403: add: verbs: [patch]";
  const Outcome soon{.kind = Kind::Stalled, .delay = 60s};

  SECTION("of one that is to be published") {
    refuse_finalizers();
    CHECK(world.publish(publication) == soon);
    CHECK(world.registry.requests.empty());
    CHECK(world.condition(publication, "Stalled") == "True Forbidden");
    CHECK(world.message(publication) == told);
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Forbidden"});
    CHECK(world.look(publication) == soon);
    CHECK(world.objects.written.empty());
    world.objects.before_finalizer = nullptr;
    world.look(publication);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.objects.stored(key_of(publication)).metadata.finalizers.size() == 1);
  }
  SECTION("of one whose tags are to stay by now") {
    world.publish(publication);
    refuse_finalizers();
    publication.spec.deletion_policy = DeletionPolicy::Retain;
    CHECK(world.publish(publication) == soon);
    CHECK(world.message(publication) == told);
    CHECK(world.status(publication).published);
  }
  SECTION("of one that is deleted") {
    world.publish(publication);
    refuse_finalizers();
    world.recorder.events.clear();
    SECTION("and its tags are gone") {}
    SECTION("and its tags stay") {
      world.objects.stored(key_of(publication)).spec.suspend = true;
    }
    world.objects.remove(key_of(publication), world.clock.now());
    CHECK(world.look(publication) == Outcome{.kind = Kind::Retry, .delay = 60s});
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Untagging"});
    CHECK(world.recorder.events[0].message == "it is not gone yet: " + told);
    world.objects.before_finalizer = nullptr;
    world.look(publication);
    CHECK_FALSE(world.objects.published.contains(key_of(publication)));
  }
}

}  // namespace slipway::tests
