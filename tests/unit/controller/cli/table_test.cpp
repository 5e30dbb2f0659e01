#include "controller/cli/table.h"

#include "crds/base/byte_count.h"
#include "tests/catch.h"

namespace slipway::cli {

TEST_CASE("columns are as wide as their widest cell") {
  const Table table{{"NAME", "READY"}, {{"a", "True"}, {"longer-name", ""}}};
  CHECK(to_text(table) == "NAME          READY\na             True\nlonger-name   -\n");
}

TEST_CASE("a table without columns prints nothing") {
  CHECK(to_text({}).empty());
}

TEST_CASE("control characters of a stranger do not reach the terminal") {
  CHECK(to_text({{"NAME"}, {{"a\x1b[31m\nb"}}}) == "NAME\na\\x1b[31m\\nb\n");
}

TEST_CASE("letters of several bytes count once") {
  CHECK(display_width("Größe") == 5);
  CHECK(to_text({{"A", "B"}, {{"ö", "x"}}}) == "A   B\nö   x\n");
}

TEST_CASE("bytes are shown in binary units") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1024) == "1.0 KiB");
  CHECK(format_bytes(1535) == "1.4 KiB");
  CHECK(format_bytes((1 << 20) - 1) == "1023.9 KiB");
  CHECK(format_bytes(1 << 20) == "1.0 MiB");
  CHECK(format_bytes(std::int64_t{5} << 40) == "5.0 TiB");
}

}  // namespace slipway::cli
