#include <set>

#include "controller/http/curl_transport.h"
#include "controller/http/redirecting_transport.h"
#include "controller/registry/referrer_list.h"
#include "controller/registry/registry_client.h"
#include "tests/catch.h"
#include "tests/support/lacks.h"
#include "tests/support/registry_process.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(1'800'000'000'000ms); }
};

BlobReader reader_of(std::string text) {
  return [text = std::move(text), at = std::size_t{0}](std::span<std::byte> space) mutable -> Result<std::size_t> {
    const std::size_t count = std::min(space.size(), text.size() - at);
    std::copy_n(reinterpret_cast<const std::byte*>(text.data()) + at, count, space.begin());
    at += count;
    return count;
  };
}

content::Descriptor descriptor_of(const std::string& bytes, std::string_view media_type) {
  content::Descriptor descriptor;
  descriptor.media_type = media_type;
  descriptor.digest = Digest::of(bytes);
  descriptor.size = static_cast<std::int64_t>(bytes.size());
  return descriptor;
}

std::string json_of(const content::Descriptor& descriptor) {
  return R"({"mediaType":")" + descriptor.media_type + R"(","digest":")" + descriptor.digest.str() + R"(","size":)" +
         std::to_string(descriptor.size) + "}";
}

content::ManifestBytes manifest_of(const content::Descriptor& config, const content::Descriptor& layer,
                                   const std::string& more = "") {
  content::ManifestBytes manifest;
  manifest.bytes = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
                   json_of(config) + R"(,"layers":[)" + json_of(layer) + "]" + more + "}";
  manifest.descriptor = descriptor_of(manifest.bytes, content::kOciManifest);
  return manifest;
}

enum class Server { Debian, Emulator };

struct World {
  explicit World(Server which) : server(which == Server::Emulator ? SLIPWAY_EMULATOR : "") {}

  tests::RegistryProcess server;
  http::CurlTransport curl;
  http::RedirectingTransport network{curl, [](std::string_view, std::string_view) -> Result<void> { return {}; }};
  FixedClock clock;
  std::shared_ptr<registry::Connection> connection = std::make_shared<registry::Connection>(
      network, clock,
      registry::TokenOptions{.host = server.host(),
                             .plain_http = true,
                             .credentials = {},
                             .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; }});
  registry::RegistryClient store{connection, {.repository = "team/app", .read_only = false, .request_id = "id"}};
};

bool is_missing(Server which) {
  return which == Server::Debian && tests::lacks(tests::RegistryProcess::installed(), "docker-registry");
}

Result<void> put_blob(ImageStore& store, const content::Descriptor& blob, const std::string& bytes) {
  const auto upload = store.start_upload(blob.digest, {});
  if (!upload) return std::unexpected(upload.error());
  return (*upload)->send_whole(blob, reader_of(bytes), {});
}

/// An image of one small blob, under `tag`.
content::ManifestBytes put_image(ImageStore& store, const std::string& tag) {
  const auto blob = descriptor_of("{}", content::kOciConfig);
  REQUIRE(put_blob(store, blob, "{}"));
  auto image = manifest_of(blob, blob);
  REQUIRE(store.put_tag(tag, image, {}));
  return image;
}

}  // namespace

TEST_CASE("An image goes up, is found by tag and digest, and is read back") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  const std::string layer_bytes(300'000, 'x');
  const auto layer = descriptor_of(layer_bytes, "application/vnd.oci.image.layer.v1.tar");
  const auto config = descriptor_of("{}", content::kOciConfig);
  const auto manifest = manifest_of(config, layer);

  CHECK(!world.store.resolve("v1", {}).value().has_value());
  CHECK(world.store.has_blob(layer, {}) == false);
  const auto upload = world.store.start_upload(layer.digest, {});
  REQUIRE(upload);
  REQUIRE((*upload)->append(reader_of(layer_bytes.substr(0, 100'000)), 100'000, {}));
  CHECK((*upload)->acknowledged({}) == 100'000);
  REQUIRE((*upload)->append(reader_of(layer_bytes.substr(100'000)), 200'000, {}));
  REQUIRE((*upload)->finish(layer.digest, {}));
  CHECK(world.store.has_blob(layer, {}) == true);
  REQUIRE(put_blob(world.store, config, "{}"));
  REQUIRE(world.store.put_manifest(manifest, {}));
  REQUIRE(world.store.put_tag("v1", manifest, {}));

  CHECK((world.store.resolve("v1", {}).value().value() == manifest.descriptor));
  CHECK((world.store.find_manifest(manifest.descriptor.digest, {}).value().value() == manifest.descriptor));
  CHECK(world.store.manifest(manifest.descriptor.digest, {})->bytes == manifest.bytes);
  CHECK(world.store.small_blob(layer, 1 << 20, {}) == layer_bytes);
  std::string tail;
  REQUIRE(world.store.read_blob(layer, 299'990,
                                [&](std::span<const std::byte> bytes) -> Result<void> {
                                  tail.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                                  return {};
                                },
                                {}));
  CHECK(tail == std::string(10, 'x'));

  registry::RegistryClient other(world.connection, {.repository = "team/other", .read_only = false, .request_id = {}});
  CHECK(other.mount_blob(layer.digest, "team/app", {}) == true);
  CHECK(other.has_blob(layer, {}) == true);
}

TEST_CASE("A mount that was not done leaves an upload that is used") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  const auto blob = descriptor_of("hello", "text/plain");
  CHECK(world.store.mount_blob(blob.digest, "team/none", {}) == false);
  const auto upload = world.store.start_upload(blob.digest, {});
  REQUIRE(upload);
  REQUIRE((*upload)->send_whole(blob, reader_of("hello"), {}));
  CHECK(world.store.small_blob(blob, 100, {}) == "hello");
}

TEST_CASE("An upload goes on where the registry says it stands") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  const std::string bytes = std::string(3'000'000, 'x') + std::string(2'000'000, 'y');
  const auto blob = descriptor_of(bytes, "");
  const auto upload = world.store.start_upload(blob.digest, {});
  REQUIRE(upload);
  REQUIRE((*upload)->append(reader_of(bytes.substr(0, 3'000'000)), 3'000'000, {}));
  REQUIRE((*upload)->acknowledged({}) == 3'000'000);
  REQUIRE((*upload)->append(reader_of(bytes.substr(3'000'000)), 2'000'000, {}));
  REQUIRE((*upload)->finish(blob.digest, {}));
  CHECK(world.store.has_blob(blob, {}) == true);
}

TEST_CASE("Content that is not what its digest says is refused") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  const auto upload = world.store.start_upload(Digest::of("a"), {});
  REQUIRE(upload);
  const auto sent = (*upload)->send_whole(descriptor_of("a", ""), reader_of("b"), {});
  REQUIRE(!sent);
  CHECK(sent.error().cls == ErrorClass::Integrity);
}

namespace {

/// Two that refer to the image, of which the first is put twice.
std::vector<content::ManifestBytes> put_referrers(ImageStore& store, const content::ManifestBytes& image,
                                                  const content::Descriptor& blob) {
  std::vector<content::ManifestBytes> all;
  for (const std::string name : {"one", "two"})
    all.push_back(manifest_of(
        blob, blob,
        R"(,"artifactType":"a/b","subject":)" + json_of(image.descriptor) + R"(,"annotations":{"n":")" + name + "\"}"));
  for (const std::size_t index : {0, 1, 0}) REQUIRE(store.put_referrer(all[index], image.descriptor, {}));
  return all;
}

/// As others read it, who look into no manifest.
void check_fallback_tag(World& world, const std::string& tag) {
  const auto tagged = world.store.tagged_manifest(tag, {});
  REQUIRE(tagged.value());
  const auto listed = registry::parse_referrers((*tagged)->bytes);
  REQUIRE(listed);
  REQUIRE(listed->size() == 2);
  CHECK((*listed)[1].artifact_type == "a/b");
  CHECK((*listed)[1].annotations == std::map<std::string, std::string>{{"n", "two"}});
}

}  // namespace

TEST_CASE("Referrers are listed, under the fallback tag where there is no referrers API") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  const auto blob = descriptor_of("{}", content::kOciConfig);
  REQUIRE(put_blob(world.store, blob, "{}"));
  const auto image = manifest_of(blob, blob);
  REQUIRE(world.store.put_manifest(image, {}));
  CHECK(world.store.referrers(image.descriptor.digest, {}).value().empty());
  const auto expected = put_referrers(world.store, image, blob);
  const auto found = world.store.referrers(image.descriptor.digest, {});
  REQUIRE(found);
  // A registry lists them in an order of its own.
  std::set<std::string> digests;
  for (const auto& each : *found) {
    CHECK(each.artifact_type == "a/b");
    digests.insert(each.digest.str());
  }
  CHECK(found->size() == 2);
  CHECK(digests == std::set{expected[0].descriptor.digest.str(), expected[1].descriptor.digest.str()});
  const std::string tag = "sha256-" + std::string(image.descriptor.digest.hex());
  if (server == Server::Debian)
    check_fallback_tag(world, tag);
  else
    CHECK(!world.store.tagged_manifest(tag, {}).value().has_value());
}

TEST_CASE("A manifest that is removed takes its tags along") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  const auto image = put_image(world.store, "v1");
  REQUIRE(world.store.remove_manifest(image.descriptor.digest, {}));
  CHECK(!world.store.find_manifest(image.descriptor.digest, {}).value().has_value());
  CHECK(!world.store.resolve("v1", {}).value().has_value());
  CHECK(world.store.remove_manifest(image.descriptor.digest, {}).error().cls == ErrorClass::NotFound);
}

TEST_CASE("A tag is removed alone where the registry can, and is Refused where it can't") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  const auto image = put_image(world.store, "v1");
  const auto removed = world.store.remove_tag("v1", {});
  if (server == Server::Debian)
    CHECK(removed.error().cls == ErrorClass::Refused);
  else
    CHECK(removed.has_value());
  CHECK(world.store.resolve("v1", {}).value().has_value() == !removed.has_value());
  CHECK(world.store.find_manifest(image.descriptor.digest, {}).value().has_value());
}

TEST_CASE("What is not there is NotFound") {
  const auto server = GENERATE(Server::Debian, Server::Emulator);
  if (is_missing(server)) return;
  World world(server);
  CHECK(world.store.manifest(Digest::of("none"), {}).error().cls == ErrorClass::NotFound);
}
