#include "controller/standalone/service.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/support/in_memory_objects.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

namespace slipway::standalone {

namespace {

/// A port of this machine that somebody else listens on.
class TakenPort {
 public:
  TakenPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 1) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error{"no port"};
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~TakenPort() { ::close(socket_); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  const std::string& address() const { return address_; }

 private:
  int socket_;
  std::string address_;
};

}  // namespace

TEST_CASE("a port that is taken is told before the folder is read and before any work") {
  const tests::TemporaryFolder folder;
  folder.write("m/registry.yaml",
               "apiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: a}\n"
               "spec: {loginServer: localhost, authentication: {anonymous: {}}}\n");
  const TakenPort taken;
  const tests::ManualClock clock{Timestamp{}};
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  telemetry::Log log{clock, {.descriptor = nowhere}};
  telemetry::Metrics metrics{"0"};
  tests::InMemoryRecorder recorder;
  tests::InMemoryProgress progress;
  const assembly::Surroundings hands{log, metrics, recorder, progress, clock};
  const auto installation = Installation::open(
      {.manifests = {.path = (folder / "m").string()}, .state = (folder / "state.db").string()}, hands);
  REQUIRE(installation);
  const auto served = serve(**installation, {.listen = taken.address()}, hands, {});
  REQUIRE_FALSE(served);
  CHECK_THAT(served.error().message, Catch::Contains(taken.address()));
  CHECK_FALSE((*installation)->objects().has_read());
  ::close(nowhere);
}

TEST_CASE("who can't tell others that it is at work says so and goes on") {
  const tests::TemporaryFolder folder;
  folder.write("m/registry.yaml",
               "apiVersion: slipway.dev/v1alpha1\nkind: ContainerRegistry\nmetadata: {name: a}\n"
               "spec: {loginServer: localhost, authentication: {anonymous: {}}}\n");
  std::filesystem::create_directories(folder / "state.db.at-work");
  const tests::ManualClock clock{Timestamp{}};
  std::string told;
  telemetry::Log log{clock, {.write = [&told](const std::string& line) { told += line; }}};
  telemetry::Metrics metrics{"0"};
  tests::InMemoryRecorder recorder;
  tests::InMemoryProgress progress;
  const auto installation =
      Installation::open({.manifests = {.path = (folder / "m").string()}, .state = (folder / "state.db").string()},
                         {log, metrics, recorder, progress, clock});
  REQUIRE(installation);
  CHECK_THAT(told, Catch::Contains("state.db.at-work"));
}

}  // namespace slipway::standalone
