#include "tests/emulator/pages.h"

#include "tests/catch.h"

using namespace slipway::emulator;

TEST_CASE("a page is what comes after the last name seen") {
  struct Row {
    std::string situation, query;
    Page expected;
  };
  const Row row = GENERATE(values<Row>({
      {"all", "", {{"a", "b", "d"}, false}},
      {"the first", "?n=2", {{"a", "b"}, true}},
      {"the rest", "?n=2&last=b", {{"d"}, false}},
      {"exactly all", "?n=3", {{"a", "b", "d"}, false}},
      {"after a name that is gone", "?n=9&last=c", {{"d"}, false}},
      {"after the end", "?last=z", {{}, false}},
      {"none", "?n=0", {{}, false}},
  }));
  INFO(row.situation);
  const auto request = parse_page(parse_target("/v2/_catalog" + row.query), std::nullopt);
  REQUIRE(request);
  CHECK(page_of({"a", "b", "d"}, *request) == row.expected);
}

TEST_CASE("a page in another order than by name") {
  const std::vector<std::string> newest_first{"z", "a", "m"};
  CHECK(page_of_ordered(newest_first, {.most = 1, .last = "z"}) == Page{{"a"}, true});
  CHECK(page_of_ordered(newest_first, {.most = 2, .last = "a"}) == Page{{"m"}, false});
  CHECK(page_of_ordered(newest_first, {.most = 2, .last = "gone"}) == Page{{}, false});
}

TEST_CASE("the number of results is a number") {
  CHECK_FALSE(parse_page(parse_target("/x?n=-1"), std::nullopt));
  CHECK_FALSE(parse_page(parse_target("/x?n=ten"), std::nullopt));
  CHECK(parse_page(parse_target("/x"), 100)->most == 100);
}

TEST_CASE("the next page's address is relative and spells every parameter out") {
  const Target target = parse_target("/acr/v1/library%2Fhello world/_tags?n=2");
  CHECK(next_link(target, {.names = {"v0", "v+1"}, .more = true}, {.most = 2, .last = {}}) ==
        "</acr/v1/library/hello%20world/_tags?last=v%2B1&n=2&orderby=>; rel=\"next\"");
}
