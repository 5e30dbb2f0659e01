#include "crds/base/text.h"

#include "crds/base/result.h"
#include "tests/catch.h"

namespace slipway {

TEST_CASE("what comes from outside is shown without control characters") {
  CHECK(quoted("") == "\"\"");
  CHECK(quoted("a b é") == "\"a b é\"");
  CHECK(quoted("a\n\r\tb") == "\"a\\n\\r\\tb\"");
  CHECK(quoted("\x1b[31m") == "\"\\x1b[31m\"");
  CHECK(quoted("\x7f\x1f") == "\"\\x7f\\x1f\"");
  CHECK(quoted("\xff\xc3") == "\"\\xff\\xc3\"");
}

TEST_CASE("text is shown without quotes where it stands alone") {
  CHECK(visible("a \"b\" é") == "a \"b\" é");
  CHECK(visible("\x1b[2Ja\n") == "\\x1b[2Ja\\n");
  CHECK(visible("\xc2\x9b"
                "31m\xc2\xa0") == "\\xc2\\x9b31m\xc2\xa0");
  CHECK(visible(std::string(300, 'a')).size() == 300);
  CHECK(visible("abcde", 4) == "abcd…");
}

TEST_CASE("what turns the direction of a text or ends its line is shown, not obeyed") {
  CHECK(visible("a\u202egnp.yaml") == "a\\u202egnp.yaml");
  CHECK(visible("\u200e\u200f\u2028\u2029\u202a\u202d\u2066\u2069") ==
        "\\u200e\\u200f\\u2028\\u2029\\u202a\\u202d\\u2066\\u2069");
  CHECK(visible("\u200d\u2010\u2027\u202f\u2065\u206a…€") == "\u200d\u2010\u2027\u202f\u2065\u206a…€");
}

TEST_CASE("long text is cut between characters") {
  CHECK(quoted("abcd", 4) == "\"abcd\"");
  CHECK(quoted("abcde", 4) == "\"abcd…\"");
  CHECK(quoted("abcéd", 4) == "\"abcé…\"");
}

TEST_CASE("the beginning of a text is as long as it may be, in characters") {
  CHECK(beginning_of("abc", 3) == "abc");
  CHECK(beginning_of("abcd", 3) == "ab…");
  CHECK(beginning_of("äöü", 3) == "äöü");
  CHECK(beginning_of("äöüß", 3) == "äö…");
  CHECK(beginning_of("\xff\xff\xff\xff", 2).size() == 4);
  CHECK(beginning_of("", 0).empty());
}

TEST_CASE("UTF-8 is well formed or has no length") {
  CHECK(utf8_length("") == 0);
  CHECK(utf8_length("a") == 1);
  CHECK(utf8_length("\x7f") == 1);
  CHECK(utf8_length("\x80") == 0);
  CHECK(utf8_length("\xc1\xbf") == 0);
  CHECK(utf8_length("\xc2\x80") == 2);
  CHECK(utf8_length("\xc2") == 0);
  CHECK(utf8_length("\xe0\x9f\xbf") == 0);
  CHECK(utf8_length("\xe0\xa0\x80") == 3);
  CHECK(utf8_length("\xed\x9f\xbf") == 3);
  CHECK(utf8_length("\xed\xa0\x80") == 0);
  CHECK(utf8_length("\xef\xbf\xbf") == 3);
  CHECK(utf8_length("\xe1\x80") == 0);
  CHECK(utf8_length("\xf0\x8f\xbf\xbf") == 0);
  CHECK(utf8_length("\xf0\x90\x80\x80") == 4);
  CHECK(utf8_length("\xf4\x8f\xbf\xbf") == 4);
  CHECK(utf8_length("\xf4\x90\x80\x80") == 0);
  CHECK(utf8_length("\xf5\x80\x80\x80") == 0);
  CHECK(utf8_length("\xf1\x80\x80") == 0);
}

TEST_CASE("an error keeps its class and says at each level what was done") {
  const auto inner = fail(ErrorClass::Throttled, "429", "wait");
  const auto outer = while_doing("pushing a", inner.error());
  CHECK(outer.error() == Error{ErrorClass::Throttled, "pushing a: 429", "wait", {}, {}});
  CHECK(fail_because("SourceGone", outer.error()).error().reason == "SourceGone");
  CHECK(to_string(ErrorClass::QuotaExceeded) == "QuotaExceeded");
}

TEST_CASE("space is taken off both ends, and what counts as that can be said") {
  CHECK(trimmed(" \ta b\r\n") == "a b");
  CHECK(trimmed("a") == "a");
  CHECK(trimmed(" \n").empty());
  CHECK(trimmed("").empty());
  CHECK(trimmed(" \ta ", " ") == "\ta");
}

TEST_CASE("characters are counted, not bytes") {
  CHECK(count_characters("") == 0);
  CHECK(count_characters("abc") == 3);
  CHECK(count_characters("ä€😀") == 3);
}

}  // namespace slipway
