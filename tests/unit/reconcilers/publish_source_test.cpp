#include "tests/catch.h"
#include "tests/support/publish_world.h"

#include "reconcilers/publish/record.h"

namespace slipway::tests {
namespace {

using Kind = Outcome::Kind;
using namespace std::chrono_literals;

const Outcome kAgainInAnHour{.kind = Kind::Again, .delay = 1h};
const Outcome kStalledForAnHour{.kind = Kind::Stalled, .delay = 1h};

std::string tag_for(const Digest& digest, const std::string& ending) {
  return "sha256-" + std::string(digest.hex()) + ending;
}

/// An image for each of two platforms, and an index over them under tag 1.8 of the source.
struct TwoPlatforms {
  MadeImage amd, arm;
  content::Descriptor index;
};

TwoPlatforms push_two(PublishWorld& world) {
  TwoPlatforms two{.amd = make_image(world.source(), {"base", "amd"}, "linux/amd64"),
                   .arm = make_image(world.source(), {"base", "arm"}, "linux/arm64"),
                   .index = {}};
  two.index = make_index(world.source(), {two.amd, two.arm});
  world.source().tags.insert_or_assign("1.8", two.index.digest);
  return two;
}

/// Puts `bytes` at the source as a manifest under tag 1.8.
Digest push_bytes(PublishWorld& world, std::string_view media_type, const std::string& bytes) {
  content::Descriptor manifest{.media_type = std::string(media_type),
                               .digest = Digest::of(bytes),
                               .size = static_cast<std::int64_t>(bytes.size())};
  world.source().manifests.insert_or_assign(manifest.digest, content::ManifestBytes{manifest, bytes});
  world.source().tags.insert_or_assign("1.8", manifest.digest);
  return manifest.digest;
}

/// `one` as an index or a referrer names it.
std::string named(const content::Descriptor& one) {
  return R"({"mediaType":")" + one.media_type + R"(","digest":")" + one.digest.str() + R"(","size":)" +
         std::to_string(one.size) + "}";
}

/// BuildKit's attestation of `about`, as an index names it.
std::string attest(PublishWorld& world, const MadeImage& about) {
  auto image = make_image(world.source(), {"attestation of " + about.descriptor.digest.str()}, "unknown/unknown");
  return R"({"mediaType":")" + image.descriptor.media_type + R"(","digest":")" + image.descriptor.digest.str() +
         R"(","size":)" + std::to_string(image.descriptor.size) +
         R"(,"platform":{"architecture":"unknown","os":"unknown"},"annotations":{"vnd.docker.reference.type":)" +
         R"("attestation-manifest","vnd.docker.reference.digest":")" + about.descriptor.digest.str() + "\"}}";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a source that lies is found out before a tag is set") {
  PublishWorld world;
  const auto publication = make_publication();
  auto two = push_two(world);
  auto& source = world.source();
  const std::string arm = two.arm.descriptor.digest.str();
  const std::string index = source.manifests.at(two.index.digest).bytes;
  std::string told;
  bool before_any_blob = true;

  SECTION("a manifest that is not what its digest says") {
    source.manifests.at(two.arm.descriptor.digest).bytes += " ";
    told = arm;
  }
  SECTION("a child of another size than its index says") {
    const auto size = R"(")" + arm + R"(","size":)" + std::to_string(two.arm.descriptor.size);
    push_bytes(world, content::kOciIndex, replaced(index, size, size + "0"));
    told = arm;
  }
  SECTION("a child of another media type than its index says") {
    const auto at = index.find(arm);
    const auto type = index.rfind(content::kOciManifest, at);
    auto bytes = index;
    push_bytes(world, content::kOciIndex,
               bytes.replace(type, content::kOciManifest.size(), std::string(content::kDockerManifest)));
    told = arm;
  }
  SECTION("a layer with other bytes") {
    source.blobs.at(two.arm.layers[1].digest) = "evil";
    told = two.arm.layers[1].digest.str();
    before_any_blob = false;
  }
  SECTION("a config with other bytes") {
    source.blobs.at(two.arm.config.digest) = "{}";
    told = two.arm.config.digest.str();
  }
  SECTION("a config that speaks of fewer layers than the manifest") {
    const auto& honest = source.manifests.at(two.arm.descriptor.digest).bytes;
    const auto& layer = two.arm.layers[0];
    const std::string more = R"(,{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":")" +
                             layer.digest.str() + R"(","size":)" + std::to_string(layer.size) + "}]";
    push_bytes(world, content::kOciManifest, replaced(honest, "]", more));
    told = two.arm.config.digest.str() + " of image";
  }
  SECTION("one blob with two sizes") {
    auto other = make_image(source, {"base", "other"}, "linux/s390x");
    const auto size = R"("size":4})";
    auto bytes = replaced(source.manifests.at(other.descriptor.digest).bytes, size, R"("size":5})");
    other.descriptor.digest = push_bytes(world, content::kOciManifest, bytes);
    const auto mixed = make_index(source, {two.amd, other});
    source.tags.insert_or_assign("1.8", mixed.digest);
    told = two.amd.layers[0].digest.str();
  }
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False Integrity");
  CHECK(world.condition(publication, "Stalled") == "True Integrity");
  CHECK_THAT(world.message(publication), Catch::Contains(told));
  CHECK(world.destination().tags.empty());
  CHECK(world.destination().manifests.empty());
  if (before_any_blob) CHECK(world.destination().blobs.empty());
}

TEST_CASE("a source that lacks what it names is not found") {
  PublishWorld world;
  const auto publication = make_publication();
  const auto two = push_two(world);
  SECTION("the tag") {
    world.source().tags.clear();
  }
  SECTION("a child") {
    world.source().manifests.erase(two.arm.descriptor.digest);
  }
  SECTION("a layer") {
    world.source().blobs.erase(two.arm.layers[1].digest);
  }
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False NotFound");
  CHECK(world.destination().tags.empty());
  CHECK_THAT(world.message(publication), Catch::Contains(": "));
}

TEST_CASE("a digest that the source does not hold is told with who asked, where it was looked for and what is there") {
  PublishWorld world;
  const auto there = world.push({"base"}).descriptor.digest.str();
  const auto wanted = Digest::of("never pushed").str();
  auto publication = make_publication();
  auto& source = publication.spec.source;
  const std::string lacks = "source ghcr.io/contoso/storefront does not hold " + wanted + ", which ";
  const std::string to_do = ": put that image there, or name " + there + " if you mean it";
  SECTION("pinned beside the tag") {
    source.digest = wanted;
    world.publish(publication);
    CHECK(world.message(publication) == lacks + "spec.source.digest asks for; its tag 1.8 names " + there + to_do);
  }
  SECTION("pinned in the reference") {
    source.image->reference = "ghcr.io/contoso/storefront@" + wanted;
    world.publish(publication);
    CHECK(world.message(publication) ==
          lacks +
              "spec.source.image.reference asks for: put that image there, or name the digest of one that is there");
  }
  SECTION("pinned of a tag that is not there either") {
    source.image->reference = "ghcr.io/contoso/storefront:0.9";
    source.digest = wanted;
    world.publish(publication);
    CHECK(world.message(publication) ==
          lacks + "spec.source.digest asks for: put that image there, or name the digest of one that is there");
  }
  SECTION("of a file without that image, which says what it holds") {
    source = {.oci_layout = LayoutSource{.path = "./image", .image = "v2"}, .digest = wanted};
    const auto cls = GENERATE(ErrorClass::NotFound, ErrorClass::Invalid);
    world.registry.before = [cls](const std::string& request) -> Result<void> {
      if (request == "HEAD ./image:v2") return fail(cls, "it has no image v2; it holds v1");
      return {};
    };
    world.publish(publication);
    CHECK(world.message(publication) == "source ./image does not hold " + wanted +
                                            ", which spec.source.digest asks for; it has no image v2; it holds v1: "
                                            "put that image there, or name the digest of one that is there");
  }
  SECTION("of a place that can't be asked what it holds instead") {
    source.digest = wanted;
    world.registry.before = [](const std::string& request) -> Result<void> {
      if (request.starts_with("HEAD ghcr.io")) return fail(ErrorClass::Unavailable, "no answer");
      return {};
    };
    world.publish(publication);
    CHECK(world.message(publication) ==
          lacks + "spec.source.digest asks for: put that image there, or name the digest of one that is there");
  }
  SECTION("a file's only image") {
    source = {.oci_layout = LayoutSource{.path = "./image", .image = ""}, .digest = wanted};
    const auto held = make_image(world.registry.file("./image"), {"base"}).descriptor.digest;
    world.registry.file("./image").tags.insert_or_assign("any", held);
    world.publish(publication);
    CHECK(world.message(publication) == "source ./image does not hold " + wanted +
                                            ", which spec.source.digest asks for; it holds " + held.str() +
                                            ": put that image there, or name " + held.str() + " if you mean it");
  }
  CHECK(world.condition(publication, "Stalled") == "True NotFound");
  CHECK(world.destination().manifests.empty());
}

TEST_CASE("a place that lacks the image is told with what to do there") {
  PublishWorld world;
  auto publication = make_publication();
  std::string told;
  SECTION("a registry") {
    told = "source ghcr.io/contoso/storefront has no image 1.8: push the source image first, or name one that is there";
  }
  SECTION("a file") {
    publication.spec.source = {.oci_layout = LayoutSource{.path = "./image", .image = ""}};
    told = "source ./image holds no image: write the image there, or name a file in spec.source that holds one";
  }
  world.publish(publication);
  CHECK(world.condition(publication, "Stalled") == "True NotFound");
  CHECK(world.message(publication) == told);
}

TEST_CASE("a file that was built anew behind its path is told with the digest it holds and the field to edit") {
  PublishWorld world;
  auto& file = world.registry.file("./image");
  const auto build = [&](const std::string& layer) {
    file.manifests.clear();
    const auto image = make_image(file, {layer});
    file.tags.insert_or_assign("any", image.descriptor.digest);
    return image;
  };
  auto publication = make_publication();
  publication.spec.source = {.oci_layout = LayoutSource{.path = "./image", .image = ""}};
  const auto first = build("first");
  const std::string edit = "edit spec.build (number, version or commit) for the new build";
  const publish::Settings one_shot{.publisher_id = "cluster-1", .version = "0.1.0", .one_shot = true};
  SECTION("before it was published") {
    const auto layer = first.layers[0].digest;
    file.blobs.erase(layer);
    world.publish(publication);
    REQUIRE(world.status(publication).source->digest == first.descriptor.digest.str());
    const auto second = build("second").descriptor.digest.str();
    world.look(publication);
    CHECK(world.condition(publication, "Ready") == "False NotFound");
    CHECK(world.message(publication) == "source ./image does not hold " + first.descriptor.digest.str() +
                                            ", which it was resolved to at 2026-11-24T09:00:00Z; it holds " + second +
                                            ": put that image there, set spec.source.digest: " + second + ", or " +
                                            edit);
    CHECK(world.destination().tags.empty());
  }
  SECTION("after it was published") {
    world.publish(publication);
    REQUIRE(world.condition(publication, "Ready") == "True Succeeded");
    const auto told = [&] { return world.recorder.events.size(); };
    const auto before = told();
    world.look(publication, one_shot);
    CHECK(told() == before);
    const auto second = build("second").descriptor.digest.str();
    const auto note = "source ./image holds " + second + " now, which is not published: " + edit;
    world.look(publication);
    CHECK(told() == before);
    world.look(publication, one_shot);
    REQUIRE(told() == before + 1);
    CHECK(world.recorder.events.back().type == EventType::Warning);
    CHECK(world.recorder.events.back().reason == "Noted");
    CHECK(world.recorder.events.back().message == note);
    CHECK(world.plan(publication).back() == "  note: " + note);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
    file.tags.clear();
    world.look(publication, one_shot);
    CHECK(told() == before + 1);
  }
}

TEST_CASE("a subset of the platforms is a smaller index, with the attestations of what is kept") {
  PublishWorld world;
  auto two = push_two(world);
  const auto index = world.source().manifests.at(two.index.digest).bytes;
  const auto whole = push_bytes(
      world, content::kOciIndex,
      index.substr(0, index.size() - 2) + "," + attest(world, two.amd) + "," + attest(world, two.arm) + "]}");
  auto publication = make_publication();

  SECTION("all kept is the same digest") {
    publication.spec.source.platforms = {"linux/arm64", "linux/amd64"};
    world.publish(publication);
    CHECK(world.tag("1.8.2") == whole.str());
    CHECK(world.destination().manifests.size() == 6);
  }
  SECTION("one kept goes with its attestation; the plan says what stays behind") {
    publication.spec.source.platforms = {"linux/arm64"};
    make_artifact(world.source(), "application/x-signature", "index",
                  content::Descriptor{.media_type = "a/b", .digest = whole});
    world.objects.apply(publication);
    const auto plan = world.plan(publication);
    CHECK(std::ranges::count_if(plan, [](const auto& line) { return line.starts_with("  note: stays behind: "); }) ==
          3);
    REQUIRE(world.publish(publication) == kAgainInAnHour);

    const auto& published = world.status(publication).published;
    CHECK(world.tag("1.8.2") == published->digest);
    CHECK(published->digest != whole.str());
    CHECK(published->source_digest == whole.str());
    CHECK(world.destination().manifests.contains(two.arm.descriptor.digest));
    CHECK_FALSE(world.destination().manifests.contains(two.amd.descriptor.digest));
    CHECK(world.destination().manifests.size() == 4);

    // Taken again it is the same, and a repair makes the same bytes.
    const auto before = world.destination();
    REQUIRE(world.destination().manifests.erase(*Digest::parse(published->digest)) == 1);
    world.clock.advance(24h);
    world.look(publication);
    CHECK(world.destination() == before);
  }
  SECTION("one that is missing is not found, and those that exist are named") {
    publication.spec.source.platforms = {"linux/riscv64"};
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False NotFound");
    CHECK_THAT(world.message(publication),
               Catch::Contains("linux/riscv64") && Catch::Contains("linux/amd64, linux/arm64"));
  }
}

TEST_CASE("a single image is published as it is when it serves every platform wanted") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.source.platforms = {"linux/amd64"};
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(world.tag("1.8.2") == image.descriptor.digest.str());
  publication.spec.source.platforms = {"linux/arm64"};
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False NotFound");
}

TEST_CASE("what is attached to the source travels along") {
  PublishWorld world;
  const auto two = push_two(world);
  auto& source = world.source();
  const auto sbom = make_artifact(source, "application/spdx+json", "packages", two.amd.descriptor);
  const auto signature_of_sbom = make_artifact(source, "application/x-signature", "signed sbom", sbom);
  const auto signature = make_artifact(source, "", "signed", std::nullopt);
  const auto attestation = make_artifact(source, "", "attested", std::nullopt);
  source.tags.insert_or_assign(tag_for(two.index.digest, ".sig"), signature.digest);
  source.tags.insert_or_assign(tag_for(two.arm.descriptor.digest, ".att"), attestation.digest);
  source.tags.insert_or_assign(tag_for(two.amd.descriptor.digest, ".sbom"), signature.digest);
  auto publication = make_publication();
  auto& destination = world.destination();

  SECTION("referrers, what refers to them, and tags") {
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    CHECK(destination.manifests.contains(sbom.digest));
    CHECK(destination.manifests.contains(signature_of_sbom.digest));
    CHECK(world.tag(tag_for(two.index.digest, ".sig")) == signature.digest.str());
    CHECK(world.tag(tag_for(two.arm.descriptor.digest, ".att")) == attestation.digest.str());
    CHECK(world.tag(tag_for(two.amd.descriptor.digest, ".sbom")) == signature.digest.str());
    CHECK(world.tag("1.8.2") == two.index.digest.str());
  }
  SECTION("with the next publication what was attached since to what is there") {
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    const auto later = make_artifact(source, "application/x-signature", "signed later", sbom);
    publication.spec.build.number = 813;
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    CHECK(destination.manifests.contains(later.digest));
  }
  SECTION("None leaves them behind and asks for none") {
    publication.spec.source.referrers = ReferrersMode::None;
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    CHECK(destination.manifests.size() == 4);
    CHECK(destination.tags.size() == 2);
    CHECK(std::ranges::none_of(world.registry.requests,
                               [](const auto& one) { return one.find("ghcr.io/contoso/storefront/referrers") == 4; }));
  }
  SECTION("of a subset only what speaks of the children kept") {
    publication.spec.source.platforms = {"linux/arm64"};
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    CHECK_FALSE(destination.manifests.contains(sbom.digest));
    CHECK(world.tag(tag_for(two.arm.descriptor.digest, ".att")) == attestation.digest.str());
    CHECK(world.tag(tag_for(two.index.digest, ".sig")) == "nothing");
  }
  SECTION("a tag of that kind which is there with other content is left, and people are told") {
    const auto other = make_artifact(destination, "", "other signature", std::nullopt);
    destination.tags.insert_or_assign(tag_for(two.index.digest, ".sig"), other.digest);
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    CHECK(world.tag(tag_for(two.index.digest, ".sig")) == other.digest.str());
    CHECK(world.recorder.reasons() == std::vector<std::string>{"Noted", "Published"});
  }
  SECTION("an index that refers stays behind") {
    const auto bytes = R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciIndex) +
                       R"(","manifests":[],"subject":{"mediaType":")" + two.index.media_type + R"(","digest":")" +
                       two.index.digest.str() + R"(","size":)" + std::to_string(two.index.size) + "}}";
    const auto before = source.tags;
    const auto index = push_bytes(world, content::kOciIndex, bytes);
    source.tags = before;
    source.tags.insert_or_assign(tag_for(two.index.digest, ".att"), index);
    REQUIRE(world.publish(publication) == kAgainInAnHour);
    CHECK_FALSE(destination.manifests.contains(index));
  }
}

TEST_CASE("what is attached to an image travels along wherever its index names an attestation") {
  PublishWorld world;
  const auto two = push_two(world);
  auto& source = world.source();
  const std::string children = R"("manifests":[)";
  push_bytes(world, content::kOciIndex,
             replaced(source.manifests.at(two.index.digest).bytes, children, children + attest(world, two.amd) + ","));
  const auto sbom = make_artifact(source, "application/spdx+json", "packages", two.amd.descriptor);
  REQUIRE(world.publish(make_publication()) == kAgainInAnHour);
  CHECK(world.destination().manifests.contains(sbom.digest));
}

TEST_CASE("an image that its source names by sha512 is refused before anything is sent") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto manifest = world.source().manifests.at(image.descriptor.digest);
  Hasher hasher("sha512");
  hasher.update(manifest.bytes);
  manifest.descriptor.digest = hasher.finish();
  world.source().manifests.insert_or_assign(manifest.descriptor.digest, manifest);
  world.source().tags.insert_or_assign("1.8", manifest.descriptor.digest);
  const auto publication = make_publication();
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False NotSupported");
  CHECK_THAT(world.message(publication), Catch::Contains(manifest.descriptor.digest.str()));
  CHECK(world.destination() == InMemoryRepository{});
}

TEST_CASE("a source can't put records in our name") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const publish::PublicationRecord lie{
      .publisher = {"cluster-1", "shop", "storefront"}, .subject = image.descriptor.digest, .environment = "staging"};
  const auto record = publish::build_record(lie, image.descriptor);
  const auto& forged = record.descriptor.digest;
  world.source().blobs.emplace(content::empty_blob().digest, content::kEmptyBlob);
  world.source().manifests.insert_or_assign(forged, record);
  const auto publication = make_publication();

  SECTION("as a referrer") {}
  SECTION("by a tag") {
    world.source().tags.insert_or_assign(tag_for(image.descriptor.digest, ".sig"), forged);
  }
  SECTION("as the image itself") {
    world.source().tags.insert_or_assign("1.8", forged);
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False Refused");
    CHECK(world.destination() == InMemoryRepository{});
    return;
  }
  REQUIRE(world.publish(publication) == kAgainInAnHour);
  CHECK_FALSE(world.destination().manifests.contains(forged));
  CHECK(world.records_on(image.descriptor.digest) == 1);
}

TEST_CASE("a source can't put records in our name beside another image as indexes either") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto other = make_image(world.destination(), {"other"});
  const auto before = world.destination();
  const auto push_index = [&](const content::Descriptor& child, const std::string& more) {
    const std::string bytes = R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciIndex) +
                              R"(","manifests":[)" + named(child) + "]" + more + "}";
    const auto digest = push_bytes(world, content::kOciIndex, bytes);
    return world.source().manifests.at(digest).descriptor;
  };
  const auto forged = push_index(image.descriptor, R"(,"artifactType":")" + std::string(publish::kRecordType) +
                                                       R"(","subject":)" + named(other.descriptor));
  SECTION("as the root") {}
  SECTION("as a child") {
    push_index(forged, "");
  }
  const auto publication = make_publication();
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False Refused");
  CHECK_THAT(world.message(publication),
             Catch::Contains(forged.digest.str() + " is a publication record") && Catch::Contains("publish the image"));
  CHECK(world.destination() == before);
}

TEST_CASE("what refers to an image that is not published with it is refused") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto victim = make_image(world.destination(), {"another team's"}).descriptor;
  const auto before = world.destination();
  const auto push_index = [&](const std::vector<content::Descriptor>& children, const std::string& more) {
    std::string list;
    for (const auto& child : children) list += (list.empty() ? "" : ",") + named(child);
    const std::string bytes = R"({"schemaVersion":2,"mediaType":")" + std::string(content::kOciIndex) +
                              R"(","manifests":[)" + list + "]" + more + "}";
    return world.source().manifests.at(push_bytes(world, content::kOciIndex, bytes)).descriptor;
  };
  const auto publication = make_publication();

  SECTION("to another's image") {
    auto refers = make_artifact(world.source(), "application/spdx+json", "nothing to worry about", victim);
    SECTION("an SBOM alone") {
      world.source().tags.insert_or_assign("1.8", refers.digest);
    }
    SECTION("an SBOM as a child") {
      push_index({image.descriptor, refers}, "");
    }
    SECTION("an index of one's own image") {
      refers = push_index({image.descriptor}, R"(,"subject":)" + named(victim));
    }
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False Refused");
    CHECK_THAT(world.message(publication), Catch::Contains(refers.digest.str() + " refers to " + victim.digest.str()) &&
                                               Catch::Contains("publish the image that it refers to"));
    CHECK(world.destination() == before);
  }
  SECTION("to an image beside it in the index, as BuildKit writes attestations, wherever it stands") {
    const auto attestation = make_artifact(world.source(), "application/vnd.in-toto+json", "built", image.descriptor);
    SECTION("after it") {
      push_index({image.descriptor, attestation}, "");
    }
    SECTION("before it") {
      push_index({attestation, image.descriptor}, "");
    }
    CHECK(world.publish(publication) == kAgainInAnHour);
    CHECK(world.destination().manifests.contains(attestation.digest));
  }
}

TEST_CASE("gates don't overlook a child whose config has a media type of its own") {
  PublishWorld world;
  auto two = push_two(world);
  auto& source = world.source();
  auto bytes = replaced(source.manifests.at(two.arm.descriptor.digest).bytes, std::string(content::kOciConfig), "a/b");
  two.arm.descriptor.digest = push_bytes(world, content::kOciManifest, bytes);
  two.arm.descriptor.size = static_cast<std::int64_t>(bytes.size());
  source.tags.insert_or_assign("1.8", make_index(source, {two.amd, two.arm}).digest);
  auto publication = make_publication();
  SECTION("without gates it is published") {
    CHECK(world.publish(publication) == kAgainInAnHour);
  }
  SECTION("with a gate it needs a report") {
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}, .wait_for = 0s};
    world.objects.files["scan.json"] = make_report(two.amd);
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "GatesPassed") == "False PlatformNotCovered");
  }
}

TEST_CASE("verify Deep hands the diff ids of every layer to the transfer") {
  PublishWorld world;
  const auto image = world.push({"base", "app"});
  auto publication = make_publication();
  SECTION("Standard doesn't") {
    world.publish(publication);
    const auto asked = world.image_transfers();
    REQUIRE(asked.size() == 1);
    CHECK_FALSE(asked[0].deep);
    CHECK(asked[0].diff_ids.empty());
  }
  SECTION("Deep does, for a repair too, and needs no source as long as nothing is missing") {
    publication.spec.verify = Verify::Deep;
    world.publish(publication);
    REQUIRE(world.image_transfers().size() == 1);
    CHECK(world.image_transfers()[0].deep);
    CHECK(world.image_transfers()[0].diff_ids ==
          std::map<Digest, std::string>{{image.layers[0].digest, Digest::of("content of base").str()},
                                        {image.layers[1].digest, Digest::of("content of app").str()}});
    const auto source = world.source();
    world.source() = {};
    world.clock.advance(24h);
    CHECK(world.look(publication) == kAgainInAnHour);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");

    world.source() = source;
    world.destination().blobs.erase(image.layers[1].digest);
    world.clock.advance(24h);
    CHECK(world.look(publication) == kAgainInAnHour);
    REQUIRE(world.image_transfers().size() == 2);
    CHECK(world.image_transfers()[1].diff_ids.contains(image.layers[1].digest));
    CHECK(world.destination().blobs.contains(image.layers[1].digest));
  }
}

TEST_CASE("a layer that its licence keeps away may be missing at the source") {
  PublishWorld world;
  auto image = world.push({"windows", "app"});
  auto bytes = replaced(world.source().manifests.at(image.descriptor.digest).bytes,
                        R"("application/vnd.oci.image.layer.v1.tar+gzip")",
                        R"("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip")");
  push_bytes(world, content::kOciManifest, bytes);
  const auto publication = make_publication();
  SECTION("it is sent where it is there") {
    CHECK(world.publish(publication) == kAgainInAnHour);
    CHECK(world.destination().blobs.contains(image.layers[0].digest));
  }
  SECTION("its descriptor alone is published where it is not") {
    world.source().blobs.erase(image.layers[0].digest);
    world.publish(publication);
    REQUIRE(world.image_transfers().size() == 1);
    CHECK(world.image_transfers()[0].blobs.size() == 2);
    CHECK(world.condition(publication, "Ready") == "True Succeeded");
  }
  world.clock.advance(24h);
  CHECK(world.look(publication) == kAgainInAnHour);
  CHECK(world.registry.writes().empty());
}

TEST_CASE("files beside the resource are sources") {
  PublishWorld world;
  const auto image = make_image(world.registry.file("./image"), {"base"});
  world.registry.file("./image").tags.insert_or_assign("", image.descriptor.digest);
  auto publication = make_publication();
  publication.spec.source = {.oci_layout = LayoutSource{.path = "./image"}};
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(world.tag("1.8.2") == image.descriptor.digest.str());
  CHECK(world.status(publication).source->digest == image.descriptor.digest.str());

  SECTION("a digest pins them") {
    publication.spec.source.digest = Digest::of("another").str();
    CHECK(world.publish(publication) == kStalledForAnHour);
    CHECK(world.condition(publication, "Ready") == "False NotFound");
  }
  SECTION("a folder that changes is no new publication until it is asked for") {
    const auto next = make_image(world.registry.file("./image"), {"next"});
    world.registry.file("./image").tags.insert_or_assign("", next.descriptor.digest);
    world.clock.advance(24h);
    world.look(publication);
    CHECK(world.tag("staging") == image.descriptor.digest.str());
  }
}

TEST_CASE("a digest in two places must be one") {
  PublishWorld world;
  const auto image = world.push({"base"});
  auto publication = make_publication();
  publication.spec.source.image->reference = "ghcr.io/contoso/storefront@" + image.descriptor.digest.str();
  publication.spec.source.digest = image.descriptor.digest.str();
  CHECK(world.publish(publication) == kAgainInAnHour);
  CHECK(world.count("GET ghcr.io/contoso/storefront:1.8") == 0);
  publication.spec.source.digest = Digest::of("another").str();
  CHECK(world.publish(publication) == kStalledForAnHour);
  CHECK(world.condition(publication, "Ready") == "False Invalid");
}

}  // namespace slipway::tests
