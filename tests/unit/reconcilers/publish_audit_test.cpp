#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;

const Error kDiskFull{.cls = ErrorClass::Unavailable,
                      .message = "writing the audit log: no space left on device",
                      .remedy = "make room",
                      .reason = "",
                      .retry_after = std::nullopt};

/// Whoever deletes it learns that the registry can't untag.
ImagePublication published_where_tags_stay(PublishWorld& world) {
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.publish(publication);
  world.destination().can_untag = false;
  return publication;
}

}  // namespace

TEST_CASE("what a publication changes is announced twice: its manifests, then its tags") {
  PublishWorld world;
  const auto image = world.push({"base"});
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT registry.example/shop/storefront@")) CHECK(world.registry.announced.size() == 1);
    if (request.starts_with("PUT registry.example/shop/storefront:")) CHECK(world.registry.announced.size() == 2);
    return {};
  };
  world.publish(make_publication());
  REQUIRE(world.registry.announced.size() == 2);
  const auto& manifests = world.registry.announced[0];
  CHECK(manifests.size() == world.destination().manifests.size());
  for (const auto& change : manifests) {
    CHECK(change.tag.empty());
    CHECK(world.destination().manifests.contains(*change.manifest));
  }
  CHECK(world.registry.announced[1] ==
        std::vector<ComingChange>{{.tag = "1.8.2", .manifest = image.descriptor.digest},
                                  {.tag = "staging", .manifest = image.descriptor.digest}});
}

TEST_CASE("a publication that is right announces nothing") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  world.registry.announced.clear();
  world.look(publication);
  CHECK(world.registry.announced.empty());
}

TEST_CASE("a repository is opened to be changed in the name of the object as it was read") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.status.source_revision = "main@sha1:4f2a";
  world.publish(publication);
  REQUIRE(world.registry.changed_for.size() == 1);
  const auto& who = world.registry.changed_for[0];
  CHECK(who.object == key_of(publication));
  CHECK(who.uid == world.objects.stored(key_of(publication)).metadata.uid);
  CHECK(who.generation == world.objects.stored(key_of(publication)).metadata.generation);
}

TEST_CASE("what can't be accounted for is not done, and comes again") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.no_account = kDiskFull;
  CHECK(world.publish(publication).kind == Kind::Retry);
  CHECK(world.destination().manifests.empty());
  CHECK(world.destination().tags.empty());
  CHECK_THAT(world.message(publication), Catch::Matchers::Contains("no space left on device"));
  world.registry.no_account = std::nullopt;
  world.look(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
}

TEST_CASE("a deletion that leaves tags behind is on record") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.publish(publication);
  const auto removed = [&] {
    world.objects.remove(key_of(publication), world.clock.now());
    return world.look(publication);
  };
  SECTION("because it is suspended") {
    publication.spec.suspend = true;
    world.publish(publication);
    removed();
  }
  SECTION("because the registry can't") {
    world.destination().can_untag = false;
    removed();
  }
  REQUIRE(world.audit.entries.size() == 1);
  const auto& entry = world.audit.entries[0];
  CHECK(entry.what.action == AuditAction::LeaveTags);
  CHECK(entry.what.registry == "registry.example");
  CHECK(entry.what.repository == "shop/storefront");
  CHECK_FALSE(entry.what.why.empty());
  CHECK(entry.who.object == key_of(publication));
  CHECK(entry.how == "Done");
}

TEST_CASE("a deletion of what never sent anything is on no record: no tag of it can stay") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  publication.spec.suspend = true;
  publication.metadata.finalizers = {"slipway.dev/untag"};
  world.publish(publication);
  world.recorder.events.clear();
  SECTION("at once") {}
  SECTION("also while the log can't be written") {
    world.audit.failure = kDiskFull;
  }
  world.objects.remove(key_of(publication), world.clock.now());
  CHECK(world.look(publication) == Outcome{});
  CHECK_FALSE(world.objects.published.contains(key_of(publication)));
  CHECK(world.audit.entries.empty());
  CHECK(world.recorder.events.empty());
}

TEST_CASE("an attempt that failed may have left tags, and its deletion is on record") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT") && request.ends_with(":1.8.2")) return fail(ErrorClass::Unavailable, "cut");
    return {};
  };
  world.publish(publication);
  REQUIRE_FALSE(world.status(publication).published);
  world.registry.before = nullptr;
  publication.spec.suspend = true;
  world.publish(publication);
  world.objects.remove(key_of(publication), world.clock.now());
  CHECK(world.look(publication) == Outcome{});
  REQUIRE(world.audit.entries.size() == 1);
  CHECK(world.audit.entries[0].what.action == AuditAction::LeaveTags);
}

TEST_CASE("a deletion does not wait for a namespace's part of the audit log to be free again") {
  PublishWorld world;
  const auto publication = published_where_tags_stay(world);
  world.audit.failure = Error{.cls = ErrorClass::QuotaExceeded, .message = "namespace shop put much", .remedy = "less"};
  world.objects.remove(key_of(publication), world.clock.now());
  world.recorder.events.clear();
  CHECK(world.look(publication) == Outcome{});
  CHECK_FALSE(world.objects.published.contains(key_of(publication)));
  REQUIRE(world.recorder.events.size() == 1);
  CHECK_THAT(world.recorder.events[0].message,
             Catch::Matchers::Contains("not in the audit log: namespace shop put much"));
}

TEST_CASE("a deletion waits ten minutes for the audit log, and no longer") {
  PublishWorld world;
  const auto publication = published_where_tags_stay(world);
  world.audit.failure = kDiskFull;
  world.objects.remove(key_of(publication), world.clock.now());
  CHECK(world.look(publication).kind == Kind::Again);
  CHECK(world.objects.published.contains(key_of(publication)));
  world.clock.advance(std::chrono::minutes(10));
  world.recorder.events.clear();
  CHECK(world.look(publication) == Outcome{});
  CHECK_FALSE(world.objects.published.contains(key_of(publication)));
  REQUIRE(world.recorder.events.size() == 1);
  CHECK_THAT(world.recorder.events[0].message,
             Catch::Matchers::Contains("not in the audit log: writing the audit log: no space left on device"));
}

}  // namespace slipway::tests
