#include "tests/catch.h"
#include "tests/support/publish_world.h"

namespace slipway::tests {
namespace {

using namespace std::chrono_literals;

ImagePublication with_everything() {
  auto publication = make_publication();
  publication.spec.build = {.commit = "4f2a91c04f2a91c0",
                            .version = "1.8.2",
                            .number = 812,
                            .branch = "main",
                            .run_url = "https://ci.example/runs/812",
                            .actor = "octocat",
                            .built_at = *parse_timestamp("2026-11-24T08:30:00Z"),
                            .labels = {{"team", "checkout"}}};
  publication.spec.deployment_targets = {
      {.kind = "Deployment", .name = "storefront", .namespace_name = "shop", .cluster = "west"},
      {.kind = "WebApp", .name = "storefront-eu"}};
  return publication;
}

}  // namespace

TEST_CASE("the record tells what the spec and the settings say, and when it was done") {
  PublishWorld world;
  const auto image = world.push({"base"});
  const auto publication = with_everything();
  const publish::Settings settings{.publisher_id = "cluster-7", .version = "9.8.7"};
  const auto started = world.clock.now();
  world.objects.apply(publication);
  world.registry.before = [](const std::string& request) -> Result<void> {
    if (!request.starts_with("PUT")) return {};
    return fail(ErrorClass::Unavailable, "no answer", "look whether it runs");
  };
  world.look(publication, settings);
  world.registry.before = nullptr;
  world.clock.advance(5min);
  world.look(publication, settings);

  REQUIRE(world.records_on(image.descriptor.digest) == 1);
  const publish::PublicationRecord expected{
      .publisher = {.id = "cluster-7", .namespace_name = "shop", .name = "storefront"},
      .subject = image.descriptor.digest,
      .registry = "registry.example",
      .repository = "shop/storefront",
      .environment = "staging",
      .build = publication.spec.build,
      .source = {.location = "ghcr.io/contoso/storefront", .digest = image.descriptor.digest.str()},
      .tags = {{.tag = "1.8.2", .mutability = Mutability::Immutable},
               {.tag = "staging", .mutability = Mutability::Moving}},
      .deployment_targets = publication.spec.deployment_targets,
      .started_at = started,
      .published_at = started + 5min,
      .slipway_version = "9.8.7"};
  const auto record = world.record_on(image.descriptor.digest);
  CHECK(record.registry == expected.registry);
  CHECK(record.repository == expected.repository);
  CHECK(record.source.location == expected.source.location);
  CHECK(record.slipway_version == expected.slipway_version);
  CHECK((record.deployment_targets == expected.deployment_targets));
  CHECK((record == expected));
}

}  // namespace slipway::tests
