#include "reconcilers/content/statement.h"

#include "tests/catch.h"

using namespace slipway::content;

namespace {

struct Answer {
  bool whole = false;
  bool broken = false;
  bool operator==(const Answer&) const = default;
};

/// The same whatever the pieces.
Answer ask(StatementForm form, const std::string& bytes) {
  StatementCheck at_once(form);
  StatementCheck by_bytes(form);
  at_once.add(bytes);
  for (const char c : bytes) by_bytes.add({&c, 1});
  const Answer answer{.whole = at_once.is_whole(), .broken = at_once.is_broken()};
  CHECK(Answer{.whole = by_bytes.is_whole(), .broken = by_bytes.is_broken()} == answer);
  return answer;
}

std::string nested(std::size_t depth) {
  return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
}

enum class Sum { OfSigned, OfUnsigned };

/// An archive of old with one file, in which no byte is one that JSON or text does not have.
std::string archive_in_text(const std::string& begin, const std::string& end, Sum kind = Sum::OfUnsigned) {
  std::string out = begin + std::string(100 - begin.size(), '/');
  out += "0000755 0000000 0000000 00000001000 00000000000         0" + std::string(355, ' ');
  out += std::string(512 - end.size(), '#') + end;
  int sum = 0;
  for (std::size_t i = 0; i < 512; ++i)
    sum += kind == Sum::OfSigned ? int{static_cast<signed char>(out[i])} : int{static_cast<unsigned char>(out[i])};
  std::string octal;
  for (int rest = sum; rest > 0; rest /= 8) octal.insert(octal.begin(), static_cast<char>('0' + rest % 8));
  return out.replace(148, octal.size(), octal);
}

const std::string kGzip("\x1f\x8b\x08\x00\x00\x00\x00\x00", 8);
const std::string kZstd("\x28\xb5\x2f\xfd\x04\x00", 6);

}  // namespace

TEST_CASE("which bytes are one JSON object", "[statement]") {
  const std::string whole[] = {
      "{}",
      " \t\r\n{ } \n",
      R"({"a":1})",
      R"({"a":[],"b":{},"c":[1,2,[3]],"d":{"e":{"f":null}}})",
      R"({"a":true,"b":false,"c":null,"d":"","e":"é"})",
      R"({"a":0,"b":-0,"c":10,"d":-1.5,"e":1e3,"f":1E+30,"g":0.0e-1})",
      R"({"a":"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"})",
      R"({"a":1,"a":2})",
      nested(512),
  };
  for (const auto& text : whole) {
    INFO(text);
    CHECK(ask(StatementForm::Json, text) == Answer{.whole = true});
  }
  for (const std::string half : {"", " ", "{", R"({"a)", R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":1,)", R"({"a":[)",
                                 R"({"a":[1)", R"({"a":"\)", R"({"a":"\u00)", R"({"a":nul)"}) {
    INFO(half);
    CHECK(ask(StatementForm::Json, half) == Answer{});
  }
  const std::string broken[] = {
      "[]",
      "1",
      R"("a")",
      "a",
      "}",
      "{]",
      R"({"a":[})",
      R"({"a":1]})",
      "{,}",
      R"({"a":1,})",
      R"({"a":[1,]})",
      R"({"a":[,1]})",
      R"({"a" 1})",
      R"({"a":1 2})",
      R"({"a":})",
      R"({a:1})",
      R"({1:1})",
      R"({'a':1})",
      R"({"a":+1})",
      R"({"a":01})",
      R"({"a":.5})",
      R"({"a":1.})",
      R"({"a":1e})",
      R"({"a":1e+})",
      R"({"a":-})",
      R"({"a":1.5.2})",
      R"({"a":NaN})",
      R"({"a":True})",
      R"({"a":nul})",
      R"({"a":"\x"})",
      R"({"a":"\u00g0"})",
      "{\"a\":\"\n\"}",
      std::string("{\"a\":\"\0\"}", 9),
      std::string("{}\0", 3),
      "{} x",
      "{}{}",
      R"({"a":1} // a)",
      "{\"a\":" + std::string(1001, '1') + "}",
      nested(513),
      kGzip,
      "{}" + kGzip,
  };
  for (const auto& text : broken) {
    INFO(text);
    CHECK(ask(StatementForm::Json, text) == Answer{.broken = true});
  }
}

TEST_CASE("which bytes are a text", "[statement]") {
  const std::string texts[] = {
      R"({"bomFormat":"CycloneDX"})",
      "<?xml version=\"1.0\"?><bom/>",
      "\xEF\xBB\xBF<bom>\r\n\té</bom>",
      "\n SPDXVersion: SPDX-2.3\n",
      "# made by a tool\nSPDXVersion: SPDX-2.3\n",
  };
  for (const auto& text : texts) {
    INFO(text);
    CHECK(ask(StatementForm::Text, text).whole);
  }
  const std::string others[] = {
      "", "SPDX", "text", "BZh9", kGzip, kZstd, std::string("<bom/>\0", 7), "<bom>\x1b</bom>", "\xFF\xFE<\x01",
  };
  for (const auto& text : others) {
    INFO(text);
    CHECK_FALSE(ask(StatementForm::Text, text).whole);
  }
  CHECK_FALSE(ask(StatementForm::Json, "<bom/>").whole);
  CHECK(ask(StatementForm::Text, kGzip).broken);
}

TEST_CASE("an archive that is a text too is an archive", "[statement]") {
  struct Row {
    StatementForm form;
    std::string begin, end;
  };
  for (const Row& row : {Row{StatementForm::Json, R"({"a":")", "\"}"}, Row{StatementForm::Text, "<a b=\"", "\"/>"},
                         Row{StatementForm::Text, "SPDXVersion: ", "\n"}}) {
    INFO(row.begin);
    const auto archive = archive_in_text(row.begin, row.end);
    REQUIRE(archive.size() == 1024);
    CHECK_FALSE(ask(row.form, archive).whole);
    auto text = archive;
    text[200] = '!';
    CHECK(ask(row.form, text).whole);
    CHECK(ask(StatementForm::Text, text).whole);
  }
}

TEST_CASE("an archive is known by its sum, whatever digits that has and however bytes above 127 count", "[statement]") {
  for (const char key : std::string("abcdefgh"))
    CHECK_FALSE(ask(StatementForm::Json, archive_in_text(R"({")" + std::string(1, key) + R"(":")", "\"}")).whole);
  for (const Sum kind : {Sum::OfSigned, Sum::OfUnsigned})
    CHECK_FALSE(ask(StatementForm::Json, archive_in_text(R"({"é":")", "\"}", kind)).whole);
}

TEST_CASE("which form a media type claims", "[statement]") {
  for (const std::string type :
       {"application/vnd.in-toto+json", "application/vnd.in-toto.provenance+dsse",
        "application/vnd.dev.sigstore.bundle.v0.3+json", "application/vnd.dev.cosign.simplesigning.v1+json",
        "application/vnd.dsse.envelope.v1+json", "application/jose+json", "application/spdx+json", "text/spdx+json",
        "application/vnd.cyclonedx+json", "application/vnd.syft+json"}) {
    INFO(type);
    CHECK(statement_form(type) == StatementForm::Json);
  }
  for (const std::string type :
       {"text/spdx", "text/spdx+xml", "application/vnd.cyclonedx", "application/vnd.cyclonedx+xml"}) {
    INFO(type);
    CHECK(statement_form(type) == StatementForm::Text);
  }
  for (const std::string type :
       {"", "application/json", "application/cose", "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.in-toto", "application/vnd.cyclonedx+tar", "text/plain"}) {
    INFO(type);
    CHECK_FALSE(statement_form(type).has_value());
  }
}
