#include "controller/cli/resource_table.h"

#include "crds/v1alpha1/manifests.h"
#include "reconcilers/readiness.h"
#include "tests/catch.h"

namespace slipway::cli {

namespace {

const Timestamp kNow = *parse_timestamp("2026-11-24T09:00:00Z");

ImagePublication publication() {
  ImagePublication object;
  object.metadata.name = "storefront";
  object.metadata.namespace_name = "shop";
  object.metadata.generation = 1;
  object.metadata.creation_timestamp = *parse_timestamp("2026-11-24T08:53:00Z");
  object.spec.registry_ref = {"contoso"};
  object.spec.repository = "shop/storefront";
  object.spec.environment = "staging";
  apply_readiness(object.status.conditions, {Readiness::Kind::Ready, "Succeeded", "published"}, {1, kNow});
  object.status.observed_generation = 1;
  object.status.display = {"3f2a91c0aa11", "1.8.2, staging"};
  object.status.published = PublishedStatus{.at = kNow};
  return object;
}

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace

TEST_CASE("a publication's columns answer the first question") {
  const std::vector objects{publication()};
  CHECK(to_text(table_of(std::span{objects}, {false, true, kNow})) ==
        "NAMESPACE   NAME         READY   DIGEST         TAGS             REASON      PROGRESS   SUSPENDED   AGE\n"
        "shop        storefront   True    3f2a91c0aa11   1.8.2, staging   Succeeded   -          -           7m\n");
}

TEST_CASE("wide columns tell where, when and what was said") {
  const std::vector objects{publication()};
  const auto table = table_of(std::span{objects}, {true, false, kNow});
  CHECK(table.header == std::vector<std::string>{"NAME", "READY", "DIGEST", "TAGS", "REASON", "PROGRESS", "SUSPENDED",
                                                 "REGISTRY", "REPOSITORY", "ENVIRONMENT", "PUBLISHED", "DOING", "AGE",
                                                 "MESSAGE"});
  CHECK(table.rows.at(0) == std::vector<std::string>{"storefront", "True", "3f2a91c0aa11", "1.8.2, staging",
                                                     "Succeeded", "", "", "contoso", "shop/storefront", "staging", "0s",
                                                     "", "7m", "published"});
}

TEST_CASE("what waits until it is tried again says once why") {
  std::vector objects{publication()};
  apply_readiness(objects[0].status.conditions, {Readiness::Kind::Reconciling, "Unavailable", "no answer; look at it"},
                  {1, kNow});
  const auto row = table_of(std::span{objects}, {true, false, kNow}).rows.at(0);
  CHECK(row.at(5) == "Unavailable");
  CHECK(row.at(11).empty());
  CHECK(row.at(13) == "no answer; look at it");
}

TEST_CASE("what was edited since it was looked at is not shown as ready") {
  struct Row {
    std::int64_t generation, observed;
    std::string ready, reason;
  };
  for (const auto& [generation, observed, ready, reason] :
       {Row{1, 1, "True", "Succeeded"}, Row{2, 1, "Unknown", "Pending"}, Row{2, 2, "True", "Succeeded"}}) {
    std::vector objects{publication()};
    objects[0].metadata.generation = generation;
    objects[0].status.observed_generation = observed;
    const auto row = table_of(std::span{objects}, {true, false, kNow}).rows.at(0);
    CHECK(row.at(1) == ready);
    CHECK(row.at(4) == reason);
    if (generation != observed)
      CHECK(row.at(13) == "generation 2 was not looked at yet; generation 1: True Succeeded: published");
    CHECK(objects[0].status.conditions == publication().status.conditions);
  }
}

TEST_CASE("what is worked on, and nothing came of yet, says so") {
  for (const bool is_first : {true, false}) {
    std::vector objects{publication()};
    if (is_first) objects[0].status = {};
    objects[0].metadata.generation = 2;
    apply_progress(objects[0].status.conditions, "waiting for ghcr.io", {2, kNow});
    const auto row = table_of(std::span{objects}, {true, false, kNow}).rows.at(0);
    CHECK(row.at(1) == "Unknown");
    CHECK(row.at(4) == "Progressing");
    CHECK(row.at(5) == "Progressing");
    CHECK(row.at(11).empty());
    CHECK(row.at(13) == "waiting for ghcr.io");
  }
}

TEST_CASE("what was worked on is not shown as worked on when nobody is there") {
  std::vector objects{publication()};
  objects[0].status = {};
  apply_progress(objects[0].status.conditions, "sending sha256:3f2a", {1, kNow});
  const auto row = table_of(std::span{objects}, {true, false, kNow, false}).rows.at(0);
  CHECK(row.at(1) == "Unknown");
  CHECK(row.at(4) == "Interrupted");
  CHECK(row.at(13) ==
        "no slipway is at work on it now; slipway publish or run goes on with it; last: sending sha256:3f2a");
}

TEST_CASE("what is suspended says so, whatever its conditions") {
  std::vector objects{publication()};
  objects[0].spec.suspend = true;
  CHECK(table_of(std::span{objects}, {false, false, kNow}).rows.at(0).at(6) == "true");
}

TEST_CASE("a registry has no namespace") {
  ContainerRegistry object;
  object.metadata.name = "contoso";
  object.spec.login_server = "contoso.azurecr.io";
  const std::vector objects{object};
  CHECK(to_text(table_of(std::span{objects}, {false, true, kNow})) ==
        "NAME      READY   LOGIN SERVER         REASON   PROGRESS   SUSPENDED   AGE\n"
        "contoso   -       contoso.azurecr.io   -        -          -           -\n");
}

TEST_CASE("a policy that nothing is done with yet says so beside what is ready of it") {
  RetentionPolicy object;
  object.metadata.name = "nightly";
  object.metadata.namespace_name = "shop";
  apply_readiness(object.status.conditions, {Readiness::Kind::Ready, "Succeeded", "valid"}, {0, kNow});
  set_condition(object.status.conditions, make_condition("Unsupported", true, "NotSupported", "spec.rules", {0, kNow}));
  const std::vector objects{object};
  const auto table = table_of(std::span{objects}, {false, false, kNow});
  CHECK(table.header == std::vector<std::string>{"NAME", "READY", "MODE", "REASON", "UNSUPPORTED", "SUSPENDED", "AGE"});
  CHECK(table.rows.at(0).at(4) == "NotSupported");
}

TEST_CASE("the columns are those that kubectl shows, in its order, but the message is the last") {
  const auto same = [](ResourceKind kind, Table table) {
    std::vector<std::string> shown{"NAME"};
    for (const auto& column : printer_columns(kind))
      if (column.name != "Message") shown.push_back(upper_case(column.name));
    shown.emplace_back("MESSAGE");
    CHECK(table.header == shown);
  };
  const TableStyle wide{true, false, kNow};
  same(ResourceKind::ImagePublication, table_of(std::span<const ImagePublication>{}, wide));
  same(ResourceKind::ContainerRegistry, table_of(std::span<const ContainerRegistry>{}, wide));
  same(ResourceKind::RetentionPolicy, table_of(std::span<const RetentionPolicy>{}, wide));
}

TEST_CASE("an age is told in its largest sensible unit") {
  using namespace std::chrono_literals;
  CHECK(age_text(-5s) == "0s");
  CHECK(age_text(119s) == "119s");
  CHECK(age_text(120s) == "2m");
  CHECK(age_text(119min) == "119m");
  CHECK(age_text(2h) == "2h");
  CHECK(age_text(47h) == "47h");
  CHECK(age_text(48h) == "2d");
  CHECK(age_text(24h * 729) == "729d");
  CHECK(age_text(24h * 730) == "2y");
}

}  // namespace slipway::cli
