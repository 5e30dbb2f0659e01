#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/resources.h"
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

}  // namespace slipway::tests
