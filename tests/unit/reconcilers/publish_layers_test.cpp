#include "tests/catch.h"
#include "tests/support/publish_world.h"

#include <algorithm>
#include <chrono>

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};
const std::string kForeign = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
const std::string kAsked = "slipway.dev/reconcile-requested-at";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// A clean image with layer "base" that was scanned, and one with the same config over layer "evil".
struct Swapped {
  Swapped() {
    world.transfer.reads_layers = true;
    clean = make_image(source(), {"base"});
    const std::string evil = "evil";
    source().blobs.emplace(Digest::of(evil), evil);
    auto bytes = source().manifests.at(clean.descriptor.digest).bytes;
    swapped = clean;
    swapped.descriptor = put(replaced(std::move(bytes), clean.layers[0].digest.str(), Digest::of(evil).str()));
    publication = make_publication();
    push(swapped.descriptor);
  }

  InMemoryRepository& source() { return world.source(); }
  content::Descriptor put(const std::string& bytes) {
    content::Descriptor manifest{.media_type = std::string(content::kOciManifest),
                                 .digest = Digest::of(bytes),
                                 .size = static_cast<std::int64_t>(bytes.size()),
                                 .platform = clean.descriptor.platform};
    source().manifests.insert_or_assign(manifest.digest, content::ManifestBytes{manifest, bytes});
    return manifest;
  }
  void push(const content::Descriptor& what) { source().tags.insert_or_assign("1.8", what.digest); }
  /// A gate, and a report about the clean image that says where the scanner read it.
  void scan(const std::vector<std::string>& repo_digests = {}) {
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .wait_for = 0s};
    auto report = make_report(clean);
    if (!repo_digests.empty()) {
      std::string list;
      for (const auto& one : repo_digests) list += (list.empty() ? "\"" : ",\"") + one + '"';
      report = replaced(report, R"("Metadata":{)", R"("Metadata":{"RepoDigests":[)" + list + "],");
    }
    world.objects.files["scan.json"] = report;
  }
  static std::string at_source(const Digest& digest) { return "ghcr.io/contoso/storefront@" + digest.str(); }
  std::string ready() { return world.condition(publication, "Ready"); }
  /// How often layers were given to the transfer to be looked into.
  std::size_t looks() {
    return static_cast<std::size_t>(std::ranges::count(world.image_transfers(), true, &BlobTransferRequest::deep));
  }

  PublishWorld world;
  MadeImage clean, swapped;
  ImagePublication publication;
};

}  // namespace

TEST_CASE("a scanned config over other layers is found out before a tag appears") {
  Swapped it;
  SECTION("the report names a config alone") {
    it.scan();
  }
  SECTION("it was read elsewhere, where the digest is another") {
    it.scan({"quay.io/a/b@" + it.clean.descriptor.digest.str()});
  }
  SECTION("as a child of an index beside the image that was scanned") {
    auto other = it.swapped;
    other.descriptor.platform->variant = "v3";
    const auto index = make_index(it.source(), {it.clean, other});
    it.push(index);
    it.scan({Swapped::at_source(index.digest)});
  }
  SECTION("kept of an index whose other child was scanned") {
    auto other = it.swapped;
    other.descriptor.platform->variant = "v3";
    const auto index = make_index(it.source(), {it.clean, other});
    it.push(index);
    it.scan({Swapped::at_source(index.digest)});
    it.publication.spec.source.platforms = {"linux/amd64/v3"};
  }
  SECTION("a floor of the registry asks for the scan") {
    it.scan();
    auto registry = make_registry();
    registry.spec.access[0].gates.scan = ScanGate{.allow_up_to = Severity::Low};
    it.world.objects.apply(registry);
    it.publication.spec.gates.scan->allow_up_to = Severity::Critical;
  }
  SECTION("it is at the registry already") {
    CHECK(it.world.publish(it.publication) == kAgainInAnHour);
    it.scan();
    it.publication.metadata.name = "second";
    it.publication.spec.environment = "production";
    it.publication.spec.tags = {{.name = "other", .template_text = "other"}};
  }
  CHECK(it.world.publish(it.publication) == kStalledForAnHour);
  INFO(it.world.message(it.publication));
  CHECK(it.ready() == "False Integrity");
  CHECK(it.world.condition(it.publication, "Transferred") == "False Integrity");
  CHECK(it.world.condition(it.publication, "GatesPassed") == "False Integrity");
  CHECK(it.world.destination().tags.empty() == (it.publication.metadata.name != "second"));
  CHECK(it.world.tag("other") == "nothing");
}

TEST_CASE("layers are not read where the report names the manifest that is published") {
  Swapped it;
  it.push(it.clean.descriptor);
  std::size_t reads = 0;
  SECTION("by its own digest") {
    it.scan({Swapped::at_source(it.clean.descriptor.digest)});
  }
  SECTION("by its own digest, at a mirror") {
    it.scan({"quay.io/a/b@" + it.clean.descriptor.digest.str()});
  }
  SECTION("by that of the index that holds it") {
    const auto index = make_index(it.source(), {it.clean});
    it.push(index);
    it.scan({Swapped::at_source(index.digest)});
  }
  SECTION("a config alone is no manifest") {
    it.scan();
    reads = 1;
  }
  SECTION("nor is the digest of an index of which only a part is published") {
    const auto arm = make_image(it.source(), {"arm"}, "linux/arm64");
    const auto index = make_index(it.source(), {it.clean, arm});
    it.push(index);
    it.scan({Swapped::at_source(index.digest)});
    it.publication.spec.source.platforms = {"linux/amd64"};
    reads = 1;
  }
  CHECK(it.world.publish(it.publication) == kAgainInAnHour);
  CHECK(it.ready() == "True Succeeded");
  CHECK(it.looks() == reads);
}

TEST_CASE("verify Deep reads layers that are at the registry already") {
  Swapped it;
  CHECK(it.world.publish(it.publication) == kAgainInAnHour);
  REQUIRE(it.looks() == 0);
  it.publication.spec.verify = Verify::Deep;
  SECTION("for another publication of the same image") {
    it.publication.metadata.name = "second";
    it.publication.spec.tags = {{.name = "other", .template_text = "other"}};
    CHECK(it.world.publish(it.publication) == kStalledForAnHour);
    CHECK(it.ready() == "False Integrity");
    CHECK(it.world.tag("other") == "nothing");
  }
  SECTION("when a finished publication is edited, and a day after it was not done well") {
    CHECK(it.world.publish(it.publication) == kStalledForAnHour);
    CHECK(it.ready() == "False Integrity");
    it.world.clock.advance(24h);
    CHECK(it.world.look(it.publication) == kStalledForAnHour);
    CHECK(it.ready() == "False Integrity");
    CHECK(it.looks() == 2);
  }
  SECTION("and asks for nothing else where all is right") {
    it.push(it.clean.descriptor);
    it.publication.spec.verify = Verify::Standard;
    it.publication.spec.build.number = 900;
    it.publication.spec.build.version = "1.9.0";
    it.publication.spec.tags[0].template_text = "9";
    it.publication.spec.source.image->reference = "ghcr.io/contoso/storefront@" + it.clean.descriptor.digest.str();
    CHECK(it.world.publish(it.publication) == kAgainInAnHour);
    CHECK(it.looks() == 0);

    it.publication.spec.verify = Verify::Deep;
    it.world.objects.apply(it.publication);
    CHECK_THAT(it.world.plan(it.publication).front(), Catch::StartsWith("check the layers of "));
    it.world.recorder.events.clear();
    CHECK(it.world.look(it.publication) == kAgainInAnHour);
    CHECK(it.ready() == "True Succeeded");
    CHECK(it.looks() == 1);
    CHECK(it.world.recorder.events.empty());
    const auto before = it.world.status(it.publication);

    // Once is enough, until somebody asks.
    it.world.clock.advance(24h);
    CHECK(it.world.look(it.publication) == kAgainInAnHour);
    CHECK(it.looks() == 1);
    it.publication.metadata.annotations[kAsked] = "now";
    CHECK(it.world.publish(it.publication) == kAgainInAnHour);
    CHECK(it.looks() == 2);
    CHECK(it.world.status(it.publication).published->tags == before.published->tags);
  }
}

TEST_CASE("what a gate judged, or Deep looks into, is all there") {
  Swapped it;
  auto bytes = it.source().manifests.at(it.clean.descriptor.digest).bytes;
  it.clean.descriptor = it.put(replaced(std::move(bytes), "application/vnd.oci.image.layer.v1.tar+gzip", kForeign));
  it.push(it.clean.descriptor);
  const auto layer = it.clean.layers[0].digest;
  const auto withheld = GENERATE(true, false);
  CAPTURE(withheld);
  SECTION("under a gate, whatever the report names") {
    it.scan({Swapped::at_source(it.clean.descriptor.digest)});
    if (withheld) it.source().blobs.erase(layer);
    it.world.publish(it.publication);
  }
  SECTION("under Deep") {
    it.publication.spec.verify = Verify::Deep;
    if (withheld) it.source().blobs.erase(layer);
    it.world.publish(it.publication);
  }
  SECTION("when a finished publication is edited to Deep") {
    if (withheld) it.source().blobs.erase(layer);
    CHECK(it.world.publish(it.publication) == kAgainInAnHour);
    it.publication.spec.verify = Verify::Deep;
    it.world.publish(it.publication);
    CHECK(it.looks() == (withheld ? 0 : 1));
  }
  CHECK(it.ready() == (withheld ? "False Refused" : "True Succeeded"));
  if (!withheld) return;
  CHECK(it.world.condition(it.publication, "Stalled") == "True Refused");
  CHECK_THAT(it.world.message(it.publication), Catch::Contains(layer.str()) && Catch::Contains("push "));
}

TEST_CASE("what was published before its gates is not said to have passed them") {
  Swapped it;
  it.push(it.clean.descriptor);
  SECTION("without any") {
    CHECK(it.world.publish(it.publication) == kAgainInAnHour);
    CHECK(it.world.condition(it.publication, "GatesPassed") == "True NoGates");
    it.scan();
  }
  SECTION("with others") {
    it.scan();
    CHECK(it.world.publish(it.publication) == kAgainInAnHour);
    CHECK(it.world.condition(it.publication, "GatesPassed") == "True GatesPassed");
    it.publication.spec.gates.scan->allow_up_to = Severity::None;
  }
  SECTION("without the floor that the registry has now") {
    CHECK(it.world.publish(it.publication) == kAgainInAnHour);
    auto registry = make_registry();
    registry.spec.access[0].gates.scan = ScanGate{.allow_up_to = Severity::Low};
    it.world.objects.apply(registry);
  }
  it.world.recorder.events.clear();
  CHECK(it.world.publish(it.publication) == kAgainInAnHour);
  CHECK(it.ready() == "True Succeeded");
  CHECK(it.world.condition(it.publication, "GatesPassed") == "Unknown PublishedBeforeGates");
  CHECK_THAT(it.world.message(it.publication, "GatesPassed"), Catch::Contains("was not judged by them"));
  const auto status = it.world.status(it.publication);
  CHECK(it.world.look(it.publication) == kAgainInAnHour);
  CHECK(it.world.status(it.publication) == status);
  it.world.clock.advance(24h);
  CHECK(it.world.look(it.publication) == kAgainInAnHour);
  REQUIRE(it.world.recorder.events.size() == 1);
  CHECK(it.world.recorder.events[0].type == EventType::Warning);
  CHECK(it.world.recorder.events[0].reason == "PublishedBeforeGates");
}

TEST_CASE("with a tag conflict and an awaited report the gate is told of this generation") {
  Swapped it;
  it.push(it.clean.descriptor);
  it.scan();
  CHECK(it.world.publish(it.publication) == kAgainInAnHour);
  CHECK(it.world.condition(it.publication, "GatesPassed") == "True GatesPassed");
  const auto next = make_image(it.source(), {"next"});
  it.publication.spec.source.image->reference = "ghcr.io/contoso/storefront@" + next.descriptor.digest.str();
  it.world.publish(it.publication);
  CHECK(it.world.condition(it.publication, "Tagged") == "False TagConflict");
  CHECK(it.world.condition(it.publication, "GatesPassed") == "False AwaitingReport");
  CHECK(find_condition(it.world.status(it.publication).conditions, "GatesPassed")->observed_generation == 2);
}

}  // namespace slipway::tests
