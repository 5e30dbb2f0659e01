#include "controller/cli/messages.h"

#include "tests/catch.h"

using namespace slipway;

namespace {

const ObjectKey kApp{ResourceKind::ImagePublication, "shop", "app"};

Error error(std::string remedy) {
  return {.cls = ErrorClass::Unavailable, .message = "GET https://r.io:\nno TLS", .remedy = std::move(remedy)};
}

}  // namespace

TEST_CASE("what is tried again says what a person can do meanwhile") {
  CHECK(cli::delay_line(kApp, error("check that the host speaks TLS")) ==
        "shop/app: not yet, it is tried again: GET https://r.io:\\nno TLS; check that the host speaks TLS");
  CHECK(cli::delay_line(kApp, error("")) == "shop/app: not yet, it is tried again: GET https://r.io:\\nno TLS");
}
