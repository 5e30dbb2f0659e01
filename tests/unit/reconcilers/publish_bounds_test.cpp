#include <algorithm>
#include <regex>

#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/resources.h"
#include "reconcilers/content/runnable.h"
#include "reconcilers/publish/content_reader.h"
#include "reconcilers/publish/record_reader.h"
#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

/// As a state database or an API server would: written, and read within the bounds of the schema.
bool is_within_bounds(const ImagePublicationStatus& status) {
  const auto document = parse_json(to_json_text(to_node(status)), "status");
  const auto read = publication_status_from(document.root);
  return read && *read == status;
}

/// Puts in its place the same manifest with an artifact type and annotations in each descriptor.
content::Descriptor annotated(InMemoryRepository& repository, const content::Descriptor& plain) {
  std::string more = R"(,"artifactType":"a/)" + std::string(300, 'b') + R"(","annotations":{)";
  for (int i = 0; i < 50; ++i) more += "\"a" + std::to_string(i) + "\":\"\",";
  more += R"("vnd.docker.reference.type":"attestation-manifest"})";
  content::ManifestBytes manifest{.descriptor = plain, .bytes = {}};
  manifest.bytes =
      std::regex_replace(repository.manifests.at(plain.digest).bytes, std::regex("\"size\":[0-9]+"), "$&" + more);
  manifest.descriptor.digest = Digest::of(manifest.bytes);
  manifest.descriptor.size = static_cast<std::int64_t>(manifest.bytes.size());
  repository.manifests.erase(plain.digest);
  repository.manifests.emplace(manifest.descriptor.digest, manifest);
  return manifest.descriptor;
}

MadeImage annotated_image(InMemoryRepository& repository, const std::string& layer, const std::string& platform) {
  auto image = make_image(repository, {layer}, platform);
  image.descriptor = annotated(repository, image.descriptor);
  return image;
}

/// An index of an index of two images and an attestation, an SBOM attached to the first of them, and another image.
content::Descriptor push_annotated(InMemoryRepository& source) {
  const auto first = annotated_image(source, "first", "linux/amd64");
  annotated(source, make_artifact(source, "application/spdx+json", "sbom", first.descriptor));
  MadeImage inner{.descriptor =
                      annotated(source, make_index(source, {first, annotated_image(source, "second", "linux/arm/v7"),
                                                            annotated_image(source, "statement", "unknown/unknown")}))};
  inner.descriptor.platform = content::parse_platform("linux/amd64").value();
  return annotated(source, make_index(source, {inner, annotated_image(source, "other", "linux/s390x")}));
}

std::vector<content::Descriptor> manifests_of(const publish::Content& content) {
  auto all = content.manifests;
  all.push_back(content.root);
  all.insert(all.end(), content.left_out.begin(), content.left_out.end());
  for (const auto& one : content.attached) all.insert(all.end(), {one.manifest, one.subject});
  return all;
}

/// Puts a record of `number` on the image, each list of which has 1,000 entries that say nothing.
void put_hollow_record(InMemoryRepository& repository, const content::Descriptor& image, int number) {
  auto one = publish::build_record({.subject = image.digest, .build = {.number = number}}, image);
  std::string entries = "{}";
  for (int i = 1; i < 1'000; ++i) entries += ",{}";
  one.bytes = std::regex_replace(one.bytes, std::regex(R"((tags|verdicts|deploymentTargets)\\":\[)"), "$&" + entries);
  one.descriptor.size = static_cast<std::int64_t>(one.bytes.size());
  one.descriptor.digest = Digest::of(one.bytes);
  repository.manifests.insert_or_assign(one.descriptor.digest, one);
}

}  // namespace

TEST_CASE("the status of the largest publication that is legal stays within its own bounds, and is right") {
  PublishWorld world;
  const auto image = world.push({"layer"});
  auto registry = make_registry();
  for (int entry = 0; entry < 64; ++entry) {
    auto floor = registry.spec.access[0];
    floor.name = std::string(60, 'f') + std::to_string(100 + entry);
    floor.gates.scan = ScanGate{.allow_up_to = Severity::High};
    registry.spec.access.push_back(floor);
  }
  registry.spec.access.erase(registry.spec.access.begin());
  world.objects.apply(registry);

  auto publication = make_publication();
  publication.metadata.annotations[std::string(kReconcileRequestedAt)] = std::string(3000, 'x');
  publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}};
  world.objects.files["scan.json"] = make_report(image);
  publication.spec.tags.clear();
  for (int tag = 100; tag < 164; ++tag)
    publication.spec.tags.push_back(
        {.name = "t" + std::to_string(tag), .template_text = std::string(125, 't') + std::to_string(tag)});
  world.publish(publication);

  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.status(publication).published->verdicts.size() == 65);
  CHECK(is_within_bounds(world.status(publication)));
  SECTION("the request to look again is answered once") {
    world.look(publication);
    CHECK(world.registry.writes().empty());
    CHECK(world.objects.written.empty());
  }
}

TEST_CASE("a refusal of any length is told within bounds") {
  PublishWorld world;
  auto publication = make_publication();
  world.push({"layer"});
  world.registry.before = [](const std::string&) -> Result<void> {
    return fail(ErrorClass::Unavailable, std::string(100'000, 'm'), "wait");
  };
  world.publish(publication);
  CHECK(world.message(publication).size() > 30'000);
  CHECK(is_within_bounds(world.status(publication)));
}

TEST_CASE("an image of more blobs than are held is refused before any of them is sent") {
  PublishWorld world;
  std::vector<MadeImage> images;
  for (int image = 0; image < 10; ++image) {
    std::vector<std::string> layers;
    // With its config each of them has 1,000 blobs, the last 1,001.
    for (int layer = 0; layer < (image < 9 ? 999 : 1000); ++layer)
      layers.push_back(std::to_string(1000 * image + layer));
    images.push_back(make_image(world.source(), layers));
  }
  world.source().tags.insert_or_assign("1.8", make_index(world.source(), images).digest);
  const auto publication = make_publication();
  world.publish(publication);
  CHECK(world.condition(publication, "Ready") == "False Integrity");
  CHECK_THAT(world.message(publication), Catch::Contains("more than 10,000 blobs"));
  CHECK(world.registry.writes().empty());
}

TEST_CASE("of what a manifest says of others no more is kept than is read later") {
  InMemoryRegistry registry;
  auto& repository = registry.at("ghcr.io", "contoso/storefront");
  const auto root = push_annotated(repository);
  const auto source = registry.store("ghcr.io", "contoso/storefront", true);
  const auto destination = registry.store("registry.example", "shop/storefront");
  publish::ContentQuestion question{.source = root.digest, .referrers = true, .configs = true};
  std::size_t left_out = 0;
  SECTION("all of it") {}
  SECTION("some platforms of it") {
    question.platforms = {"linux/amd64"};
    left_out = 1;
  }
  const auto answer = publish::read_content(question, *source, *destination, {});
  REQUIRE(answer.has_value());
  const auto& content = answer->content;
  CHECK(content.left_out.size() == left_out);
  CHECK(content.attached.size() == 1);
  CHECK(content.attached_blobs.size() == 2);
  CHECK(content.blobs.size() == (left_out == 0 ? 8 : 6));
  for (const auto* blobs : {&content.blobs, &content.attached_blobs})
    for (const auto& blob : *blobs)
      CHECK(blob == content::Descriptor{.media_type = blob.media_type, .digest = blob.digest, .size = blob.size});
  const auto manifests = manifests_of(content);
  CHECK(std::ranges::count_if(manifests, content::is_attestation) == 1);
  for (const auto& manifest : manifests) {
    CHECK(manifest.annotations.size() == (content::is_attestation(manifest) ? 1 : 0));
    CHECK(manifest.artifact_type.size() <= 255);
  }
}

TEST_CASE("an image whose manifests say much of others is published as it is") {
  PublishWorld world;
  const auto root = push_annotated(world.source());
  world.source().tags.insert_or_assign("1.8", root.digest);
  const auto publication = make_publication();
  world.publish(publication);
  CHECK(world.condition(publication, "Ready") == "True Succeeded");
  CHECK(world.tag("1.8.2") == root.digest.str());
  std::size_t same = 0;
  for (const auto& [digest, manifest] : world.destination().manifests) {
    const auto sent = world.source().manifests.find(digest);
    if (sent == world.source().manifests.end()) continue;
    ++same;
    CHECK(manifest.bytes == sent->second.bytes);
  }
  CHECK(same == 7);
}

TEST_CASE("a record of another image that the list names says nothing of this one") {
  PublishWorld world;
  const auto image = make_image(world.destination(), {"base"}).descriptor;
  const auto other = make_image(world.destination(), {"other"}).descriptor;
  const auto foreign = publish::build_record({.subject = other.digest}, other);
  world.destination().manifests.insert_or_assign(foreign.descriptor.digest, foreign);
  world.destination().also_listed[image.digest] = {foreign.descriptor.digest};
  auto store = world.registry.store("registry.example", "shop/storefront");
  std::size_t left = publish::kMostOfRecords;
  const auto found = publish::read_records(*store, image.digest, {publish::kAllRecords, left}, {});
  REQUIRE(found);
  CHECK(found->listed.contains(foreign.descriptor.digest));
  CHECK(found->records.empty());
  CHECK(found->identities.empty());
}

TEST_CASE("records count by what they take in memory, where that is more than their manifests have") {
  PublishWorld world;
  const auto image = make_image(world.destination(), {"base"});
  std::size_t least = 0;  // Of what one takes.
  SECTION("lists of entries that say nothing") {
    for (int i = 0; i < 40; ++i) put_hollow_record(world.destination(), image.descriptor, i);
    least = 1'000 * (sizeof(VerdictStatus) + sizeof(publish::RecordedTag) + sizeof(DeploymentTarget));
  }
  SECTION("labels") {
    publish::PublicationRecord record{.subject = image.descriptor.digest};
    for (int i = 0; i < 5'000; ++i) record.build.labels[std::to_string(i)];
    for (record.build.number = 0; *record.build.number < 40; ++*record.build.number) {
      const auto one = publish::build_record(record, image.descriptor);
      world.destination().manifests.insert_or_assign(one.descriptor.digest, one);
    }
    least = 5'000 * 2 * sizeof(std::string);
  }
  auto store = world.registry.store("registry.example", "shop/storefront");
  std::size_t left = publish::kMostOfRecords;
  const auto found = publish::read_records(*store, image.descriptor.digest, {publish::kAllRecords, left}, {});
  REQUIRE(found);
  CHECK_FALSE(found->records.empty());
  CHECK((found->records.size() - 1) * least < publish::kMostOfRecords);
  CHECK(found->listed.size() == 40);
  CHECK_FALSE(found->all_read);
  CHECK(left == 0);
}

}  // namespace slipway::tests
