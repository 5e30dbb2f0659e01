#include "controller/registry/noted_changes.h"

#include "controller/registry/referrer_list.h"
#include "controller/registry/registry_client.h"
#include "tests/catch.h"
#include "tests/support/in_memory_audit.h"
#include "tests/support/manual_clock.h"
#include "tests/support/scripted_transport.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

const Digest kOld = Digest::of("old");
const Digest kNew = Digest::of("new");
const AuditSubject kWho{.object = {.kind = ResourceKind::ImagePublication, .namespace_name = "shop", .name = "app"},
                        .uid = "u",
                        .generation = 3,
                        .edited_by = "kubectl",
                        .revision = ""};

content::ManifestBytes manifest_of(const std::string& bytes) {
  return {.descriptor = {.media_type = "x", .digest = Digest::of(bytes), .size = 3}, .bytes = bytes};
}

struct World {
  tests::ScriptedTransport network;
  tests::ManualClock clock{Timestamp{1'800'000'000'000ms}};
  tests::InMemoryAudit audit;
  std::optional<registry::RegistryClient> store{
      std::in_place,
      std::make_shared<registry::Connection>(
          network, clock,
          registry::TokenOptions{.host = "r.io",
                                 .plain_http = false,
                                 .credentials = {},
                                 .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; }}),
      registry::ClientOptions{.repository = "a/b", .audited = {.log = &audit, .who = kWho}}};

  /// "MoveTag v1 <before> <after> Done", digests by their first digits.
  std::vector<std::string> account() const {
    const auto digits = [](const std::optional<Digest>& digest) { return digest ? digest->short_hex(4) : "none"; };
    std::vector<std::string> lines;
    for (const auto& [who, what, how] : audit.entries) {
      CHECK(who == kWho);
      CHECK(what.registry == "r.io");
      CHECK(what.repository == "a/b");
      static const std::map<AuditAction, std::string> kNames{{AuditAction::PushManifest, "PushManifest"},
                                                             {AuditAction::DeleteManifest, "DeleteManifest"},
                                                             {AuditAction::SetTag, "SetTag"},
                                                             {AuditAction::MoveTag, "MoveTag"},
                                                             {AuditAction::RemoveTag, "RemoveTag"},
                                                             {AuditAction::LeaveTags, "LeaveTags"}};
      lines.push_back(kNames.at(what.action) + ' ' + what.tag + ' ' + (what.looked ? digits(what.before) : "unseen") +
                      ' ' + digits(what.after) + ' ' + how);
    }
    return lines;
  }

  void tag_names(const std::optional<Digest>& digest) {
    if (digest)
      network.then(200, {{"Docker-Content-Digest", digest->str()}, {"Content-Length", "3"}});
    else
      network.then(404);
    REQUIRE(store->resolve("v1", {}));
  }
};

using Lines = std::vector<std::string>;
const std::string kOldDigits = kOld.short_hex(4);
const std::string kNewDigits = kNew.short_hex(4);

}  // namespace

TEST_CASE("Each change is on record with what was seen before it") {
  World world;
  world.network.then(201);
  REQUIRE(world.store->put_manifest(manifest_of("new"), {}));
  world.network.then(201);
  REQUIRE(world.store->put_tag("v1", manifest_of("old"), {}));
  world.network.then(201);
  REQUIRE(world.store->put_tag("v1", manifest_of("new"), {}));
  world.tag_names(std::nullopt);
  world.network.then(201);
  REQUIRE(world.store->put_tag("v1", manifest_of("new"), {}));
  world.tag_names(kOld);
  world.network.then(202);
  REQUIRE(world.store->remove_tag("v1", {}));
  world.network.then(202);
  REQUIRE(world.store->remove_manifest(kOld, {}));
  CHECK(world.account() == Lines{
                               "PushManifest  unseen " + kNewDigits + " Done",
                               "SetTag v1 unseen " + kOldDigits + " Done",
                               "MoveTag v1 " + kOldDigits + ' ' + kNewDigits + " Done",
                               "SetTag v1 none " + kNewDigits + " Done",
                               "RemoveTag v1 " + kOldDigits + " none Done",
                               "DeleteManifest  " + kOldDigits + " none Done",
                           });
}

TEST_CASE("It is on record before anything is sent, and how it ended after it") {
  World world;
  world.network.then(fail(ErrorClass::Unavailable, "no answer", "try again"));
  CHECK_FALSE(world.store->put_tag("v1", manifest_of("new"), {}));
  CHECK(world.account() == Lines{"SetTag v1 unseen " + kNewDigits + " Unavailable"});
  world.audit.failure = Error{.cls = ErrorClass::Unavailable, .message = "the disk is full", .remedy = "make room"};
  const std::string told = "the change is not made, because it can't be recorded: the disk is full";
  const auto sent = world.network.requests.size();
  CHECK(world.store->put_tag("v1", manifest_of("new"), {}).error().message == told);
  CHECK(world.store->put_manifest(manifest_of("new"), {}).error().message == told);
  CHECK(world.store->put_referrer(manifest_of("new"), manifest_of("old").descriptor, {}).error().message == told);
  CHECK(world.store->remove_tag("v1", {}).error().message == told);
  CHECK(world.store->remove_manifest(kOld, {}).error().message == told);
  CHECK(world.store->announce({{.tag = "v1", .manifest = kNew}}).error().message == told);
  CHECK(world.network.requests.size() == sent);
}

TEST_CASE("What is announced is accounted for at once, and what did not come of it as not tried") {
  World world;
  world.tag_names(kOld);
  REQUIRE(world.store->announce({{.tag = "v1", .manifest = kNew},
                                 {.tag = "v2", .manifest = kNew},
                                 {.tag = "v1", .manifest = kNew},
                                 {.tag = {}, .manifest = kNew}}));
  CHECK(world.audit.asked == 1);
  CHECK(world.audit.entries.size() == 3);
  world.network.then(201);
  REQUIRE(world.store->put_tag("v1", manifest_of("new"), {}));
  world.network.then(201);
  REQUIRE(world.store->put_manifest(manifest_of("new"), {}));
  CHECK(world.audit.asked == 1);
  world.network.then(201);
  REQUIRE(world.store->put_tag("v1", manifest_of("new"), {}));
  CHECK(world.audit.asked == 2);
  world.store.reset();
  CHECK(world.account() == Lines{
                               "PushManifest  unseen " + kNewDigits + " Done",
                               "MoveTag v1 " + kOldDigits + ' ' + kNewDigits + " Done",
                               "SetTag v2 unseen " + kNewDigits + " Refused",
                               "SetTag v1 " + kNewDigits + ' ' + kNewDigits + " Done",
                           });
}

TEST_CASE("A tag that stands in for the referrers API is on record too") {
  World world;
  const auto referrer = manifest_of("new");
  const std::string tag = "sha256-" + std::string(kOld.hex());
  const auto index = registry::referrer_index({referrer.descriptor});
  world.network.then(201);
  world.network.then(404);
  world.network.then(201);
  world.network.then(200, {{"Content-Type", std::string(content::kOciIndex)}}, index.bytes);
  REQUIRE(world.store->put_referrer(referrer, manifest_of("old").descriptor, {}));
  CHECK(world.account() == Lines{
                               "PushManifest  unseen " + kNewDigits + " Done",
                               "SetTag " + tag + " none " + index.descriptor.digest.short_hex(4) + " Done",
                           });
}

TEST_CASE("Who only looks accounts for nothing") {
  World world;
  world.tag_names(kOld);
  CHECK(world.audit.asked == 0);
}
