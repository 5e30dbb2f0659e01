#include <dlfcn.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <stop_token>
#include <string_view>
#include <thread>

#include "controller/http/curl_transport.h"
#include "controller/runtime/guarded.h"
#include "tests/catch.h"

using namespace slipway;
using namespace slipway::http;
using namespace std::chrono_literals;

namespace {

/// A name server that does not answer for held.invalid.
class SilentNameServer {
 public:
  void hold() {
    auto state = state_.lock();
    state->is_asked = true;
    changed_.notify_all();
    // Longer than a test takes that does not wait for it, shorter than anybody's patience with one that does.
    state.wait_for(changed_, {}, 10s, [&] { return state->may_end; });
    state->has_ended = true;
    changed_.notify_all();
  }
  void wait_until_asked() {
    auto state = state_.lock();
    state.wait_for(changed_, {}, 30s, [&] { return state->is_asked; });
  }
  bool has_ended() { return state_.lock()->has_ended; }
  void end() {
    auto state = state_.lock();
    state->may_end = true;
    changed_.notify_all();
    REQUIRE(state.wait_for(changed_, {}, 30s, [&] { return state->has_ended; }));
  }

 private:
  struct State {
    bool is_asked = false;
    bool may_end = false;
    bool has_ended = false;
  };
  runtime::Guarded<State> state_;
  std::condition_variable_any changed_;
};

SilentNameServer name_server;

}  // namespace

/// In place of the C library's for all of this program: libcurl asks it on a thread of its own.
extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  const std::string_view name = node != nullptr ? node : "";
  if (name == "held.invalid") name_server.hold();
  if (name.ends_with(".invalid")) return EAI_NONAME;
  static const auto next = reinterpret_cast<decltype(&getaddrinfo)>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return next(node, service, hints, found);
}

TEST_CASE("A stop does not wait for a name server that does not answer", "[curl]") {
  std::stop_source stop;
  const std::jthread asks_to_stop{[&] {
    name_server.wait_until_asked();
    stop.request_stop();
  }};
  CurlTransport transport;
  const auto response = transport.send({.url = "http://held.invalid/v2/"}, stop.get_token());
  CHECK_FALSE(name_server.has_ended());
  name_server.end();
  REQUIRE_FALSE(response);
  CHECK(response.error().cls == ErrorClass::Cancelled);
}
