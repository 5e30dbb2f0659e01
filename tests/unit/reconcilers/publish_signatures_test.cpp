#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::chrono_literals;

/// What cosign keeps under an image's tag: a layer for each signature, all of the same bytes, told apart by
/// annotations.
content::Descriptor sign(InMemoryRepository& repository, const Digest& image, const std::vector<std::string>& by) {
  const std::string payload = R"({"critical":{"image":{"docker-manifest-digest":")" + image.str() + R"("}}})";
  const std::string config = R"({"rootfs":{"signatures":)" + std::to_string(by.size()) + "}}";
  const auto named = [&](std::string_view media_type, const std::string& bytes) {
    repository.blobs.emplace(Digest::of(bytes), bytes);
    return R"("mediaType":")" + std::string(media_type) + R"(","digest":")" + Digest::of(bytes).str() + R"(","size":)" +
           std::to_string(bytes.size());
  };
  std::string layers;
  for (const auto& who : by)
    layers += (layers.empty() ? "{" : ",{") + named("application/vnd.dev.cosign.simplesigning.v1+json", payload) +
              R"(,"annotations":{"dev.cosignproject.cosign/signature":")" + who + R"("}})";
  const std::string bytes = R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciManifest) +
                            R"(","config":{)" + named(content::kOciConfig, config) + R"(},"layers":[)" + layers + "]}";
  content::ManifestBytes manifest{{.media_type = std::string(content::kOciManifest),
                                   .digest = Digest::of(bytes),
                                   .size = static_cast<std::int64_t>(bytes.size())},
                                  bytes};
  repository.manifests.insert_or_assign(manifest.descriptor.digest, manifest);
  repository.tags.insert_or_assign("sha256-" + std::string(image.hex()) + ".sig", manifest.descriptor.digest);
  return manifest.descriptor;
}

}  // namespace

TEST_CASE("signatures that were added at the source come with the next publication of the image") {
  PublishWorld world;
  const auto image = world.push({"base"}).descriptor.digest;
  const std::string tag = "sha256-" + std::string(image.hex()) + ".sig";
  sign(world.source(), image, {"ci"});
  auto publication = make_publication();
  world.publish(publication);
  CHECK(world.tag(tag) == world.source().tags.at(tag).str());
  publication.spec.build.number = 813;

  SECTION("of whoever signed it again there") {
    const auto signed_again = sign(world.source(), image, {"ci", "release manager"});
    world.publish(publication);
    CHECK(world.tag(tag) == signed_again.digest.str());
    CHECK(world.destination().manifests.contains(signed_again.digest));
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Published"});
  }
  SECTION("not those that another one stands beside at the destination: none is taken away") {
    const auto there = sign(world.destination(), image, {"ci", "operations"});
    sign(world.source(), image, {"ci", "release manager"});
    world.publish(publication);
    CHECK(world.tag(tag) == there.digest.str());
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Noted", "Published"});
    CHECK_THAT(world.recorder.events[1].message,
               Catch::Contains("tag " + tag + " has content that the source's has not, and was left") &&
                   Catch::Contains("attach it to the image in registry.example/shop/storefront"));
  }
  SECTION("and what the destination has more stays, without a word: nothing is behind") {
    const auto there = sign(world.destination(), image, {"ci", "operations"});
    world.publish(publication);
    CHECK(world.tag(tag) == there.digest.str());
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Published"});
  }
  SECTION("nor where the registry lets no tag be moved, which is no reason not to publish") {
    const auto before = world.destination().tags.at(tag);
    sign(world.source(), image, {"ci", "release manager"});
    world.registry.before = [&](const std::string& request) -> Result<void> {
      if (request != "PUT registry.example/shop/storefront:" + tag) return {};
      return fail(ErrorClass::Refused, "the tag is locked", "unlock it");
    };
    world.publish(publication);
    CHECK(world.tag(tag) == before.str());
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Noted", "Published"});
    CHECK_THAT(world.recorder.events[1].message, Catch::Contains("the tag is locked"));
  }
}

}  // namespace slipway::tests
