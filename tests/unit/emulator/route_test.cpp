#include "tests/emulator/route.h"

#include "tests/catch.h"
#include "tests/emulator/target.h"

using namespace slipway::emulator;

TEST_CASE("a path names a resource") {
  struct Row {
    std::string path;
    Route expected;
  };
  const Row row = GENERATE(values<Row>({
      {"/v2/", {Resource::Ping, "", ""}},
      {"/v2/_catalog", {Resource::Catalog, "", ""}},
      {"/v2/a/tags/list", {Resource::Tags, "a", ""}},
      {"/v2/a/b/manifests/v1", {Resource::Manifest, "a/b", "v1"}},
      {"/v2/manifests/manifests/manifests/x", {Resource::Manifest, "manifests/manifests", "x"}},
      {"/v2/a/blobs/sha256:00", {Resource::Blob, "a", "sha256:00"}},
      {"/v2/a/blobs/uploads/", {Resource::UploadStart, "a", ""}},
      {"/v2/a/blobs/uploads/17", {Resource::Upload, "a", "17"}},
      {"/v2/a/referrers/sha256:00", {Resource::Referrers, "a", "sha256:00"}},
      {"/acr/v1/_catalog", {Resource::AcrCatalog, "", ""}},
      {"/acr/v1/a/b", {Resource::AcrRepository, "a/b", ""}},
      {"/acr/v1/a/b/_tags", {Resource::AcrTags, "a/b", ""}},
      {"/acr/v1/a/_tags/v1", {Resource::AcrTag, "a", "v1"}},
      {"/acr/v1/a/_manifests", {Resource::AcrManifests, "a", ""}},
      {"/acr/v1/a/_manifests/sha256:00", {Resource::AcrManifest, "a", "sha256:00"}},
      {"/_data/a/blobs/sha256:00", {Resource::BlobContent, "a", "sha256:00"}},
      {"/_emulator/faults", {Resource::AdminFaults, "", ""}},
      {"/v2/a/manifests/", {}},
      {"/v2//manifests/x", {}},
      {"/v2/a/manifests/x/y", {}},
      {"/", {}},
      {"", {}},
  }));
  INFO(row.path);
  CHECK(parse_route(row.path) == row.expected);
}

TEST_CASE("a target is split and decoded") {
  const Target target = parse_target("/v2/a%2Fb/x?mount=sha256%3A00&from=a+b&empty&=&n=%zz");
  CHECK(target.path == "/v2/a/b/x");
  CHECK(target.parameter("mount") == "sha256:00");
  CHECK(target.parameter("from") == "a b");
  CHECK(target.has("empty"));
  CHECK(target.parameter("n") == "%zz");
  CHECK(target.parameter("absent").empty());
  CHECK(parse_target("/a%").path == "/a%");
}
