#include <algorithm>

#include "reconcilers/publish/record_reader.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::chrono_literals;

/// What cosign keeps under an image's tag: a layer for each signature, all of the same bytes, told apart by
/// annotations.
content::Descriptor sign(InMemoryRepository& repository, const Digest& image, const std::vector<std::string>& by,
                         const std::string& ending = ".sig", const std::string& note = "") {
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
  const std::string annotations = note.empty() ? "" : R"(,"annotations":{"note":")" + note + R"("})";
  const std::string bytes = R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciManifest) +
                            R"(","config":{)" + named(content::kOciConfig, config) + R"(},"layers":[)" + layers + "]" +
                            annotations + "}";
  content::ManifestBytes manifest{{.media_type = std::string(content::kOciManifest),
                                   .digest = Digest::of(bytes),
                                   .size = static_cast<std::int64_t>(bytes.size())},
                                  bytes};
  repository.manifests.insert_or_assign(manifest.descriptor.digest, manifest);
  repository.tags.insert_or_assign("sha256-" + std::string(image.hex()) + ending, manifest.descriptor.digest);
  return manifest.descriptor;
}

/// `publication` by whom the registry lets publish there, too.
ImagePublication of_another_namespace(PublishWorld& world, ImagePublication publication) {
  auto registry = make_registry();
  registry.spec.access.push_back(registry.spec.access.front());
  registry.spec.access.back().name = "evil";
  registry.spec.access.back().namespace_selector.match_labels = {{"kubernetes.io/metadata.name", "evil"}};
  world.objects.apply(registry);
  publication.metadata.namespace_name = "evil";
  publication.spec.tags = {{.name = "version", .template_text = "evil-{{version}}"}};
  publication.spec.source.image->reference = "ghcr.io/evil/storefront:1.8";
  return publication;
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
  SECTION("not where what the tag names says something of its own beside them") {
    const auto there = sign(world.destination(), image, {"ci"}, ".sig", "audited");
    sign(world.source(), image, {"ci", "release manager"});
    world.publish(publication);
    CHECK(world.tag(tag) == there.digest.str());
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Noted", "Published"});
  }
  SECTION("not where the registry has lost what the tag names: that is no reason not to publish") {
    const auto before = world.destination().tags.at(tag);
    sign(world.source(), image, {"ci", "release manager"});
    world.registry.before = [&](const std::string& request) -> Result<void> {
      if (request != "GET registry.example/shop/storefront@" + before.str()) return {};
      return fail(ErrorClass::NotFound, "it is not there", "push it");
    };
    world.publish(publication);
    CHECK(world.tag(tag) == before.str());
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Noted", "Published"});
    CHECK_THAT(world.recorder.events[1].message, Catch::Contains("tag " + tag + " names a manifest that is not there"));
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

TEST_CASE("what another namespace's image is signed with is moved by nobody else") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const std::string tag = "sha256-" + std::string(image.descriptor.digest.hex()) + ".sig";
  const auto bank = sign(world.source(), image.descriptor.digest, {"bank"});
  auto publication = make_publication();
  world.publish(publication);
  REQUIRE(world.tag(tag) == bank.digest.str());
  auto evil = of_another_namespace(world, publication);
  auto& source = world.registry.at("ghcr.io", "evil/storefront");
  source = world.source();
  sign(source, image.descriptor.digest, {"bank", "evil"});
  for (int number : {1, 2}) {
    evil.spec.build.number = number;
    world.recorder.events.clear();
    world.publish(evil);
    CHECK(world.condition(evil, "Ready") == "True Succeeded");
    CHECK(world.tag(tag) == bank.digest.str());
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Noted", "Published"});
    CHECK_THAT(world.recorder.events[0].message, Catch::Contains("another publisher") && Catch::Contains("attach it"));
  }
}

TEST_CASE("what another installation's image is signed with is moved by no namespace of the same name") {
  PublishWorld world;
  const auto image = world.push({"base"}).descriptor.digest;
  const std::string tag = "sha256-" + std::string(image.hex()) + ".sig";
  const auto before = sign(world.source(), image, {"ci"});
  auto publication = make_publication();
  world.objects.apply(publication);
  world.look(publication, {.publisher_id = "cluster-2", .version = "0.1.0"});
  REQUIRE(world.tag(tag) == before.digest.str());
  sign(world.source(), image, {"ci", "evil"});
  publication.spec.build.number = 813;
  world.publish(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.tag(tag) == before.digest.str());
}

TEST_CASE("a tag of signatures stays where the records do not say whose the image is") {
  PublishWorld world;
  const auto image = world.push({"base"}).descriptor.digest;
  const std::string tag = "sha256-" + std::string(image.hex()) + ".sig";
  const auto before = sign(world.source(), image, {"ci"});
  auto publication = make_publication();
  world.publish(publication);
  sign(world.source(), image, {"ci", "release manager"});
  SECTION("there is none") {
    std::erase_if(world.destination().manifests, [](const auto& each) {
      const auto parsed = content::parse_manifest(each.second);
      return parsed && publish::is_record(*parsed);
    });
  }
  SECTION("the list of them can't be read to its end") {
    world.registry.before = [&](const std::string& request) -> Result<void> {
      if (request != "GET registry.example/shop/storefront/referrers/" + image.str()) return {};
      return fail(ErrorClass::Integrity, "the list is too long", "");
    };
  }
  publication.spec.build.number = 813;
  world.publish(publication);
  CHECK(world.tag(tag) == before.digest.str());
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Noted", "Published"});
}

TEST_CASE("a tag of signatures stays where more records are on the image than are read") {
  PublishWorld world;
  const auto image = world.push({"base"}).descriptor.digest;
  const auto before = sign(world.source(), image, {"ci"});
  auto publication = make_publication();
  for (std::size_t number = 1; number <= publish::kSomeRecords + 1; ++number) {
    publication.spec.build.number = static_cast<std::int64_t>(number);
    world.publish(publication);
  }
  REQUIRE(world.records_on(image) > publish::kSomeRecords);
  sign(world.source(), image, {"ci", "release manager"});
  world.recorder.events.clear();
  publication.spec.build.number = 813;
  world.publish(publication);
  CHECK(world.tag("sha256-" + std::string(image.hex()) + ".sig") == before.digest.str());
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Noted", "Published"});
}

TEST_CASE("a tag of signatures of one image of an index stays: the records are on the index") {
  PublishWorld world;
  const auto child = make_image(world.source(), {"base"});
  world.source().tags.insert_or_assign("1.8", make_index(world.source(), {child}).digest);
  const auto before = sign(world.source(), child.descriptor.digest, {"ci"});
  auto publication = make_publication();
  world.publish(publication);
  sign(world.source(), child.descriptor.digest, {"ci", "release manager"});
  publication.spec.build.number = 813;
  world.publish(publication);
  CHECK(world.tag("sha256-" + std::string(child.descriptor.digest.hex()) + ".sig") == before.digest.str());
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Noted", "Published"});
}

TEST_CASE("a tag of an SBOM holds one, and is never moved") {
  PublishWorld world;
  const auto image = world.push({"base"}).descriptor.digest;
  const auto before = sign(world.source(), image, {"one"}, ".sbom");
  auto publication = make_publication();
  world.publish(publication);
  sign(world.source(), image, {"one", "another"}, ".sbom");
  publication.spec.build.number = 813;
  world.publish(publication);
  CHECK(world.tag("sha256-" + std::string(image.hex()) + ".sbom") == before.digest.str());
  CHECK(world.recorder.reasons() == std::vector<std::string>{"Published", "Noted", "Published"});
}

TEST_CASE("more signatures than leave room for others' stay behind") {
  PublishWorld world;
  const auto image = world.push({"base"}).descriptor.digest;
  const std::string tag = "sha256-" + std::string(image.hex()) + ".sig";
  const std::vector<std::string> most(900, "ci");
  auto many = most;
  SECTION("as many as do") {
    const auto there = sign(world.source(), image, many);
    world.publish(make_publication());
    CHECK(world.tag(tag) == there.digest.str());
  }
  SECTION("one more") {
    many.emplace_back("ci");
    sign(world.source(), image, many);
    const auto plan = [&] {
      world.objects.apply(make_publication());
      return world.plan(make_publication());
    }();
    CHECK(std::ranges::any_of(plan, [](const auto& line) { return line.find("more than 900") != std::string::npos; }));
    world.publish(make_publication());
    CHECK(world.tag(tag) == "nothing");
    CHECK(world.condition(make_publication(), "Ready") == "True Succeeded");
  }
}

}  // namespace slipway::tests
