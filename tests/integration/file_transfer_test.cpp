#include <cstdlib>
#include <set>

#include "controller/http/curl_transport.h"
#include "controller/http/redirecting_transport.h"
#include "controller/registry/registry_client.h"
#include "controller/sources/open_source_file.h"
#include "controller/transfer/transfer_engine.h"
#include "tests/catch.h"
#include "tests/support/lacks.h"
#include "tests/support/registry_process.h"
#include "tests/support/temporary_folder.h"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

using content::Descriptor;

class FixedClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(1'800'000'000'000ms); }
};

/// A real registry and the way to it that the product takes.
struct Registry {
  tests::RegistryProcess server;
  http::CurlTransport network;
  http::RedirectingTransport transport{network, [](std::string_view, std::string_view) -> Result<void> { return {}; }};
  FixedClock clock;
  std::shared_ptr<registry::Connection> connection = std::make_shared<registry::Connection>(
      transport, clock,
      registry::TokenOptions{.host = server.host(),
                             .plain_http = true,
                             .credentials = {},
                             .may_call = [](std::string_view, std::string_view) -> Result<void> { return {}; }});

  registry::RegistryClient repository(const std::string& name) {
    return registry::RegistryClient(connection, {.repository = name, .read_only = false, .request_id = "id"});
  }
};

transfer::TransferHands hands() {
  return {.wait = [](std::chrono::milliseconds, std::stop_token stop) { return !stop.stop_requested(); },
          .chance = [] { return 0.5; },
          .elapsed = [] { return 0ns; }};
}

/// An image's manifests, children first, and its blobs.
struct Whole {
  std::vector<content::ManifestBytes> manifests;
  std::vector<Descriptor> blobs;
  std::map<Digest, std::string> diff_ids;
};

void add_blob(Whole& whole, const Descriptor& blob) {
  for (const auto& known : whole.blobs)
    if (known.digest == blob.digest) return;
  whole.blobs.push_back(blob);
}

void collect(ImageSource& source, const Digest& digest, Whole& whole) {
  const auto bytes = source.manifest(digest, {}).value();
  const auto manifest = content::parse_manifest(bytes).value();
  if (const auto* index = std::get_if<content::ImageIndex>(&manifest))
    for (const auto& child : index->manifests) collect(source, child.digest, whole);
  if (const auto* image = std::get_if<content::ImageManifest>(&manifest)) {
    const auto config = content::parse_config(source.small_blob(image->config, 1 << 20, {}).value()).value();
    for (std::size_t i = 0; i < image->layers.size(); ++i) {
      add_blob(whole, image->layers[i]);
      whole.diff_ids[image->layers[i].digest] = config.diff_ids.at(i);
    }
    add_blob(whole, image->config);
  }
  whole.manifests.push_back(bytes);
}

Whole whole_image(ImageSource& source, const std::string& tag) {
  Whole whole;
  collect(source, source.resolve(tag, {}).value().value().digest, whole);
  return whole;
}

BlobTransferReport send_blobs(ImageSource& from, ImageStore& to, const Whole& whole,
                              const std::vector<std::string>& mount_from = {}) {
  transfer::TransferEngine engine(hands());
  BlobTransferRequest request;
  request.blobs = whole.blobs;
  request.mount_from = mount_from;
  request.may_mount_from = [](const std::string&) { return true; };
  request.deep = true;
  request.diff_ids = whole.diff_ids;
  auto report = engine.transfer(from, to, request, {});
  if (!report) throw std::runtime_error{report.error().message};
  return *report;
}

void put_manifests(ImageStore& to, const Whole& whole) {
  for (const auto& manifest : whole.manifests) REQUIRE(to.put_manifest(manifest, {}));
  REQUIRE(to.put_tag("v1", whole.manifests.back(), {}));
}

bool run(const tests::TemporaryFolder& folder, const std::string& command) {
  return std::system(("cd '" + folder.path().string() + "' && " + command + " >log 2>&1").c_str()) == 0;
}

/// What a client that is not ours finds there: it checks every digest and size while it copies.
bool intact(const tests::TemporaryFolder& folder, const std::string& image) {
  return run(folder, "rm -rf read && skopeo --insecure-policy copy -q --all --src-tls-verify=false docker://" + image +
                         " dir:read");
}

std::set<BlobOutcome> outcomes(const BlobTransferReport& report) {
  std::set<BlobOutcome> out;
  for (const auto& [digest, outcome] : report.outcomes) out.insert(outcome);
  return out;
}

std::int64_t size_of(const Whole& whole) {
  std::int64_t sum = 0;
  for (const auto& blob : whole.blobs) sum += blob.size;
  return sum;
}

bool is_missing() {
  const bool there = tests::RegistryProcess::installed() && std::system("command -v skopeo >/dev/null 2>&1") == 0;
  return tests::lacks(there, "docker-registry or skopeo");
}

constexpr const char* kMakeImage = "'" SLIPWAY_SOURCE_DIR "/tests/support/make-image' ";

void make_sources(const tests::TemporaryFolder& folder) {
  const std::string layers = " --layer 6M --layer 700K --layer 100";
  const std::string make = kMakeImage;
  REQUIRE(run(folder, make + "index layout --platform linux/amd64 --platform linux/arm64 --gzip" + layers));
  REQUIRE(run(folder, make + "archive oci.tar --seed 1 --gzip" + layers));
  REQUIRE(run(folder, make + "docker-archive docker.tar --seed 2" + layers));
  REQUIRE(run(folder, make + "layout other --seed 3 --gzip" + layers));
  REQUIRE(run(folder, "skopeo --insecure-policy copy -q oci:other:latest docker-archive:skopeo.tar:app:1"));
  REQUIRE(run(folder, "gzip -k oci.tar docker.tar"));
}

SourceSpec source_at(const std::string& path) {
  SourceSpec spec;
  if (path == "layout")
    spec.oci_layout = LayoutSource{.path = path, .image = {}};
  else if (path.starts_with("oci"))
    spec.oci_archive = LayoutSource{.path = path, .image = {}};
  else
    spec.docker_archive = DockerArchiveSource{.path = path, .image = {}};
  return spec;
}

TEST_CASE("Images in files arrive byte for byte; a second transfer sends nothing; another repository mounts") {
  if (is_missing()) return;
  const tests::TemporaryFolder folder;
  make_sources(folder);
  Registry registry;
  for (const std::string path : {"layout", "oci.tar", "docker.tar", "skopeo.tar", "oci.tar.gz", "docker.tar.gz"}) {
    INFO(path);
    const auto source = sources::open_source_file(folder.path(), source_at(path), folder.path().string()).value();
    const Whole whole = whole_image(*source, "");
    auto to = registry.repository("team/" + path);
    const bool fresh = !path.ends_with(".gz");  // What is packed holds the image that the other archive held.
    const auto first = send_blobs(*source, to, whole);
    CHECK(outcomes(first) == std::set{BlobOutcome::Sent});
    CHECK(first.bytes_sent == size_of(whole));
    put_manifests(to, whole);
    CHECK(intact(folder, registry.server.host() + "/team/" + path + ":v1"));
    CHECK(to.resolve("v1", {}).value().value().digest == whole.manifests.back().descriptor.digest);

    const auto second = send_blobs(*source, to, whole);
    CHECK(outcomes(second) == std::set{BlobOutcome::Present});
    CHECK(second.bytes_sent == 0);

    if (!fresh) continue;
    auto other = registry.repository("other/" + path);
    const auto mounted = send_blobs(*source, other, whole, {"team/" + path});
    CHECK(outcomes(mounted) == std::set{BlobOutcome::Mounted});
    CHECK(mounted.bytes_sent == 0);
    put_manifests(other, whole);
    CHECK(intact(folder, registry.server.host() + "/other/" + path + ":v1"));
  }
}

TEST_CASE("An index goes from one registry to another byte for byte") {
  if (is_missing()) return;
  const tests::TemporaryFolder folder;
  make_sources(folder);
  Registry near;
  Registry far;
  REQUIRE(run(folder,
              "skopeo --insecure-policy copy -q --all --preserve-digests --dest-tls-verify=false "
              "oci:layout:latest docker://" +
                  near.server.host() + "/team/app:v1"));
  auto from = near.repository("team/app");
  auto to = far.repository("team/app");
  const Whole whole = whole_image(from, "v1");
  CHECK(whole.manifests.size() == 3);
  CHECK(send_blobs(from, to, whole).bytes_sent == size_of(whole));
  put_manifests(to, whole);
  CHECK(intact(folder, far.server.host() + "/team/app:v1"));
  CHECK(send_blobs(from, to, whole).bytes_sent == 0);
}

}  // namespace
