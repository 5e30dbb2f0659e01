#include "controller/kube/object_codec.h"

#include "tests/catch.h"
#include "tests/support/builders.h"

using namespace slipway;
using namespace slipway::kube;

namespace {

const std::string kMetadata =
    R"("metadata":{"name":"storefront","namespace":"shop","uid":"u","resourceVersion":"7","generation":3,"labels":{"team":"shop"},
    "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}","slipway.dev/reconcile-requested-at":"now"},
    "managedFields":[{"manager":"kubectl","operation":"Apply","time":"2026-11-24T08:00:00Z"},
                     {"manager":"flux","operation":"Apply","time":"2026-11-24T09:00:00Z"},
                     {"manager":"a-person","operation":"Update","time":"2026-11-24T09:00:00Z"},
                     {"manager":"slipway","operation":"Update","time":"2026-11-24T10:00:00Z",
                      "fieldsV1":{"f:metadata":{"f:finalizers":{".":{},"v:\"slipway.dev/untag\"":{}}}}},
                     {"manager":"slipway","operation":"Apply","time":"2026-11-24T10:00:00Z","subresource":"status"}]})";

Node object_with(const std::string& spec, const std::string& status) {
  const Document document = parse_json(R"({"apiVersion":"slipway.dev/v1alpha1","kind":"ImagePublication",)" +
                                           kMetadata + R"(,"spec":)" + spec + R"(,"status":)" + status + "}",
                                       "");
  REQUIRE(document.problems.empty());
  return document.root;
}

/// Who is named for an object that alice edited before whoever `entries` of managedFields name.
std::string edited_by(const std::string& entries) {
  const Document document = parse_json(
      R"({"apiVersion":"slipway.dev/v1alpha1","kind":"ImagePublication","metadata":{"name":"a","namespace":"b",
      "managedFields":[{"manager":"alice","operation":"Update","time":"2026-11-24T08:00:00Z"},)" +
          entries + R"(]},"spec":{}})",
      "");
  REQUIRE(document.problems.empty());
  const auto read = decode_publication(document.root);
  REQUIRE(read);
  return read->edited_by;
}

std::string spec_of(const ImagePublication& object) {
  return to_json_text(*to_node(object).find("spec"));
}

}  // namespace

TEST_CASE("Of labels and annotations only our own annotations are kept, and who edited an object last") {
  const auto read = decode_publication(object_with(spec_of(tests::make_publication()), R"({"observedGeneration":2})"));
  REQUIRE(read);
  CHECK(read->problems.empty());
  CHECK(read->object.spec == tests::make_publication().spec);
  CHECK(read->object.status.observed_generation == 2);
  CHECK(read->object.metadata.annotations.size() == 1);
  CHECK(read->object.metadata.labels.empty());
  CHECK(read->edited_by == "flux, a-person");
  REQUIRE(read->edited_at);
  CHECK(to_string(*read->edited_at) == "2026-11-24T09:00:00Z");
}

TEST_CASE("Who calls himself slipway and edits what Slipway never does is named, and no edit is of the future") {
  CHECK(edited_by(R"({"manager":"slipway","operation":"Update","time":"2026-11-24T09:00:00Z",
                  "fieldsV1":{"f:spec":{"f:build":{"f:version":{}}}}})") == "slipway");
  CHECK(edited_by(R"({"manager":"slipway","operation":"Update","time":"2026-11-24T09:00:00Z",
                  "fieldsV1":{"f:metadata":{"f:finalizers":{},"f:annotations":{}}}})") == "slipway");
  CHECK(edited_by(R"({"manager":"bob","operation":"Update","time":"2099-11-24T09:00:00Z"})") == "alice");
}

TEST_CASE("However many edited within one second, few are named") {
  std::string entries;
  for (int i = 0; i < 3000; ++i)
    entries += std::string(entries.empty() ? "" : ",") + R"({"manager":"m)" + std::to_string(i) +
               R"(","operation":"Apply","time":"2026-11-25T09:00:00Z"})";
  const std::string editors = edited_by(entries);
  CHECK(editors.size() < 1200);
  CHECK(editors.starts_with("m0, m1, m2, "));
  CHECK(editors.ends_with(", and others"));
}

TEST_CASE("Of an object whose spec can't be used what identifies it is kept, and its status") {
  ImagePublication object = tests::make_publication();
  object.spec.tags.front().template_text = "{{commit";
  const auto read = decode_publication(object_with(spec_of(object), R"({"observedGeneration":2})"));
  REQUIRE(read);
  REQUIRE(read->problems.size() == 1);
  CHECK(read->problems.front().field == "spec.tags[0].template");
  CHECK(read->object.spec.repository == object.spec.repository);
  CHECK(read->object.spec.registry_ref == object.spec.registry_ref);
  CHECK(read->object.spec.tags.empty());
  CHECK(read->object.metadata.generation == 3);
  CHECK(read->object.status.observed_generation == 2);
}

TEST_CASE("A policy that can't be used keeps what it holds") {
  const Document document = parse_json(
      R"({"apiVersion":"slipway.dev/v1alpha1","kind":"RetentionPolicy","metadata":{"name":"a","namespace":"b"},"spec":{
      "registryRef":{"name":"contoso"},"repositories":["shop/**"],"schedule":{"cron":"0 25 * * *"},"rules":[
      {"name":"old","match":{"tags":["dev-*"]},"expireAfter":"30d"},
      {"name":"court","match":{"tags":["v1.*"]},"retain":{"legalHold":{"reason":"case 7"}}}]}})",
      "");
  REQUIRE(document.problems.empty());
  const auto read = decode_retention_policy(document.root);
  REQUIRE(read);
  CHECK(read->problems.size() == 1);
  CHECK(read->object.spec.repositories == std::vector<std::string>{"shop/**"});
  REQUIRE(read->object.spec.rules.size() == 1);
  CHECK(read->object.spec.rules.front().name == "court");
}

TEST_CASE("A status that can't be read counts as none, and the spec is used") {
  const auto read = decode_publication(
      object_with(spec_of(tests::make_publication()), R"({"observedGeneration":"two","conditions":{}})"));
  REQUIRE(read);
  CHECK(read->problems.empty());
  CHECK(read->object.spec == tests::make_publication().spec);
  CHECK(read->object.status == ImagePublicationStatus{});
}
