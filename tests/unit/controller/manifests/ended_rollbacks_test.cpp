#include "controller/manifests/ended_rollbacks.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::manifests;

namespace {

std::string warnings_at(const std::string& now, const std::string& until) {
  const std::string text =
      "apiVersion: slipway.dev/v1alpha1\nkind: ImagePublication\nmetadata: {name: app}\nspec:\n"
      "  registryRef: {name: contoso}\n  repository: shop/app\n  source: {image: {reference: "
      "\"ghcr.io/contoso/app:1\"}}\n"
      "  tags: [{name: env, template: staging, mutability: Moving}]\n  rollback:\n    digest: sha256:" +
      std::string(64, 'a') + "\n    reason: broken\n" + until;
  ParseOptions options;
  options.keep_roots = true;
  auto parsed = parse_resources(text, "f.yaml", options);
  REQUIRE(parsed.resources.size() == 1);
  ManifestReading reading;
  auto& one = reading.resources.emplace_back();
  one.resource = parsed.resources.front().resource;
  one.file = "f.yaml";
  one.where = parsed.resources.front().where;
  std::string out;
  for (const auto& problem : ended_rollbacks(reading, parse_timestamp(now).value())) {
    CHECK(problem.warning);
    out += to_string(problem);
  }
  return out;
}

}  // namespace

TEST_CASE("a rollback that is over is told, from its end on") {
  const std::string over =
      "f.yaml:12:12: spec.rollback.until: it is over: no tag goes back by this rollback; write a later end, or remove "
      "the "
      "rollback";
  CHECK(warnings_at("2026-11-24T23:59:59Z", "    until: 2026-11-24\n").empty());
  CHECK(warnings_at("2026-11-25T00:00:00Z", "    until: 2026-11-24\n") == over);
  CHECK(warnings_at("2026-11-24T18:00:00Z", "    until: \"2026-11-24T18:00:00Z\"\n") == over);
  CHECK(warnings_at("2026-11-24T18:00:00Z", "").empty());
}
