#include "controller/kube/collection.h"

#include "controller/kube/collection_items.h"
#include "controller/kube/watch_stream.h"
#include "reconcilers/json.h"
#include "tests/catch.h"
#include "tests/unit/controller/kube/streaming_transport.h"

using namespace slipway;
using namespace slipway::kube;
using runtime::WatchEventType;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

/// The texts of the items and of what is around them, fed in pieces of that size; or the error.
Result<std::vector<std::string>> taken_apart(const std::string& list, std::size_t piece, std::size_t largest = 1000) {
  std::vector<std::string> texts;
  CollectionItems items(
      [&texts](const Node& item) -> Result<void> {
        texts.push_back(to_json_text(item));
        return {};
      },
      largest);
  for (std::size_t at = 0; at < list.size(); at += piece)
    if (auto fed = items.feed(bytes_of(std::string_view(list).substr(at, piece))); !fed)
      return std::unexpected(fed.error());
  const auto envelope = items.finish();
  if (!envelope) return std::unexpected(envelope.error());
  texts.push_back(to_json_text(*envelope));
  return texts;
}

}  // namespace

TEST_CASE("A list is taken apart whatever it is cut into, in either order of its members") {
  const std::string items = R"("items":[{"a":"]}\"{","b":[1,{"c":[]}]}, {"items":[{}]},)"
                            "\n"
                            R"({"u":"\\"}])";
  const std::string metadata = R"("metadata":{"resourceVersion":"7","continue":"","x":[{"items":[1]}]})";
  const std::string list = GENERATE_COPY("{\"kind\":\"items\"," + items + "," + metadata + "}\n",
                                         "{\"kind\":\"items\"," + metadata + "," + items + "}\n");
  for (std::size_t piece = 1; piece <= list.size(); ++piece) {
    const auto texts = taken_apart(list, piece);
    REQUIRE(texts);
    REQUIRE(texts->size() == 4);
    CHECK(texts->at(0) == R"({"a":"]}\"{","b":[1,{"c":[]}]})");
    CHECK(texts->at(1) == R"({"items":[{}]})");
    CHECK(texts->at(2) == R"({"u":"\\"})");
    CHECK_THAT(texts->at(3), Catch::Contains(R"("resourceVersion":"7")") && Catch::Contains(R"("items":[])"));
  }
}

TEST_CASE("An item with bytes that are no UTF-8 keeps nobody from the others") {
  const auto texts = taken_apart(
      "{\"items\":[{\"a\":\"\xff\xfe\xc3\xa9\xc3\"},{\"b\":\"\xed\xa0\x80.\"},{\"c\":1}],\"metadata\":{}}", 3);
  REQUIRE(texts);
  CHECK(texts->at(0) == "{\"a\":\"??\xc3\xa9?\"}");
  CHECK(texts->at(1) == R"({"b":"???."})");
  CHECK(texts->at(2) == R"({"c":1})");
}

TEST_CASE("An item in which keys are the same, once what is no UTF-8 was replaced, keeps nobody from the others") {
  const auto texts =
      taken_apart("{\"items\":[{\"a\":{\"\xff\":1,\"\xfe\":2}},{\"b\":1,\"b\":2},{\"c\":1}],\"metadata\":{}}", 3);
  REQUIRE(texts);
  CHECK(texts->size() == 4);
  CHECK(texts->at(2) == R"({"c":1})");
}

TEST_CASE("A list without items, or with null for them, has none") {
  CHECK(taken_apart(R"({"metadata":{}})", 4)->size() == 1);
  CHECK(taken_apart(R"({"items":null,"metadata":{}})", 4)->size() == 1);
  CHECK(taken_apart(R"({"items":[],"metadata":{}})", 4)->size() == 1);
}

TEST_CASE("A list that ends early, is none, or is larger than it may be is not taken for whole") {
  const std::string list = R"({"items":[{"a":1},{"b":2}],"metadata":{}})";
  for (std::size_t length = 0; length < list.size(); ++length) {
    const auto texts = taken_apart(list.substr(0, length), 5);
    REQUIRE_FALSE(texts);
    CHECK(texts.error().cls == ErrorClass::Unavailable);
  }
  CHECK(taken_apart(R"({"items":[1]})", 5).error().cls == ErrorClass::Integrity);
  CHECK(taken_apart(R"({"items":[{a}]})", 5).error().cls == ErrorClass::Integrity);
  CHECK(taken_apart(R"({"items":[{"a":")" + std::string(100, 'x') + "\"}]}", 5, 50).error().cls ==
        ErrorClass::Integrity);
  CHECK(taken_apart("{\"x\":\"" + std::string(70'000, 'x') + "\"}", 100).error().cls == ErrorClass::Integrity);
}

TEST_CASE("Lines come out of a stream whatever it is cut into, and what is too long or half is no line") {
  const std::string text = "{\"a\":1}\n\n{\"b\":\"2\"}\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    std::vector<std::string> lines;
    WatchStream stream(
        [&lines](std::string_view line) -> Result<void> {
          lines.emplace_back(line);
          return {};
        },
        20);
    for (std::size_t at = 0; at < text.size(); at += piece)
      REQUIRE(stream.feed(bytes_of(std::string_view(text).substr(at, piece))));
    CHECK(lines == std::vector<std::string>{"{\"a\":1}", "{\"b\":\"2\"}\r"});
    CHECK(stream.finish());
    REQUIRE(stream.feed(bytes_of("{\"half")));
    CHECK(stream.finish().error().cls == ErrorClass::Unavailable);
    CHECK(stream.feed(bytes_of(std::string(20, 'x'))).error().cls == ErrorClass::Integrity);
  }
}

TEST_CASE("A page says where it stands and whether more follows") {
  tests::StreamingTransport transport(7);
  transport.then(200, R"({"items":[{"metadata":{"name":"a"}}],"metadata":{"resourceVersion":"9","continue":"c"}})");
  ApiClient client(transport);
  Collection collection(client, {.resource = resource_of(ResourceKind::ImagePublication)});
  std::vector<std::string> items;
  const auto end = collection.list({},
                                   [&items](const Node& item) -> Result<void> {
                                     items.push_back(to_json_text(item));
                                     return {};
                                   },
                                   {});
  REQUIRE(end);
  CHECK(end->resource_version == "9");
  CHECK(end->continue_token == "c");
  CHECK(items.size() == 1);
}

TEST_CASE("The version of a collection costs one object's metadata") {
  tests::StreamingTransport transport(7);
  transport.then(200, R"({"items":[{"metadata":{"name":"a"}}],"metadata":{"resourceVersion":"9","continue":"c"}})");
  transport.then(503);
  ApiClient client(transport);
  Collection collection(client, {.resource = resource_of(ResourceKind::ImagePublication)});
  CHECK(collection.version({}) == "9");
  CHECK_THAT(transport.requests.back().url, Catch::Contains("limit=1") && !Catch::Contains("resourceVersion"));
  CHECK_THAT(*transport.requests.back().headers.find("Accept"), Catch::Contains("as=PartialObjectMetadataList;"));
  CHECK(collection.version({}).error().cls == ErrorClass::Unavailable);
}

TEST_CASE("A change that is known in its version is passed over before it is read, all else is given") {
  tests::StreamingTransport transport(11);
  ApiClient client(transport);
  Collection collection(client, {.resource = resource_of(ResourceKind::ImagePublication)});
  const auto line = [](const std::string& type, const std::string& version, const std::string& rest) {
    return "{\"type\":\"" + type +
           R"(","object":{"metadata":{"namespace":"shop","name":"app","uid":"u","resourceVersion":")" + version +
           "\"}" + rest + "}}\n";
  };
  transport.then(200, line("MODIFIED", "7", R"(,"spec":{"a":nothing})") + line("MODIFIED", "8", "") +
                          line("ADDED", "7", "") + line("DELETED", "7", ""));
  std::string asked;
  std::string seen;
  const auto is_known = [&asked](const runtime::ObjectVersion& object) {
    for (const std::string_view word : {object.namespace_name, object.name, object.uid, object.resource_version})
      asked += std::string(word) + " ";
    return object.resource_version == "7";
  };
  CHECK(collection.watch({.resource_version = "3", .began = nullptr, .is_known = is_known},
                         [&seen](WatchEventType type, const Node& object) -> Result<void> {
                           seen += "AMDB"[static_cast<int>(type)];
                           seen += json::text_at(json::at(object, "metadata"), "resourceVersion");
                           return {};
                         },
                         {}));
  CHECK(asked == "shop app u 7 shop app u 8 ");
  CHECK(seen == "M8A7D7");
}

TEST_CASE("A watch gives events as they come, an ERROR ends it with what it means") {
  tests::StreamingTransport transport(11);
  ApiClient client(transport);
  Collection collection(client, {.resource = kSecrets, .namespace_name = "shop", .metadata_only = true});
  std::string seen;
  bool began = false;
  const auto watch = [&] {
    return collection.watch({.resource_version = "3", .began = [&began] { began = true; }},
                            [&seen](WatchEventType type, const Node& object) -> Result<void> {
                              seen += "AMDB"[static_cast<int>(type)] + json::text_at(object, "n");
                              return {};
                            },
                            {});
  };
  const std::string events =
      "{\"type\":\"ADDED\",\"object\":{\"n\":\"1\"}}\n{\"type\":\"MODIFIED\",\"object\":{\"n\":\"2\"}}\n"
      "{\"type\":\"DELETED\",\"object\":{\"n\":\"3\"}}\n{\"type\":\"BOOKMARK\",\"object\":{\"n\":\"4\"}}\n";
  transport.then(200, events);
  CHECK(watch());
  CHECK(began);
  CHECK(seen == "A1M2D3B4");
  CHECK_THAT(*transport.requests.back().headers.find("Accept"), Catch::Contains("as=PartialObjectMetadata;"));

  seen.clear();
  transport.then(200, "{\"type\":\"ADDED\",\"object\":{\"n\":\"5\",\"f:\xff\":{}}}\n");
  CHECK(watch());
  CHECK(seen == "A5");

  transport.then(200, "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}\n");
  CHECK(is_expired(watch().error()));
  transport.then(410, R"({"kind":"Status","code":410})");
  CHECK(is_expired(watch().error()));
  transport.then(200, "{\"type\":\"NEWS\",\"object\":{}}\n");
  CHECK(watch().error().cls == ErrorClass::Integrity);
  transport.then(200, "not JSON\n");
  CHECK(watch().error().cls == ErrorClass::Integrity);
  transport.then_cut(200, events);
  CHECK(watch().error().cls == ErrorClass::Unavailable);
}
