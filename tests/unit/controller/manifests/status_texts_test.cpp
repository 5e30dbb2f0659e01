#include "controller/manifests/status_texts.h"

#include "tests/catch.h"

namespace slipway::manifests {

namespace {

ImagePublication publication(int number) {
  ImagePublication object;
  object.metadata.namespace_name = "team";
  object.metadata.name = "app-" + std::to_string(number);
  return object;
}

std::string text(int number) {
  return R"({"observedGeneration":)" + std::to_string(number) + "}";
}

}  // namespace

TEST_CASE("a status is read once for as long as its text stays, however many others are read beside it") {
  StatusTexts texts;
  const auto first = texts.read(text(1), publication(0));
  REQUIRE(first);
  CHECK((*first)->observed_generation == 1);
  for (int other = 1; other < 2000; ++other) {
    // Each was written twice.
    REQUIRE(texts.read(text(other), publication(other)));
    REQUIRE(texts.read(text(other + 1), publication(other)));
    REQUIRE(*texts.read(text(1), publication(0)) == *first);
  }
  CHECK((*texts.read(text(2), publication(0)))->observed_generation == 2);
  CHECK((*texts.read(text(1), publication(0)))->observed_generation == 1);
}

TEST_CASE("what is no status is Invalid, also where one is known") {
  StatusTexts texts;
  REQUIRE(texts.read(text(1), publication(0)));
  for (const char* wrong : {"{", "[]", R"({"observedGeneration":"many"})"}) {
    const auto read = texts.read(wrong, publication(0));
    REQUIRE_FALSE(read);
    CHECK(read.error().cls == ErrorClass::Invalid);
  }
}

}  // namespace slipway::manifests
