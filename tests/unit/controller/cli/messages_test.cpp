#include "controller/cli/messages.h"

#include "tests/catch.h"

using namespace slipway;

namespace {

const ObjectKey kApp{ResourceKind::ImagePublication, "shop", "app"};

Error error(std::string remedy) {
  return {.cls = ErrorClass::Unavailable, .message = "GET https://r.io:\nno TLS", .remedy = std::move(remedy)};
}

}  // namespace

TEST_CASE("what is tried again says for how long, and what a person can do meanwhile") {
  using namespace std::chrono_literals;
  CHECK(
      cli::delay_line(kApp, {error("check that the host speaks TLS"), 15min}) ==
      "shop/app: not yet, it is tried again for up to 15m: GET https://r.io:\\nno TLS; check that the host speaks TLS");
  CHECK(cli::delay_line(kApp, {error(""), 15min}) ==
        "shop/app: not yet, it is tried again for up to 15m: GET https://r.io:\\nno TLS");
  CHECK(cli::delay_line(kApp, {error(""), 90s, true}) ==
        "shop/app: still not (Unavailable), it is tried again for up to 1m30s");
}
