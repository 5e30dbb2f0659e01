#include <functional>

#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::chrono_literals;

/// The process is gone: nothing of it runs any more.
struct Killed {};

/// A world before the visit that is killed, the publication that is visited, and whether it shall be gone at the end.
struct Scenario {
  std::string name;
  std::function<ImagePublication(PublishWorld&)> prepare;
  bool goes = false;
};

ImagePublication with_index(PublishWorld& world) {
  const auto amd = make_image(world.source(), {"base", "amd"}, "linux/amd64");
  const auto arm = make_image(world.source(), {"base", "arm"}, "linux/arm64");
  const auto index = make_index(world.source(), {amd, arm});
  make_artifact(world.source(), "application/spdx+json", "packages", amd.descriptor);
  const auto signature = make_artifact(world.source(), "", "signed", std::nullopt);
  world.source().tags.insert_or_assign("1.8", index.digest);
  world.source().tags.insert_or_assign("sha256-" + std::string(index.digest.hex()) + ".sig", signature.digest);
  return make_publication();
}

ImagePublication next_build(PublishWorld& world) {
  world.push({"first"});
  auto publication = make_publication();
  world.publish(publication);
  world.push({"second"});
  publication.spec.build.version = "1.9.0";
  publication.spec.build.number = 813;
  world.objects.apply(publication);
  return publication;
}

ImagePublication rolled_back(PublishWorld& world) {
  const auto first = world.push({"first"});
  auto publication = next_build(world);
  world.look(publication);
  publication.spec.rollback = Rollback{.digest = first.descriptor.digest.str(), .reason = "broken"};
  world.objects.apply(publication);
  return publication;
}

ImagePublication followed(PublishWorld& world) {
  world.push({"first"});
  auto publication = make_publication();
  publication.spec.source.follow = true;
  publication.spec.tags[0].template_text = "{{digest:12}}";
  world.publish(publication);
  world.push({"second"});
  return publication;
}

ImagePublication damaged(PublishWorld& world) {
  const auto publication = with_index(world);
  world.publish(publication);
  auto& there = world.destination();
  const auto child = std::ranges::find_if(there.manifests, [](const auto& one) {
    return one.second.bytes.find("arm") == std::string::npos && one.second.bytes.find("subject") == std::string::npos &&
           content::is_image_manifest(one.second.descriptor.media_type);
  });
  there.manifests.erase(child);
  there.blobs.erase(Digest::of("arm"));
  there.tags.erase("staging");
  world.clock.advance(24h);
  return publication;
}

ImagePublication scanned(PublishWorld& world) {
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .max_age = 2h};
  world.objects.files["scan.json"] = make_report(image, {"LOW"});
  return publication;
}

ImagePublication untagged(PublishWorld& world) {
  world.push({"base"});
  auto publication = make_publication();
  publication.spec.deletion_policy = DeletionPolicy::Untag;
  world.publish(publication);
  world.objects.remove(key_of(publication), world.clock.now());
  return publication;
}

const std::vector<Scenario> kScenarios{{"an index with what is attached to it", with_index},
                                       {"a second build", next_build},
                                       {"a rollback", rolled_back},
                                       {"a source that is followed and moved", followed},
                                       {"a repair", damaged},
                                       {"a scanned image", scanned},
                                       {"a deletion with Untag", untagged, true}};

/// A prepared world in which visits can be killed.
class KillableWorld {
 public:
  explicit KillableWorld(const Scenario& scenario) : publication_(scenario.prepare(world)) {
    if (!world.objects.published.contains(key_of(publication_))) world.objects.apply(publication_);
    world.registry.requests.clear();
    world.objects.written.clear();
    world.registry.before = [this](const std::string& request) -> Result<void> {
      burn();
      writes += request.starts_with("PUT") && request.find("storefront:") != std::string::npos ? 1 : 0;
      return {};
    };
    world.objects.before_write = [this]() -> Result<void> {
      burn();
      return {};
    };
  }

  /// Visits once; killed before call number `survived` to the outside. False: killed.
  bool visit(std::size_t survived) {
    calls = 0;
    fuse_ = survived;
    try {
      world.look(publication_);
    } catch (const Killed&) {
      world.turns = {};
      return false;
    }
    return true;
  }

  const ImagePublication& publication() const { return publication_; }
  /// The status without what tells of the attempts that it took.
  ImagePublicationStatus outcome() {
    auto status = world.status(publication_);
    if (status.published) status.published->transfer = {};
    return status;
  }

  PublishWorld world;
  std::size_t calls = 0;
  int writes = 0;  ///< Of tags, over all visits.

 private:
  void burn() {
    if (calls++ >= fuse_) throw Killed{};
  }

  ImagePublication publication_;
  std::size_t fuse_ = 0;
};

constexpr std::size_t kForever = 100'000;

void check_same(KillableWorld& world, KillableWorld& undisturbed, const Scenario& scenario) {
  CHECK(world.world.destination() == undisturbed.world.destination());
  CHECK(world.writes == undisturbed.writes);
  if (scenario.goes) {
    CHECK(world.world.objects.published.empty());
    return;
  }
  CHECK(world.outcome() == undisturbed.outcome());
  world.visit(kForever);
  CHECK(world.world.registry.writes().empty());
  CHECK(world.world.objects.written.empty());
}

}  // namespace

TEST_CASE("killed at any call to the outside and started again, it ends as if nothing had been", "[killed]") {
  for (const auto& scenario : kScenarios) {
    KillableWorld undisturbed(scenario);
    REQUIRE(undisturbed.visit(kForever));
    const auto calls = undisturbed.calls;
    CAPTURE(scenario.name, calls);
    REQUIRE(calls > 3);
    for (std::size_t survived = 0; survived < calls; ++survived) {
      CAPTURE(survived);
      KillableWorld world(scenario);
      CHECK_FALSE(world.visit(survived));
      REQUIRE(world.visit(kForever));
      check_same(world, undisturbed, scenario);
    }
  }
}

TEST_CASE("killed twice it still ends as if nothing had been", "[killed]") {
  const auto& scenario = kScenarios[1];
  KillableWorld undisturbed(scenario);
  REQUIRE(undisturbed.visit(kForever));
  for (std::size_t first = 0; first < undisturbed.calls; first += 6)
    for (std::size_t second = 1; second < undisturbed.calls; second += 3) {
      CAPTURE(first, second);
      KillableWorld world(scenario);
      world.visit(first);
      world.visit(second);
      REQUIRE(world.visit(kForever));
      check_same(world, undisturbed, scenario);
    }
}

}  // namespace slipway::tests
