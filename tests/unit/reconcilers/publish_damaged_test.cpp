#include <algorithm>

#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};
const std::string kAsked = "slipway.dev/reconcile-requested-at";

/// A publication of an image whose layer is not what it should be.
struct Damaged {
  Damaged() { world.transfer.reads_layers = true; }

  /// The source gives other bytes than the layer's digest says.
  void lie() {
    image = world.push({"base"});
    world.source().blobs.at(layer()) = "other";
  }
  /// The config speaks of another layer than the manifest names; bytes and digests agree.
  void swap() {
    image = world.push({"base"});
    auto bytes = world.source().manifests.at(image.descriptor.digest).bytes;
    const auto name = layer().str();
    image.layers[0].digest = Digest::of("evil");
    world.source().blobs.emplace(layer(), "evil");
    bytes.replace(bytes.find(name), name.size(), layer().str());
    image.descriptor.digest = Digest::of(bytes);
    world.source().manifests.insert_or_assign(image.descriptor.digest, content::ManifestBytes{image.descriptor, bytes});
    world.source().tags.insert_or_assign("1.8", image.descriptor.digest);
  }
  /// A report that names the config alone, so that layers are held against that; or one that names the manifest.
  void scan(bool names_manifest = false) {
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .wait_for = 0s};
    auto report = make_report(image);
    const std::string metadata = R"("Metadata":{)";
    const auto names = R"("RepoDigests":["ghcr.io/contoso/storefront@)" + image.descriptor.digest.str() + R"("],)";
    if (names_manifest) report.insert(report.find(metadata) + metadata.size(), names);
    world.objects.files["scan.json"] = report;
  }
  const Digest& layer() const { return image.layers[0].digest; }

  Outcome look(std::chrono::milliseconds later) {
    world.clock.advance(later);
    return world.look(publication);
  }
  Outcome edit() {
    publication.spec.interval = publication.spec.interval ? 2 * *publication.spec.interval : 2h;
    return world.publish(publication);
  }
  std::size_t carried() const { return world.image_transfers().size(); }
  std::string ready() { return world.condition(publication, "Ready"); }
  const AttemptStatus& attempt() { return *world.status(publication).attempt; }

  PublishWorld world;
  MadeImage image;
  ImagePublication publication = make_publication();
};

}  // namespace

TEST_CASE("what was found damaged is not carried again at the interval, and the status stays") {
  Damaged it;
  SECTION("a layer that is not what its digest says") {
    it.lie();
  }
  SECTION("a layer that is not what the config says") {
    it.swap();
    it.publication.spec.verify = Verify::Deep;
  }
  SECTION("the same under a gate whose report names the config") {
    it.swap();
    it.scan();
  }
  SECTION("the same in an image that was published already, and is edited to Deep") {
    it.swap();
    REQUIRE(it.world.publish(it.publication) == kAgainInAnHour);
    it.world.transfer.asked.clear();
    it.publication.spec.verify = Verify::Deep;
  }
  SECTION("a layer that is missing at the registry, and damaged at the source by now") {
    it.image = it.world.push({"base"});
    REQUIRE(it.world.publish(it.publication) == kAgainInAnHour);
    it.world.transfer.asked.clear();
    it.world.destination().blobs.erase(it.layer());
    it.world.source().blobs.at(it.layer()) = "other";
    it.publication.metadata.annotations[kAsked] = "now";
  }
  REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
  REQUIRE(it.ready() == "False Integrity");
  REQUIRE(it.carried() == 1);
  CHECK_THAT(it.world.message(it.publication),
             Catch::Contains("a new value of the annotation") && Catch::Contains("else after a day"));
  CHECK(it.attempt().next_retry_at == it.world.clock.now() + 24h);
  const auto before = it.world.status(it.publication);
  const auto events = it.world.recorder.events.size();
  for (int hour = 1; hour < 24; ++hour) {
    CHECK(it.look(1h) == kStalledForAnHour);
    CHECK(it.world.registry.writes().empty());
    CHECK(it.world.count("GET ghcr.io/contoso/storefront/blobs/" + it.layer().str()) == 0);
    CHECK(it.world.count("GET registry.example/shop/storefront/blobs/" + it.layer().str()) == 0);
  }
  CHECK(it.carried() == 1);
  CHECK(it.world.objects.written.empty());
  CHECK(it.world.status(it.publication) == before);
  CHECK(it.world.recorder.events.size() == events);

  // After a day once.
  CHECK(it.look(1h) == kStalledForAnHour);
  CHECK(it.carried() == 2);
  CHECK(it.look(1h) == kStalledForAnHour);
  CHECK(it.carried() == 2);
  CHECK(it.attempt().number == 2);
}

TEST_CASE("what was found damaged is carried once when something changed that may mend it") {
  Damaged it;
  it.lie();
  REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
  it.world.clock.advance(1h);
  SECTION("an edit, of whatever") {
    CHECK(it.edit() == Outcome{.kind = Kind::Stalled, .delay = 2h});
  }
  SECTION("the annotation") {
    it.publication.metadata.annotations[kAsked] = "now";
    CHECK(it.world.publish(it.publication) == kStalledForAnHour);
    CHECK(it.world.status(it.publication).last_handled_reconcile_at == "now");
  }
  SECTION("the floors of the registry") {
    auto registry = make_registry();
    registry.spec.access[0].gates.scan = ScanGate{.allow_up_to = Severity::Critical};
    it.scan(true);
    REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
    it.world.transfer.asked.resize(1);
    it.world.objects.apply(registry);
    CHECK(it.look(1h) == kStalledForAnHour);
  }
  CHECK(it.carried() == 2);
  it.look(1h);
  CHECK(it.carried() == 2);
  CHECK(it.ready() == "False Integrity");
}

TEST_CASE("what was damaged is published when it is mended and that is noticed") {
  Damaged it;
  SECTION("under the same digest, after a day at the latest") {
    it.lie();
    REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
    it.world.source().blobs.at(it.layer()) = "base";
    CHECK(it.look(23h + 30min) == Outcome{.kind = Kind::Stalled, .delay = 30min});
    CHECK(it.look(30min) == kAgainInAnHour);
  }
  SECTION("as another digest of a source that is followed") {
    it.publication.spec.source.follow = true;
    it.publication.spec.tags[0].template_text = "{{digest:12}}";
    it.lie();
    REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
    CHECK(it.look(1h) == kStalledForAnHour);
    CHECK(it.carried() == 1);
    it.world.push({"mended"});
    CHECK(it.look(1h) == kAgainInAnHour);
  }
  SECTION("by somebody who brought it to the registry") {
    it.lie();
    REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
    make_image(it.world.destination(), {"base"});
    CHECK(it.look(1h) == kAgainInAnHour);
  }
  SECTION("by a report that names the manifest, so that no layer is held against a config") {
    it.swap();
    it.scan();
    REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
    it.scan(true);
    CHECK(it.look(1h) == kAgainInAnHour);
  }
  CHECK(it.ready() == "True Succeeded");
}

TEST_CASE("a report that is worth a new try gets one, while the layer is not at the registry") {
  Damaged it;
  it.swap();
  it.scan();
  REQUIRE(it.world.publish(it.publication) == kStalledForAnHour);
  it.world.destination().blobs.erase(it.layer());
  CHECK(it.look(1h) == kStalledForAnHour);
  CHECK(it.carried() == 1);
  it.scan(true);
  CHECK(it.look(1h) == kAgainInAnHour);
  CHECK(it.carried() == 2);
}

TEST_CASE("an interval of more than a day is waited for before what was damaged is carried again") {
  Damaged it;
  it.lie();
  it.publication.spec.interval = 72h;
  CHECK(it.world.publish(it.publication) == Outcome{.kind = Kind::Stalled, .delay = 72h});
  CHECK(it.attempt().next_retry_at == it.world.clock.now() + 72h);
  it.look(71h);
  CHECK(it.carried() == 1);
  it.look(1h);
  CHECK(it.carried() == 2);
}

TEST_CASE("a try that is set for a time far away, as by a clock that was ahead, is made") {
  Damaged it;
  it.lie();
  it.world.publish(it.publication);
  it.look(-48h);
  CHECK(it.carried() == 2);
}

TEST_CASE("whoever calls slipway publish has what was damaged carried each time") {
  Damaged it;
  it.lie();
  const publish::Settings settings{.publisher_id = "cluster-1", .version = "0.1.0", .one_shot = true};
  it.world.objects.apply(it.publication);
  it.world.look(it.publication, settings);
  it.world.look(it.publication, settings);
  CHECK(it.carried() == 2);
  CHECK_THAT(it.world.message(it.publication), !Catch::Contains("annotation"));
  // A service on the same folder knows of it.
  it.look(1h);
  CHECK(it.carried() == 2);
}

TEST_CASE("what failed because nobody answered while content was sent is tried again as ever") {
  Damaged it;
  it.image = it.world.push({"base"});
  it.world.registry.before = [&it](const std::string& request) -> Result<void> {
    if (!request.ends_with(it.layer().str()) || !request.starts_with("GET")) return {};
    return fail(ErrorClass::Unavailable, it.layer().str() + " is not given", "look whether it runs");
  };
  CHECK(it.world.publish(it.publication) == Outcome{.kind = Kind::Retry});
  CHECK_FALSE(it.attempt().next_retry_at);
  CHECK(it.look(1min) == Outcome{.kind = Kind::Retry});
  CHECK(it.carried() == 2);
}

}  // namespace slipway::tests
