#include "reconcilers/publish/reconciler.h"

#include <algorithm>

#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};
const Outcome kAtOnce{.kind = Kind::Again, .delay = 0ms};

/// The position of the first request that starts with `start`.
std::size_t position(const std::vector<std::string>& requests, const std::string& start) {
  const auto found = std::ranges::find_if(requests, [&](const auto& one) { return one.starts_with(start); });
  return static_cast<std::size_t>(found - requests.begin());
}

}  // namespace

TEST_CASE("a publication that is seen for the first time is published whole") {
  PublishWorld world;
  const auto image = world.push({"base", "app"});
  const auto publication = make_publication();

  REQUIRE(world.publish(publication) == kAgainInAnHour);

  const auto& digest = image.descriptor.digest;
  CHECK(world.tag("1.8.2") == digest.str());
  CHECK(world.tag("staging") == digest.str());
  CHECK(world.destination().blobs.contains(image.layers[0].digest));
  CHECK(world.destination().blobs.contains(image.config.digest));
  CHECK(world.records_on(digest) == 1);

  const auto& status = world.status(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.condition(publication, "GatesPassed") == "True NoGates");
  CHECK(world.condition(publication, "Transferred") == "True Transferred");
  CHECK(world.condition(publication, "Tagged") == "True TagsSet");
  CHECK(world.condition(publication, "Reconciling") == "absent");
  CHECK(world.condition(publication, "Stalled") == "absent");
  CHECK(status.observed_generation == 1);
  CHECK_FALSE(status.attempt);
  REQUIRE(status.published);
  CHECK(status.published->digest == digest.str());
  CHECK(status.published->transfer.blobs_sent == 3);
  CHECK(status.published->tags.size() == 2);
  CHECK(status.source->digest == digest.str());
  CHECK(status.history.size() == 1);
  CHECK(status.display == DisplayStatus{digest.short_hex(), "1.8.2, staging"});
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Published"});
}

TEST_CASE("a transfer is given the streams and the bandwidth of the registry it goes to") {
  PublishWorld world;
  auto registry = make_registry();
  registry.spec.transfer.concurrency = 7;
  registry.spec.transfer.max_bandwidth = "8Mi";
  world.objects.apply(registry);
  world.push({"base"});
  world.publish(make_publication());
  REQUIRE_FALSE(world.image_transfers().empty());
  for (const auto& asked : world.image_transfers()) {
    CHECK(asked.concurrency == 7);
    CHECK(asked.max_bytes_per_second == 8 * 1024 * 1024);
  }
}

TEST_CASE("a tag appears only after everything it names, immutable tags before moving ones") {
  PublishWorld world;
  world.push({"base"});
  world.publish(make_publication());

  const auto writes = world.registry.writes();
  const auto blob = position(writes, "PUT registry.example/shop/storefront/blobs/");
  const auto manifest = position(writes, "PUT registry.example/shop/storefront@");
  const auto immutable = position(writes, "PUT registry.example/shop/storefront:1.8.2");
  const auto moving = position(writes, "PUT registry.example/shop/storefront:staging");
  CHECK(blob < manifest);
  CHECK(manifest < immutable);
  CHECK(immutable < moving);
  CHECK(moving == writes.size() - 1);
}

TEST_CASE("the source and the digest are in the status before the first tag is set") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  ImagePublicationStatus at_first_tag;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request == "PUT registry.example/shop/storefront:1.8.2") at_first_tag = world.status(publication);
    return {};
  };
  world.publish(publication);

  REQUIRE(at_first_tag.source);
  CHECK(at_first_tag.source->digest == image.descriptor.digest.str());
  REQUIRE(at_first_tag.attempt);
  CHECK(at_first_tag.attempt->digest == image.descriptor.digest.str());
  CHECK(at_first_tag.attempt->number == 1);
  CHECK_FALSE(find_condition(at_first_tag.conditions, "Reconciling"));
}

TEST_CASE("a publication that is right costs one request a tag and no write") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  world.clock.advance(1h);

  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.registry.requests == std::vector<std::string>{"HEAD registry.example/shop/storefront:1.8.2",
                                                            "HEAD registry.example/shop/storefront:staging"});
  CHECK(world.objects.written.empty());
  CHECK(world.recorder.events.size() == 1);
}

TEST_CASE("a small publication for the first time needs few requests") {
  PublishWorld world;
  const auto image = world.push({"base", "runtime", "app"});
  world.destination().blobs.emplace(image.layers[0].digest, "base");
  world.destination().blobs.emplace(image.layers[1].digest, "runtime");
  world.destination().blobs.emplace(content::empty_blob().digest, content::kEmptyBlob);
  auto publication = make_publication();
  publication.spec.tags.pop_back();
  const auto other = make_image(world.destination(), {"other"});

  SECTION("with what is attached to the source") {
    world.destination().tags.emplace("other", other.descriptor.digest);
    CHECK((world.publish(publication), world.registry.requests.size()) <= 21);
  }
  SECTION("the image alone") {
    world.destination().tags.emplace("other", other.descriptor.digest);
    publication.spec.source.referrers = ReferrersMode::None;
    world.publish(publication);
    CAPTURE(world.registry.requests);
    CHECK(world.registry.requests.size() <= 19);
  }
  SECTION("into a repository without a tag nothing small is asked for, and its tag only before and after it is set") {
    world.publish(publication);
    const auto heads = world.registry.requests_of({"HEAD"});
    CHECK(heads == std::vector<std::string>(2, "HEAD registry.example/shop/storefront:1.8.2"));
  }
  SECTION("from a source that tells no list each tag of a signature is asked for") {
    world.source().can_list = false;
    world.publish(publication);
    const auto of_source = [](const std::string& request) { return request.starts_with("HEAD ghcr.io"); };
    CHECK(std::ranges::count_if(world.registry.requests, of_source) == 3);
  }
}

TEST_CASE("into a repository without a tag what is sent as fast as it is asked for is not asked for") {
  PublishWorld world;
  const auto image = world.push({std::string(2 << 20, 'a'), std::string((2 << 20) + 1, 'b')});
  const std::set<Digest> small{image.config.digest, image.layers[0].digest, content::empty_blob().digest};
  SECTION("there is none") {
    world.publish(make_publication());
    CHECK(world.image_transfers().front().unasked == small);
  }
  SECTION("there is one: a config alone is as new as its image") {
    const auto other = make_image(world.destination(), {"other"});
    world.destination().tags.emplace("other", other.descriptor.digest);
    world.publish(make_publication());
    CHECK(world.image_transfers().front().unasked == std::set<Digest>{image.config.digest});
  }
}

TEST_CASE("a record over an image that lost its tags is found, and no second one is put") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  world.destination().tags.clear();
  world.objects.stored(key_of(publication)).status = {};
  world.look(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.records_on(image.descriptor.digest) == 1);
}

TEST_CASE("what is found published by a status that is lost is told with the blobs that are there") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  world.objects.stored(key_of(publication)).status = {};
  world.look(publication);
  REQUIRE(world.status(publication).published);
  CHECK(world.status(publication).published->transfer == TransferStatus{.blobs_present = 2});
}

TEST_CASE("everything is looked at again after a day, an edit or a request") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  world.publish(publication);

  SECTION("not a moment before a day") {
    world.clock.advance(24h - 1ms);
    world.look(publication);
    CHECK(world.registry.requests.size() == 2);
  }
  SECTION("after a day") {
    world.clock.advance(24h);
    world.look(publication);
    CHECK(world.status(publication).published->last_full_check_at == world.clock.now());
  }
  SECTION("after an edit that continues the publication") {
    publication.spec.interval = 600s;
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 600s});
    CHECK(world.status(publication).observed_generation == 2);
  }
  SECTION("on request") {
    publication.metadata.annotations["slipway.dev/reconcile-requested-at"] = "now";
    world.publish(publication);
    CHECK(world.status(publication).last_handled_reconcile_at == "now");
  }
  if (world.registry.requests.size() > 2) {
    CHECK(world.registry.writes().empty());
    const std::string blob = "HEAD registry.example/shop/storefront/blobs/" + image.layers[0].digest.str();
    CHECK(std::ranges::count(world.registry.requests, blob) == 1);
    world.look(publication);
    CHECK(world.registry.requests.size() == 2);
  }
}

TEST_CASE("content that is missing under a tag that is right is healed, without the source's word on tags") {
  PublishWorld world;
  const auto amd = make_image(world.source(), {"base", "amd"}, "linux/amd64");
  const auto arm = make_image(world.source(), {"base", "arm"}, "linux/arm64");
  const auto index = make_index(world.source(), {amd, arm});
  world.source().tags.insert_or_assign("1.8", index.digest);
  const auto publication = make_publication();
  world.publish(publication);
  REQUIRE(world.tag("1.8.2") == index.digest.str());
  const auto whole = world.destination();

  SECTION("a blob") {
    REQUIRE(world.destination().blobs.erase(arm.layers[1].digest) == 1);
  }
  SECTION("a child manifest") {
    REQUIRE(world.destination().manifests.erase(arm.descriptor.digest) == 1);
  }
  SECTION("the index itself and a tag") {
    REQUIRE(world.destination().manifests.erase(index.digest) == 1);
    REQUIRE(world.destination().tags.erase("staging") == 1);
  }
  SECTION("a tag") {
    REQUIRE(world.destination().tags.erase("1.8.2") == 1);
  }
  world.clock.advance(24h);
  CHECK(world.look(publication) == kAgainInAnHour);
  CAPTURE(world.registry.requests);
  CHECK(world.destination() == whole);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.recorder.reasons().back() == "Repaired");
}

TEST_CASE("a record that is missing is put again, and only one") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = make_publication();
  world.publish(publication);
  world.destination().manifests.erase(*Digest::parse(world.status(publication).published->record_digest));
  world.clock.advance(24h);
  world.look(publication);
  CHECK(world.records_on(image.descriptor.digest) == 1);
}

TEST_CASE("an immutable tag of another digest stops everything before anything is sent") {
  PublishWorld world;
  const auto other = make_image(world.destination(), {"other"});
  world.destination().tags.insert_or_assign("1.8.2", other.descriptor.digest);
  const auto before = world.destination();
  world.push({"base"});
  const auto publication = make_publication();

  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.destination() == before);
  CHECK(world.condition(publication, "Ready") == "False TagConflict");
  CHECK(world.condition(publication, "Tagged") == "False TagConflict");
  CHECK(world.condition(publication, "Stalled") == "True TagConflict");
  REQUIRE(world.status(publication).attempt);
  CHECK(world.status(publication).attempt->error->cls == "Conflict");
  CHECK_FALSE(world.status(publication).attempt->sent);

  SECTION("looked at again it says nothing new") {
    world.clock.advance(1h);
    world.look(publication);
    CHECK(world.objects.written.empty());
    CHECK(world.recorder.events.size() == 1);
  }
  SECTION("and is published when the tag is gone") {
    world.destination().tags.erase("1.8.2");
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.condition(publication, "Stalled") == "absent");
  }
}

TEST_CASE("that something was sent stays known when the attempt is replaced by another that sends nothing") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT registry.example/")) return fail(ErrorClass::Forbidden, "no", "ask");
    return {};
  };
  world.publish(publication);
  REQUIRE(world.status(publication).attempt);
  CHECK(world.status(publication).attempt->sent);
  const auto first = world.status(publication).attempt->publication_hash;
  world.registry.before = {};
  world.destination().tags.insert_or_assign("1.8.3", make_image(world.destination(), {"other"}).descriptor.digest);
  publication.spec.build.version = "1.8.3";
  world.publish(publication);
  REQUIRE(world.status(publication).attempt);
  CHECK(world.status(publication).attempt->publication_hash != first);
  CHECK(world.status(publication).attempt->sent);
}

TEST_CASE("of two publications that want one immutable tag, the second is told who has it") {
  PublishWorld world;
  world.push({"first"}, "1.8");
  world.push({"second"}, "1.9");
  world.publish(make_publication("first"));
  auto second = make_publication("second");
  second.spec.source.image->reference = "ghcr.io/contoso/storefront:1.9";
  world.publish(second);
  CHECK(world.condition(second, "Ready") == "False TagConflict");
  CHECK_THAT(find_condition(world.status(second).conditions, "Ready")->message,
             Catch::Contains("published by shop/first"));
}

TEST_CASE("who loses the race for an immutable tag reports it and sets no moving tag") {
  PublishWorld world;
  world.push({"base"});
  const auto other = make_image(world.destination(), {"other"});
  const auto publication = make_publication();
  const std::string tag = "registry.example/shop/storefront:1.8.2";

  const bool after_setting = GENERATE(false, true);
  CAPTURE(after_setting);
  int looks = 0;
  bool set = false;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    const bool looked = request == "HEAD " + tag;
    if (looked) ++looks;
    if (looked && (after_setting ? set : looks == 1))
      world.destination().tags.insert_or_assign("1.8.2", other.descriptor.digest);
    set = set || request == "PUT " + tag;
    return {};
  };
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.tag("1.8.2") == other.descriptor.digest.str());
  CHECK(world.tag("staging") == "nothing");
  CHECK(world.condition(publication, "Tagged") == "False TagConflict");
  CHECK(world.condition(publication, "Transferred") == "True Transferred");
}

TEST_CASE("a moving tag that somebody moves between look and setting is judged again") {
  PublishWorld world;
  world.push({"base"});
  const auto other = make_image(world.destination(), {"other"});
  const auto publication = make_publication();
  int looks = 0;
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request == "HEAD registry.example/shop/storefront:staging" && ++looks == 1)
      world.destination().tags.insert_or_assign("staging", other.descriptor.digest);
    return {};
  };
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Retry, .delay = {}});
  CHECK(world.tag("1.8.2") == "nothing");
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.tag("1.8.2") != "nothing");
  CHECK(world.records_on(*Digest::parse(world.tag("1.8.2"))) == 1);
}

TEST_CASE("a status that could not be written because of an edit is tried again with the growing delay") {
  PublishWorld world;
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.suspend = true;
  world.objects.before_write = [] { return fail(ErrorClass::Conflict, "newer", "read it again"); };
  CHECK(world.publish(publication) == Outcome{.kind = Kind::Retry, .delay = {}});
}

TEST_CASE("what was moved is told also when another visit ends the publication") {
  auto publication = make_publication();
  publication.spec.verify = GENERATE(Verify::Standard, Verify::Deep);
  PublishWorld calm;
  calm.push({"base", "app"});
  calm.publish(publication);
  auto moved = calm.status(publication).published->transfer;
  REQUIRE(moved.blobs_sent == 3);

  PublishWorld world;
  const auto image = world.push({"base", "app"});
  auto reconciler = world.reconciler();
  world.objects.apply(publication);
  const auto visit = [&] { return reconciler.reconcile(key_of(publication), {}); };
  // Nobody asks for a config whose image is not there.
  const auto send_config_again = [&] {
    ++moved.blobs_sent;
    moved.bytes_sent += image.config.size;
  };
  bool is_done = false;
  SECTION("another process wrote to the status meanwhile") {
    world.objects.before_write = [&]() -> Result<void> {
      if (is_done || world.tag("staging") == "nothing") return {};
      is_done = true;
      ++world.objects.stored(key_of(publication)).status.attempt->number;
      return fail(ErrorClass::Conflict, "newer", "read it again");
    };
    CHECK(visit() == Outcome{.kind = Kind::Retry, .delay = {}});
    REQUIRE(is_done);
    REQUIRE_FALSE(world.status(publication).published);
  }
  SECTION("the last blob was not taken at first") {
    world.registry.before = [uploads = 0](const std::string& request) mutable -> Result<void> {
      if (request.starts_with("POST registry.example/shop/storefront/blobs/") && ++uploads == 3)
        return fail(ErrorClass::Unavailable, "503");
      return {};
    };
    CHECK(visit().kind == Kind::Retry);
    world.registry.before = nullptr;
    send_config_again();
  }
  SECTION("the image's manifest was not taken at first") {
    world.registry.before = [](const std::string& request) -> Result<void> {
      if (request.starts_with("PUT registry.example/shop/storefront@")) return fail(ErrorClass::Unavailable, "503");
      return {};
    };
    CHECK(visit().kind == Kind::Retry);
    world.registry.before = nullptr;
    send_config_again();
  }
  CHECK(visit() == kAgainInAnHour);
  REQUIRE(world.status(publication).published);
  CHECK(world.status(publication).published->transfer == moved);

  publication.spec.build.version = "1.8.3";
  world.objects.apply(publication);
  visit();
  CHECK(world.status(publication).published->transfer == TransferStatus{.blobs_present = 3});
}

TEST_CASE("what was moved for an object that is gone is not told of the next of its name") {
  PublishWorld world;
  world.push({"base", "app"});
  auto reconciler = world.reconciler();
  const auto publication = make_publication();
  const auto key = key_of(publication);
  world.objects.apply(publication);
  const bool goes_meanwhile = GENERATE(true, false);
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (!request.starts_with("PUT registry.example/shop/storefront@")) return {};
    if (goes_meanwhile) {
      world.objects.remove(key, world.clock.now());
      reconciler.forget(key);
    }
    return fail(ErrorClass::Unavailable, "503");
  };
  reconciler.reconcile(key, {});
  world.registry.before = nullptr;
  if (!goes_meanwhile) {
    world.objects.remove(key, world.clock.now());
    reconciler.forget(key);
  }
  world.objects.apply(publication);
  CHECK(reconciler.reconcile(key, {}) == kAgainInAnHour);
  REQUIRE(world.status(publication).published);
  CHECK(world.status(publication).published->transfer.blobs_sent == 3);
}

TEST_CASE("what is suspended, forbidden or gated while its content goes up sets no tag") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  auto registry = make_registry();
  auto edited = publication;
  std::string ready;
  std::function<void()> edit;
  SECTION("suspended") {
    edited.spec.suspend = true;
    edit = [&] { world.objects.apply(edited); };
    ready = "absent";
  }
  SECTION("its access is withdrawn") {
    registry.spec.access.front().actions = {AccessAction::Read};
    edit = [&] { world.objects.apply(registry); };
    ready = "False Forbidden";
  }
  SECTION("its registry is another one by now") {
    registry.spec.login_server = "right.example";
    edit = [&] { world.objects.apply(registry); };
    ready = "True Succeeded";
  }
  SECTION("a gate of its own is added") {
    edited.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}};
    edit = [&] { world.objects.apply(edited); };
    ready = "False AwaitingReport";
  }
  SECTION("a floor is added") {
    registry.spec.access.front().gates.scan = ScanGate{.allow_up_to = Severity::High};
    edit = [&] { world.objects.apply(registry); };
    ready = "False ReportNotNamed";
  }
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT registry.example/shop/storefront@")) edit();
    return {};
  };
  CHECK(world.publish(publication) == kAtOnce);
  CHECK(world.destination().tags.empty());
  world.registry.before = nullptr;
  world.look(publication);
  CHECK(world.condition(publication, "Ready") == ready);
  CHECK(world.destination().tags.empty());
}

TEST_CASE("nothing goes to a registry that was corrected or withdrawn while the publication was looked at") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  auto registry = make_registry();
  SECTION("its loginServer was a typo") {
    registry.spec.login_server = "right.example";
  }
  SECTION("its access is withdrawn") {
    registry.spec.access.front().actions = {AccessAction::Read};
  }
  world.objects.before_write = [&]() -> Result<void> {
    world.objects.apply(registry);
    return {};
  };
  CHECK(world.publish(publication) == kAtOnce);
  CHECK(world.image_transfers().empty());
  CHECK(std::ranges::none_of(world.registry.requests, [](const auto& one) { return one.starts_with("PUT"); }));
  CHECK(world.destination().tags.empty());
  const auto attempt = world.status(publication).attempt;
  CHECK((!attempt || !attempt->sent));
}

TEST_CASE("a reader that can't tell whether a publication is still wanted does not stop it") {
  PublishWorld world;
  world.push({"base"});
  const auto publication = make_publication();
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT registry.example/shop/storefront@"))
      world.objects.before_labels = [] { return fail(ErrorClass::Unavailable, "the API server is away"); };
    return {};
  };
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(world.tag("1.8.2") != "nothing");
  CHECK(world.tag("staging") != "nothing");
}

TEST_CASE("a publication that was replaced while its content went up sets no tag, the newer one does") {
  PublishWorld world;
  world.push({"old"}, "1.8");
  const auto fresh = world.push({"new"}, "1.9");
  const auto publication = make_publication();
  auto newer = publication;
  newer.spec.source.image->reference = "ghcr.io/contoso/storefront:1.9";
  newer.spec.build.version = "1.9.0";
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT registry.example/shop/storefront@")) world.objects.apply(newer);
    return {};
  };
  CHECK(world.publish(publication) == kAtOnce);
  CHECK(world.destination().tags.empty());
  world.registry.before = nullptr;
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.tag("1.9.0") == fresh.descriptor.digest.str());
  CHECK(world.tag("1.8.2") == "nothing");
}

TEST_CASE("gates decide before anything is sent") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .max_age = 24h};

  SECTION("a report without findings passes") {
    world.objects.files["scan.json"] = make_report(image);
    CHECK(world.publish(publication) == kAgainInAnHour);
    CHECK(world.condition(publication, "GatesPassed") == "True GatesPassed");
    REQUIRE(world.status(publication).published->verdicts.size() == 1);
    CHECK(world.status(publication).published->verdicts[0].passed);

    // What was published is not judged again.
    world.objects.files.clear();
    world.clock.advance(48h);
    world.destination().tags.erase("staging");
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.tag("staging") == image.descriptor.digest.str());
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
  }
  SECTION("a finding refuses") {
    world.objects.files["scan.json"] = make_report(image, {"CRITICAL"});
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "GatesPassed") == "False FindingsAboveLimit");
    CHECK(world.condition(publication, "Stalled") == "True FindingsAboveLimit");
    CHECK(world.destination() == InMemoryRepository{});
  }
  SECTION("a missing report is waited for, then it is stalled, then it comes") {
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 1h});
    CHECK(world.condition(publication, "Ready") == "False AwaitingReport");
    CHECK(world.condition(publication, "Reconciling") == "True AwaitingReport");
    world.clock.advance(59min);
    CHECK(world.look(publication) == Outcome{.kind = Kind::Again, .delay = 1min});
    CHECK(world.objects.written.empty());
    world.clock.advance(1min);
    CHECK(world.look(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Stalled") == "True AwaitingReport");
    CHECK(world.destination() == InMemoryRepository{});
    world.objects.files["scan.json"] = make_report(image);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
  }
  SECTION("one-shot waits for nothing unless told") {
    world.objects.apply(publication);
    auto reconciler = world.reconciler({.publisher_id = "ci", .version = "0.1.0", .one_shot = true});
    CHECK(reconciler.reconcile(key_of(publication), {}).kind == Kind::Stalled);
  }
  SECTION("the floor of an access entry holds whatever the publication says") {
    auto registry = make_registry();
    registry.spec.access[0].gates.scan = ScanGate{.allow_up_to = Severity::Low};
    world.objects.apply(registry);
    world.objects.files["scan.json"] = make_report(image, {"MEDIUM"});
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK_THAT(find_condition(world.status(publication).conditions, "GatesPassed")->message, Catch::Contains("shop"));
    CHECK(world.destination() == InMemoryRepository{});
  }
  SECTION("a report of a ConfigMap") {
    publication.spec.gates.scan->reports[0] = {.name = "amd64", .config_map_ref = KeyRef{"scan", "report.json"}};
    world.objects.config_maps[{"shop", "scan"}] = {"shop", "scan", {{"report.json", make_report(image)}}};
    CHECK(world.publish(publication) == kAgainInAnHour);
  }
}

TEST_CASE("killed between record and tags, a report that aged meanwhile changes nothing") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .max_age = 2h};
  world.objects.files["scan.json"] = make_report(image, {"LOW"});
  world.registry.before = [&](const std::string& request) -> Result<void> {
    if (request.starts_with("PUT registry.example/shop/storefront:")) return fail(ErrorClass::Cancelled, "killed");
    return {};
  };
  world.publish(publication);
  world.registry.before = nullptr;
  REQUIRE(world.records_on(image.descriptor.digest) == 1);
  world.clock.advance(48h);
  world.objects.files["scan.json"] = make_report(image, {"CRITICAL"});
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.records_on(image.descriptor.digest) == 1);
  CHECK(world.status(publication).published->verdicts[0].low == 1);
}

TEST_CASE("a registry bounds how often publications look at it") {
  PublishWorld world;
  world.push({"base"});
  auto registry = make_registry();
  registry.spec.transfer.least_interval = 600s;
  world.objects.apply(registry);
  auto publication = make_publication();
  SECTION("one that asks for less gets that") {
    publication.spec.interval = 1s;
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 600s});
    CHECK(world.look(publication) == Outcome{.kind = Kind::Again, .delay = 600s});
  }
  SECTION("one that asks for more gets what it asks for") {
    publication.spec.interval = 601s;
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Again, .delay = 601s});
  }
  SECTION("one that is stalled, too") {
    publication.spec.interval = 1s;
    make_image(world.destination(), {"other"});
    world.destination().tags.insert_or_assign("1.8.2", make_image(world.destination(), {"other"}).descriptor.digest);
    CHECK(world.publish(publication) == Outcome{.kind = Kind::Stalled, .delay = 600s});
  }
}

}  // namespace slipway::tests
