#include "controller/cli/without_throwing.h"

#include <stdexcept>

#include "tests/catch.h"

namespace slipway::cli {

TEST_CASE("what is thrown over one object is its error, and a bug") {
  const auto thrown = without_throwing([]() -> Result<int> { throw std::length_error("too long"); });
  REQUIRE_FALSE(thrown);
  CHECK(thrown.error().cls == ErrorClass::Internal);
  CHECK(thrown.error().message == "a bug of slipway: too long");
  CHECK(without_throwing([]() -> Result<int> { return 7; }) == 7);
}

}  // namespace slipway::cli
