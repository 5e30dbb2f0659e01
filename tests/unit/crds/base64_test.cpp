#include "crds/base/base64.h"

#include "tests/catch.h"

namespace slipway {

TEST_CASE("base64 is read in either alphabet, with padding or without") {
  for (const std::string_view text : {"", "a", "ab", "abc", "\xfb\xff\xfe"})
    CHECK(decode_base64(encode_base64(text)) == text);
  CHECK(encode_base64("ab") == "YWI=");
  CHECK(decode_base64("YWI") == "ab");
  CHECK(decode_base64("-__-") == "\xfb\xff\xfe");
}

TEST_CASE("what is not base64 is refused") {
  for (const std::string_view text : {"a", "abcde", "a b=", "YWI===", "YW=I"})
    CHECK_FALSE(decode_base64(text).has_value());
}

}  // namespace slipway
