#include "controller/kube/version_scan.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::kube;

namespace {

/// "namespace/name uid version", or "" where it is to be read whole.
std::string text_of(const std::optional<runtime::ObjectVersion>& found) {
  if (!found) return "";
  return std::string(found->namespace_name) + "/" + std::string(found->name) + " " + std::string(found->uid) + " " +
         std::string(found->resource_version);
}

std::string in_object(const std::string& json) {
  return text_of(version_of_object(json));
}

std::string with_metadata(const std::string& members) {
  return in_object(R"({"metadata":{)" + members + "}}");
}

constexpr const char* kMetadata = R"("metadata":{"name":"app","namespace":"shop","resourceVersion":"12","uid":"u"})";

std::string in_line(const std::string& members) {
  return text_of(version_of_change("{" + members + "}"));
}

}  // namespace

TEST_CASE("The version of an object is found past all that is around it") {
  CHECK(in_object("{" + std::string(kMetadata) + "}") == "shop/app u 12");
  CHECK(in_object(" { \"kind\" : \"X\" ,\n" + std::string(kMetadata) + "\t, \"spec\":{} }\r\n") == "shop/app u 12");
  CHECK(with_metadata(R"("name":"west","uid":"u","resourceVersion":"7")") == "/west u 7");
  // What looks like the end, or like another version, within texts, lists and maps.
  const std::string spec = R"("spec":{"a":"}]\"{","b":[1,-2.5e3,{"metadata":{"name":"x"}},[]],"c":"\\","d":"\\\"}"})";
  const std::string managed = R"("managedFields":[{"fieldsV1":{"f:status":{"k:{\"type\":\"Ready\"}":{".":{}}}}}])";
  CHECK(
      in_object("{\"apiVersion\":\"v1\"," + spec + ",\"metadata\":{" + managed +
                R"(,"generation":1,"name":"app","uid":"u","resourceVersion":"12","labels":{"uid":"no"}},"n":null})") ==
      "/app u 12");
}

TEST_CASE("What is no whole object, or is not written plainly, is to be read whole") {
  for (const char* json : {"", "null", "[]", "{}", "<html>", R"({"metadata":null})", R"({"metadata":[]})"})
    CHECK(in_object(json).empty());
  const std::string whole = "{" + std::string(kMetadata) + R"(,"spec":{"a":["b",{"c":"d"}]}})";
  REQUIRE(in_object(whole) == "shop/app u 12");
  for (std::size_t length = 0; length < whole.size(); ++length) CHECK(in_object(whole.substr(0, length)).empty());
  CHECK(in_object(whole + "x").empty());
  CHECK(in_object("{" + std::string(kMetadata) + "," + kMetadata + "}").empty());

  const std::string rest = R"(,"uid":"u","resourceVersion":"7")";
  REQUIRE(with_metadata(R"("name":"a")" + rest) == "/a u 7");
  for (const char* name : {R"("name":"\u0061")", R"("n\u0061me":"a")", R"("name":"a\\")", "\"name\":\"\xff\"",
                           "\"name\":\"\xc3\xa9\"", R"("name":"a","name":"b")", R"("name":"")", R"("name":1)",
                           R"("name":null)", R"("other":"a")", R"("name" "a")", R"("name":"a",)"})
    CHECK(with_metadata(name + rest).empty());
  CHECK(with_metadata(R"("name":"a","uid":"u")").empty());
  CHECK(with_metadata(R"("name":"a","resourceVersion":"7")").empty());
}

TEST_CASE("Of a watch's lines those of a change alone are told") {
  const std::string object = R"("object":{"kind":"X",)" + std::string(kMetadata) + R"(,"spec":{}})";
  CHECK(in_line(R"("type":"MODIFIED",)" + object) == "shop/app u 12");
  CHECK(in_line(object + R"( , "type" : "MODIFIED" )") == "shop/app u 12");
  for (const char* type : {"ADDED", "DELETED", "BOOKMARK", "ERROR", ""})
    CHECK(in_line("\"type\":\"" + std::string(type) + "\"," + object).empty());
  CHECK(in_line(object).empty());
  CHECK(in_line(R"("type":"MODIFIED")").empty());
  CHECK(in_line(R"("type":"MODIFIED","object":null)").empty());
  CHECK(in_line(R"("type":"MODIFIED","type":"DELETED",)" + object).empty());
  CHECK(in_line(R"("type":"MODIFIED",)" + object + "," + object).empty());
  CHECK(text_of(version_of_change(R"({"type":"MODIFIED",)" + object)).empty());
}
