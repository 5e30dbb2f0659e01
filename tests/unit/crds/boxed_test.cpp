#include "crds/base/boxed.h"

#include <string>

#include "tests/catch.h"

using slipway::Boxed;

TEST_CASE("A boxed value is copied, compared and absent as an optional one") {
  Boxed<std::string> absent;
  CHECK_FALSE(absent.has_value());
  CHECK(absent == Boxed<std::string>{});
  Boxed<std::string> one = std::string{"one"};
  CHECK_FALSE(one == absent);
  Boxed<std::string> copy = one;
  *copy += " more";
  CHECK(*one == "one");
  CHECK(copy->size() == 8);
  CHECK_FALSE(copy == one);
  copy = one;
  CHECK(copy == one);
  copy = absent;
  CHECK_FALSE(copy);
  one.reset();
  CHECK(one == copy);
}
