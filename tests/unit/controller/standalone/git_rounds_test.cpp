#include "controller/standalone/git_rounds.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "tests/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temporary_folder.h"

namespace slipway::standalone {

namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

/// A server that takes connections and never says a word.
class SilentServer {
 public:
  SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error{"no port"};
    port_ = ntohs(address.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/shop.git"; }

 private:
  int socket_;
  int port_ = 0;
};

}  // namespace

TEST_CASE("a repository is asked at the interval, and after failures sooner, then at the interval again") {
  CHECK(next_round(minutes{1}, 0, 0.5) == minutes{1});
  CHECK(next_round(minutes{1}, 0, 0.0) == milliseconds{54'000});
  CHECK(next_round(minutes{1}, 1, 0.5) == milliseconds{5'000});
  CHECK(next_round(minutes{1}, 2, 0.5) == milliseconds{10'000});
  CHECK(next_round(minutes{1}, 20, 0.5) == minutes{1});
  CHECK(next_round(milliseconds{1'000}, 1, 0.5) == milliseconds{1'000});
}

TEST_CASE("who waits for a repository gives signs of life all the while") {
  constexpr int kEnough = 20;
  const SilentServer server;
  const tests::TemporaryFolder folder;
  const tests::ManualClock clock{Timestamp{}};
  telemetry::Log log{clock, {.write = [](const std::string&) {}}};
  telemetry::Metrics metrics{"0"};
  auto state = manifests::StateDatabase::open(folder / "state.db");
  const auto place = git_place({.url = server.url(), .branch = "main", .path = {}, .credentials = {}});
  REQUIRE(state);
  REQUIRE(place);
  GitManifests manifests{*place, {}, folder / "checkouts", {}, {*state, clock, {{"PATH", std::getenv("PATH")}}}};
  std::stop_source stop;
  int signs = 0;
  GitRounds rounds{{.manifests = manifests,
                    .log = log,
                    .metrics = metrics,
                    .clock = clock,
                    .read = [] {},
                    .alive =
                        [&] {
                          if (++signs == kEnough) stop.request_stop();
                        }},
                   minutes{1}};
  CHECK(rounds.round(stop.get_token()));
  CHECK(signs >= kEnough);
}

}  // namespace slipway::standalone
