#include "crds/base/quantity.h"

#include <string>

#include "tests/catch.h"

namespace slipway {

TEST_CASE("a quantity is whole units with a suffix of Kubernetes") {
  struct Row {
    std::string text;
    std::int64_t units;
  };
  const Row rows[] = {{"1", 1},
                      {"1048576", 1'048'576},
                      {"1k", 1000},
                      {"20M", 20'000'000},
                      {"1Ki", 1024},
                      {"1.5Gi", 1'610'612'736},
                      {"400Gi", 429'496'729'600},
                      {"2T", 2'000'000'000'000},
                      {"1Pi", 1'125'899'906'842'624},
                      {"9000P", 9'000'000'000'000'000'000},
                      {"7Ei", 8'070'450'532'247'928'832},
                      {".5Ki", 512},
                      {"5.M", 5'000'000}};
  for (const auto& row : rows) {
    INFO(row.text);
    CHECK(parse_quantity(row.text) == row.units);
  }
}

TEST_CASE("what is no quantity is refused with an example") {
  for (const std::string text :
       {"", "0", "0.5", "-1", "1K", "1KiB", "1 Gi", "Gi", "1.2.3", "1e3", ".", "1m", "9001P", "10E", "0x10"}) {
    INFO(text);
    const auto parsed = parse_quantity(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().remedy == "write e.g. 1048576, 20M or 1.5Gi");
  }
}

}  // namespace slipway
