#include "controller/kube/dropped_fields.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/kube/object_codec.h"
#include "controller/runtime/object_cache.h"
#include "tests/catch.h"
#include "tests/support/builders.h"

using namespace slipway;
using namespace slipway::kube;

namespace {

using Json = nlohmann::json;

Json publication() {
  Json object = Json::parse(to_json_text(to_node(tests::make_publication())));
  object.erase("status");
  return object;
}

/// An edit as the API server tells of it.
Json edit(const std::string& manager, const std::string& time, bool with_annotations) {
  Json fields = {{"f:spec", {{"f:repository", Json::object()}}}};
  if (with_annotations) fields["f:metadata"]["f:annotations"] = Json::object();
  return {{"manager", manager}, {"operation", "Update"}, {"time", time}, {"fieldsV1", fields}};
}

/// `object` as the API server keeps it, after `kubectl apply` of `applied`.
Json after_apply(Json object, const Json& applied) {
  auto& metadata = object["metadata"];
  metadata["uid"] = "u";
  metadata["resourceVersion"] = "7";
  metadata["generation"] = 1;
  metadata["annotations"][std::string(kLastApplied)] = applied.dump() + "\n";
  metadata["managedFields"] = {edit("kubectl-client-side-apply", "2026-11-24T09:00:00Z", true)};
  return object;
}

Node node_of(const Json& object) {
  const Document document = parse_json(object.dump(), "");
  REQUIRE(document.problems.empty());
  return document.root;
}

std::vector<Problem> problems_of(const Json& object) {
  const auto read = decode_publication(node_of(object));
  REQUIRE(read);
  return read->problems;
}

/// What `slipway validate` says of it, without the place.
std::string text_of_validate(const Json& file) {
  ParsedResources parsed = parse_resources(file.dump(), "");
  REQUIRE(parsed.problems.size() == 1);
  parsed.problems.front().place = {};
  return to_string(parsed.problems.front());
}

Json misspelt() {
  Json applied = publication();
  applied["spec"]["gatez"] = {{"scan", {{"allowUpTo", "Low"}}}};
  return applied;
}

}  // namespace

TEST_CASE("What the API server dropped is said in the words of validate, with what to do") {
  const auto problems = problems_of(after_apply(publication(), misspelt()));
  REQUIRE(problems.size() == 2);
  CHECK(to_string(problems.front()) == text_of_validate(misspelt()));
  CHECK(problems.front().reason == "Invalid");
  CHECK_THAT(to_string(problems.back()), Catch::Contains("apply it again with strict validation"));
}

TEST_CASE("What was dropped deep in a list is found, and what the schema filled in is no difference") {
  Json applied = publication();
  applied["spec"]["tags"][0]["mutabilty"] = "Moving";
  Json object = publication();
  object["spec"]["deletionPolicy"] = "Retain";
  object["spec"]["tags"][0]["mutability"] = "Immutable";
  const auto problems = problems_of(after_apply(object, applied));
  REQUIRE(problems.size() == 2);
  CHECK(problems.front().field == "spec.tags[0].mutabilty");
}

TEST_CASE("Of the other kinds, too; then a registry gives nobody access") {
  Json applied = Json::parse(to_json_text(to_node(tests::make_registry())));
  applied.erase("status");
  Json object = applied;
  applied["spec"]["access"][0]["namespaceSelector"] = {{"matchLabel", {{"team", "shop"}}}};
  object["spec"]["access"][0]["namespaceSelector"] = Json::object();
  const auto read = decode_registry(node_of(after_apply(object, applied)));
  REQUIRE(read);
  REQUIRE(read->problems.size() == 2);
  CHECK(read->problems.front().field == "spec.access[0].namespaceSelector.matchLabel");
  CHECK_FALSE(read->holds_in_part);
  CHECK(read->object.spec.access.empty());
  CHECK(read->object.spec.login_server == tests::make_registry().spec.login_server);
}

TEST_CASE("What somebody applied counts only as long as it is what the object asks for") {
  Json object = after_apply(publication(), misspelt());
  SECTION("a value was changed") {
    object["spec"]["environment"] = "another";
    CHECK(problems_of(object).empty());
  }
  SECTION("a field was taken away") {
    Json applied = misspelt();
    applied["spec"]["interval"] = "1h";
    object = after_apply(publication(), applied);
    CHECK(problems_of(object).empty());
  }
  SECTION("a list became longer") {
    object["spec"]["tags"].push_back({{"name", "more"}, {"template", "more"}});
    CHECK(problems_of(object).empty());
  }
  SECTION("somebody else edited the spec later, and only added to it") {
    object["spec"]["gates"]["scan"]["allowUpTo"] = "Low";
    object["metadata"]["managedFields"].push_back(edit("flux", "2026-11-24T09:00:01Z", false));
    CHECK(problems_of(object).empty());
  }
  SECTION("somebody else edited it within the same second") {
    object["metadata"]["managedFields"].push_back(edit("flux", "2026-11-24T09:00:00Z", false));
    CHECK(problems_of(object).empty());
  }
  SECTION("but not by an edit before it, nor by one of anything else") {
    object["metadata"]["managedFields"].push_back(edit("flux", "2026-11-24T08:00:00Z", false));
    Json annotated = edit("kubectl-annotate", "2026-11-24T10:00:00Z", true);
    annotated["fieldsV1"].erase("f:spec");
    object["metadata"]["managedFields"].push_back(annotated);
    Json status = edit("slipway", "2026-11-24T10:00:00Z", false);
    status["subresource"] = "status";
    object["metadata"]["managedFields"].push_back(status);
    CHECK(problems_of(object).size() == 2);
  }
}

TEST_CASE("A field that the API server knows and this version doesn't was not dropped") {
  CHECK(problems_of(after_apply(misspelt(), misspelt())).empty());
}

TEST_CASE("A copy that says nothing of this object is passed over") {
  Json object = after_apply(publication(), misspelt());
  auto& copy = object["metadata"]["annotations"][std::string(kLastApplied)];
  SECTION("broken") {
    copy = misspelt().dump().substr(1);
  }
  SECTION("no object") {
    copy = "[]";
  }
  SECTION("of another object") {
    Json other = misspelt();
    other["metadata"]["name"] = "other";
    copy = other.dump();
  }
  SECTION("larger than an API server takes") {
    copy = misspelt().dump() + std::string(256u << 10, ' ');
  }
  SECTION("of more values than anybody writes") {
    Json large = misspelt();
    for (int i = 0; i < 5'000; ++i) large["spec"]["gatez"]["x" + std::to_string(i)] = 1;
    copy = large.dump();
  }
  SECTION("with more misspellings than anybody makes") {
    Json large = misspelt();
    for (int i = 0; i < 50; ++i) large["spec"]["x" + std::to_string(i)] = 1;
    copy = large.dump();
  }
  SECTION("with everything that it said kept, nulls aside") {
    Json applied = publication();
    applied["spec"]["interval"] = nullptr;
    copy = applied.dump();
  }
  const auto problems = problems_of(object);
  CHECK(std::ranges::none_of(problems, [](const Problem& each) { return each.field.starts_with("spec."); }));
}

TEST_CASE("What is being deleted is let go as what is left of it says") {
  Json object = after_apply(publication(), misspelt());
  object["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z";
  CHECK(problems_of(object).empty());
}

TEST_CASE("Applying with another misspelling, or without it, is an edit that no generation tells of") {
  runtime::ObjectCache<ImagePublication> cache(decode_publication);
  const auto put = [&](Json applied, const std::string& version) {
    Json object = after_apply(publication(), applied);
    object["metadata"]["resourceVersion"] = version;
    const auto changes = cache.put(node_of(object));
    REQUIRE(changes);
    REQUIRE(changes->size() == 1);
    return changes->front().kind;
  };
  CHECK(put(publication(), "7") == runtime::ChangeKind::Added);
  CHECK(put(misspelt(), "8") == runtime::ChangeKind::Edited);
  CHECK(put(misspelt(), "9") == runtime::ChangeKind::StatusOnly);
  CHECK(put(publication(), "10") == runtime::ChangeKind::Edited);
  CHECK(put(publication(), "11") == runtime::ChangeKind::StatusOnly);
  // An answer to a write over what somebody applied meanwhile does not hide that from the watch.
  const auto kept = cache.find({"shop", "storefront"});
  REQUIRE(kept);
  auto written = decode_publication(node_of(after_apply(publication(), misspelt())));
  REQUIRE(written);
  written->object.metadata.resource_version = "13";
  cache.wrote(std::move(*written));
  CHECK(cache.find({"shop", "storefront"}) == kept);
}
