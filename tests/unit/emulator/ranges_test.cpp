#include "tests/emulator/ranges.h"

#include "tests/catch.h"

using namespace slipway::emulator;

TEST_CASE("a Range header asks for a part, for all, or for what is not there") {
  using Kind = RangeRequest::Kind;
  struct Row {
    std::string situation, header;
    std::uint64_t size;
    RangeRequest expected;
  };
  const Row row = GENERATE(values<Row>({
      {"none", "", 10, {Kind::Whole, {}}},
      {"first and last", "bytes=2-5", 10, {Kind::Part, {2, 5}}},
      {"one byte", "bytes=0-0", 10, {Kind::Part, {0, 0}}},
      {"open end", "bytes=9-", 10, {Kind::Part, {9, 9}}},
      {"the last ones", "bytes=-3", 10, {Kind::Part, {7, 9}}},
      {"more last ones than there are", "bytes=-30", 10, {Kind::Part, {0, 9}}},
      {"last past the end", "bytes=8-30", 10, {Kind::Part, {8, 9}}},
      {"first at the end", "bytes=10-", 10, {Kind::Unsatisfiable, {}}},
      {"last before first", "bytes=5-4", 10, {Kind::Unsatisfiable, {}}},
      {"the last none", "bytes=-0", 10, {Kind::Unsatisfiable, {}}},
      {"of nothing", "bytes=0-", 0, {Kind::Unsatisfiable, {}}},
      {"several ranges are not understood", "bytes=0-1,3-4", 10, {Kind::Whole, {}}},
      {"another unit is not understood", "lines=0-1", 10, {Kind::Whole, {}}},
      {"no numbers", "bytes=a-b", 10, {Kind::Whole, {}}},
      {"rubbish after the numbers", "bytes=1-2x", 10, {Kind::Whole, {}}},
  }));
  INFO(row.situation);
  CHECK(parse_range(row.header, row.size) == row.expected);
}

TEST_CASE("the Content-Range of a piece of an upload") {
  CHECK(parse_content_range("0-1023") == ByteRange{0, 1023});
  CHECK(parse_content_range("7-7") == ByteRange{7, 7});
  CHECK_FALSE(parse_content_range("8-7"));
  CHECK_FALSE(parse_content_range("bytes 0-1/2"));
  CHECK_FALSE(parse_content_range("0-"));
  CHECK_FALSE(parse_content_range(""));
  CHECK(ByteRange{0, 1023}.count() == 1024);
}
