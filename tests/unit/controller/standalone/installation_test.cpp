#include "controller/standalone/installation.h"

#include <fcntl.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

namespace slipway::standalone {

namespace {

using namespace std::chrono_literals;

const ObjectKey kStorefront{ResourceKind::ImagePublication, "shop", "storefront"};

/// Nobody listens on its port.
constexpr std::string_view kRegistry =
    "apiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: contoso}\nspec:\n"
    "  loginServer: '127.0.0.1:1'\n  plainHTTP: true\n  authentication: {anonymous: {}}\n  access:\n"
    "    - {name: shop, namespaceSelector: {}, repositories: ['shop/**'], sources: ['**'], actions: [Publish]}\n";

constexpr std::string_view kPublication =
    "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata: {name: storefront, namespace: shop}\nspec:\n"
    "  registryRef: {name: contoso}\n  repository: shop/storefront\n  deletionPolicy: Untag\n"
    "  source: {image: {reference: 'ghcr.io/contoso/app:1'}}\n  tags: [{name: t, template: fixed}]\n";

/// A folder and its state, over which one process works after the other.
struct Machine {
  Machine() {
    folder.write("m/registry.yaml", std::string(kRegistry));
    folder.write("m/storefront.yaml", std::string(kPublication));
  }
  ~Machine() { ::close(nowhere); }

  std::unique_ptr<Installation> start() {
    auto opened =
        Installation::open({.manifests = {.path = (folder / "m").string()}, .state = (folder / "state.db").string()},
                           {log, metrics, recorder, progress, clock});
    if (!opened) FAIL(opened.error().message);
    return std::move(*opened);
  }

  tests::TemporaryFolder folder;
  tests::ManualClock clock{Timestamp{1000h}};
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  telemetry::Log log{clock, {.descriptor = nowhere}};
  telemetry::Metrics metrics{"0"};
  tests::InMemoryRecorder recorder;
  tests::InMemoryProgress progress;
};

/// What two readings bring.
void read(Installation& process) {
  for (int readings = 0; readings < 2; ++readings) REQUIRE(process.objects().refresh());
}

/// A publication that set a tag.
void publish(Installation& process) {
  auto object = (*process.objects().publication(kStorefront))->object;
  const std::string digest = Digest::of("an image").str();
  object.status.published =
      PublishedStatus{.digest = digest,
                      .tags = {{.name = "t", .tag = "fixed", .state = TagState::Set, .digest = digest, .owned = true}}};
  REQUIRE(process.objects().write_status(object));
  REQUIRE(process.objects().set_finalizer(kStorefront, true));
}

bool is_there(Installation& process) {
  return process.objects().publication(kStorefront)->has_value();
}

}  // namespace

TEST_CASE("a deletion that went on while nobody was at work waits for the registry for a minute after the start") {
  Machine machine;
  {
    const auto process = machine.start();
    read(*process);
    publish(*process);
    std::filesystem::remove(machine.folder / "m/storefront.yaml");
    read(*process);
    REQUIRE((*process->objects().publication(kStorefront))->object.metadata.deletion_timestamp);
  }
  machine.clock.advance(1h);
  const auto process = machine.start();
  read(*process);
  const auto visit = [&] { return process->assembly().publisher().reconcile(kStorefront, {}); };
  CHECK(visit().kind == Outcome::Kind::Again);
  CHECK(is_there(*process));
  CHECK(machine.recorder.reasons() == std::vector<std::string>{"Untagging"});
  machine.clock.advance(1min);
  CHECK(visit() == Outcome{});
  CHECK_FALSE(is_there(*process));
}

}  // namespace slipway::standalone
