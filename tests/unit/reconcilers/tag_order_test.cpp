#include "reconcilers/publish/tag_order.h"

#include "tests/catch.h"

using namespace slipway;
using namespace slipway::publish;

namespace {

const Digest kWanted = Digest::of("wanted");
const Digest kPresent = Digest::of("present");
const PublisherIdentity kMe{.id = "cluster-1", .namespace_name = "shop", .name = "storefront"};
const PublisherIdentity kOther{.id = "cluster-1", .namespace_name = "shop", .name = "other"};

struct Build {
  std::optional<std::int64_t> number;
  std::string built_at;
  std::string version;
};

BuildInfo build_of(const Build& build) {
  BuildInfo out;
  out.number = build.number;
  out.version = build.version;
  if (!build.built_at.empty()) out.built_at = *parse_timestamp(build.built_at);
  return out;
}

PublicationRecord record(const PublisherIdentity& by, const Build& build, std::vector<std::string> tags = {"t"},
                         const Digest& subject = kPresent) {
  PublicationRecord out;
  out.publisher = by;
  out.subject = subject;
  out.environment = "staging";
  out.build = build_of(build);
  for (auto& tag : tags) out.tags.push_back({.tag = std::move(tag), .mutability = Mutability::Moving});
  return out;
}

TagPublisher publisher(const Build& build, std::vector<HistoryEntry> history = {}) {
  return {.identity = kMe, .environment = "staging", .build = build_of(build), .history = std::move(history)};
}

HistoryEntry published(const Digest& digest, std::string environment = "staging") {
  HistoryEntry out;
  out.digest = digest.str();
  out.environment = std::move(environment);
  return out;
}

/// With the records that it is about.
struct OwnQuestion : TagQuestion {
  std::vector<PublicationRecord> records;
};

OwnQuestion question(std::vector<PublicationRecord> on_present) {
  OwnQuestion out;
  out.tag.name = "t";
  out.tag.tag = "t";
  out.tag.mutability = Mutability::Moving;
  out.wanted = kWanted;
  out.present = kPresent;
  out.records = std::move(on_present);
  out.on_present = out.records;
  return out;
}

const std::string kEarly = "2026-11-24T09:00:00Z";
const std::string kLate = "2026-11-24T10:00:00Z";

}  // namespace

TEST_CASE("what is there decides first", "[tag_order]") {
  struct Row {
    std::string name;
    Mutability mutability;
    std::optional<Digest> present;
    bool set_before, rollback;
    TagMove move;
  };
  constexpr auto kImmutable = Mutability::Immutable;
  constexpr auto kMoving = Mutability::Moving;
  const Row rows[] = {
      {"an immutable tag that is new", kImmutable, std::nullopt, false, false, TagMove::Set},
      {"an immutable tag that is right", kImmutable, kWanted, false, false, TagMove::Keep},
      {"an immutable tag on another digest", kImmutable, kPresent, false, false, TagMove::Conflict},
      {"an immutable tag that was moved since", kImmutable, kPresent, true, false, TagMove::Conflict},
      {"an immutable tag and a rollback", kImmutable, kPresent, false, true, TagMove::Conflict},
      {"a moving tag that is new", kMoving, std::nullopt, false, false, TagMove::Set},
      {"a moving tag that vanished", kMoving, std::nullopt, true, false, TagMove::Set},
      {"a moving tag that is right", kMoving, kWanted, true, false, TagMove::Keep},
      {"a moving tag that somebody moved since", kMoving, kPresent, true, false, TagMove::Superseded},
      {"a moving tag that somebody moved since a rollback", kMoving, kPresent, true, true, TagMove::Superseded},
      {"a rollback", kMoving, kPresent, false, true, TagMove::Set},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    auto asked = question({record(kOther, {900, kLate, "9.0.0"})});
    asked.tag.mutability = row.mutability;
    asked.present = row.present;
    asked.set_before = row.set_before;
    asked.rollback = row.rollback;
    const TagJudgement judged = judge_tag(asked, publisher({1, kEarly, "1.0.0"}));
    CHECK(judged.move == row.move);
    CHECK_FALSE(judged.order_unknown);
    CHECK_FALSE(judged.why.empty());
  }
}

TEST_CASE("a conflict names who meant to set the tag, and nobody else", "[tag_order]") {
  struct Row {
    std::string name;
    std::vector<PublicationRecord> records;
    std::string set_by;
  };
  const PublicationRecord meant = record(kOther, {1, "", ""});
  const PublicationRecord meant_another_tag = record(kMe, {1, "", ""}, {"u"});
  const PublicationRecord speaks_of_another = record(kMe, {1, "", ""}, {"t"}, kWanted);
  const Row rows[] = {
      {"nobody", {}, ""},
      {"one that meant it", {meant}, "shop/other"},
      {"before one that did not", {meant, meant_another_tag}, "shop/other"},
      {"after one that did not", {meant_another_tag, meant}, "shop/other"},
      {"one that speaks of another image", {meant, speaks_of_another}, "shop/other"},
      {"none that meant it", {meant_another_tag, speaks_of_another}, ""},
      {"ourselves", {record(kMe, {1, "", "1.0.0"})}, "this object itself, for the build \"1.0.0\" number 1"},
      {"a namesake",
       {record({"elsewhere", kMe.namespace_name, kMe.name}, {1, "", ""})},
       kMe.namespace_name + "/" + kMe.name + " of another publisher (\"elsewhere\")"}};
  for (const auto& row : rows) {
    INFO(row.name);
    auto asked = question(row.records);
    asked.tag.mutability = Mutability::Immutable;
    const auto judged = judge_tag(asked, publisher({2, "", ""}));
    CHECK(judged.move == TagMove::Conflict);
    CHECK(judged.set_by == row.set_by);
  }
}

TEST_CASE("a tag that another publisher means as an immutable one is not moved by calling it moving", "[tag_order]") {
  const auto meant = [](const PublisherIdentity& by, Mutability mutability, const std::string& at) {
    PublicationRecord out = record(by, {1, "", ""}, {"t", "u"});
    out.tags.front().mutability = mutability;
    out.started_at = *parse_timestamp(at);
    out.published_at = *out.started_at;
    return out;
  };
  constexpr auto kImmutable = Mutability::Immutable;
  constexpr auto kMoving = Mutability::Moving;
  PublicationRecord another_image = meant(kOther, kImmutable, kEarly);
  another_image.subject = kWanted;
  struct Row {
    std::string name;
    std::vector<PublicationRecord> records;
    TagMove move;
  };
  const Row rows[] = {{"another's", {meant(kOther, kImmutable, kEarly)}, TagMove::Conflict},
                      {"another's, before we meant it as moving",
                       {meant(kMe, kMoving, kLate), meant(kOther, kImmutable, kEarly)},
                       TagMove::Conflict},
                      {"another's, after we had meant it as moving, and who set it is not known",
                       {meant(kOther, kImmutable, kLate), meant(kMe, kMoving, kEarly)},
                       TagMove::Conflict},
                      {"another's, after a third had meant it as moving",
                       {meant({"cluster-1", "shop", "third"}, kMoving, kEarly), meant(kOther, kImmutable, kLate)},
                       TagMove::Conflict},
                      {"another's, after we had meant it as immutable",
                       {meant(kMe, kImmutable, kEarly), meant(kOther, kImmutable, kLate)},
                       TagMove::Conflict},
                      {"of a record about another image", {another_image}, TagMove::Set},
                      {"our own", {meant(kMe, kImmutable, kEarly)}, TagMove::Set},
                      {"another's moving one", {meant(kOther, kMoving, kEarly)}, TagMove::Set}};
  for (const auto& row : rows) {
    INFO(row.name);
    const auto judged = judge_tag(question(row.records), publisher({2, "", ""}));
    CHECK(judged.move == row.move);
    CHECK(judged.set_by == (row.move == TagMove::Conflict ? "shop/other" : ""));
    auto ours = question(row.records);
    ours.is_ours = true;
    CHECK(judge_tag(ours, publisher({2, "", ""})).move == TagMove::Set);
  }
  auto rollback = question({meant(kOther, kImmutable, kEarly)});
  rollback.rollback = true;
  CHECK(judge_tag(rollback, publisher({2, "", ""})).move == TagMove::Conflict);
}

TEST_CASE("a tag that somebody else may have set as an immutable one stays, where not all records were read",
          "[tag_order]") {
  auto asked = question({record(kMe, {1, "", ""})});
  asked.all_read = false;
  const auto judged = judge_tag(asked, publisher({2, "", ""}));
  CHECK(judged.move == TagMove::Conflict);
  CHECK(judged.is_unread);
  CHECK(judged.set_by.empty());
  asked.is_ours = true;
  CHECK(judge_tag(asked, publisher({2, "", ""})).move == TagMove::Set);
}

TEST_CASE("who left a moving tag is not told to have moved it", "[tag_order]") {
  const PublicationRecord set = record(kOther, {812, kLate, ""});
  PublicationRecord left = record({kOther.id, kOther.namespace_name, "left-it"}, {810, kEarly, ""});
  left.tags[0].left = true;
  const auto why_of = [](std::vector<PublicationRecord> records) {
    auto asked = question(std::move(records));
    asked.set_before = true;
    return judge_tag(asked, publisher({811, "", ""})).why;
  };
  CHECK_THAT(why_of({left}), Catch::EndsWith(" since"));
  CHECK_THAT(why_of({set, left}), Catch::EndsWith(" since by shop/other"));
}

TEST_CASE("going back is said", "[tag_order]") {
  const auto back = judge_tag(question({record(kMe, {2, "", "1.8.2"})}), publisher({1, "", "1.8.1"}));
  CHECK(back.move == TagMove::Set);
  CHECK(back.goes_back);
  CHECK_THAT(back.why, Catch::Contains("from \"1.8.2\" number 2") && Catch::Contains("to \"1.8.1\" number 1"));
  CHECK_FALSE(judge_tag(question({record(kMe, {1, "", ""})}), publisher({2, "", ""})).goes_back);
}

TEST_CASE("the order of builds", "[tag_order]") {
  struct Row {
    std::string name;
    Build mine;
    std::vector<PublicationRecord> records;
    TagMove move;
    bool unknown;
  };
  const Row rows[] = {
      {"a newer build", {813, "", ""}, {record(kOther, {812, "", ""})}, TagMove::Set, false},
      {"the same run again", {812, "", ""}, {record(kOther, {812, "", ""})}, TagMove::Set, false},
      {"an older build of another", {811, "", ""}, {record(kOther, {812, "", ""})}, TagMove::Superseded, false},
      {"an older build of our own: git revert", {811, "", ""}, {record(kMe, {812, "", ""})}, TagMove::Set, false},
      {"the number counts before the time", {813, kEarly, ""}, {record(kOther, {812, kLate, ""})}, TagMove::Set, false},
      {"a lower number built later", {811, kLate, ""}, {record(kOther, {812, kEarly, ""})}, TagMove::Superseded, false},
      {"the time where a number is missing",
       {{}, kEarly, ""},
       {record(kOther, {812, kLate, ""})},
       TagMove::Superseded,
       false},
      {"the time where theirs has no number",
       {812, kEarly, ""},
       {record(kOther, {{}, kLate, ""})},
       TagMove::Superseded,
       false},
      {"the same time", {{}, kLate, ""}, {record(kOther, {{}, kLate, ""})}, TagMove::Set, false},
      {"built later", {{}, kLate, ""}, {record(kOther, {{}, kEarly, ""})}, TagMove::Set, false},
      {"no record", {811, "", ""}, {}, TagMove::Set, true},
      {"nothing to compare", {811, "", ""}, {record(kOther, {{}, kLate, ""})}, TagMove::Set, true},
      {"a record about another image",
       {811, "", ""},
       {record(kOther, {812, "", ""}, {"t"}, kWanted)},
       TagMove::Set,
       true},
      {"several, newer than one of them",
       {812, "", ""},
       {record(kOther, {811, "", ""}), record(kOther, {813, "", ""})},
       TagMove::Superseded,
       false},
      {"several, older than the first",
       {812, "", ""},
       {record(kOther, {813, "", ""}), record(kOther, {811, "", ""})},
       TagMove::Superseded,
       false},
      {"several, newer than all",
       {814, "", ""},
       {record(kOther, {811, "", ""}), record(kOther, {813, "", ""})},
       TagMove::Set,
       false},
      {"several, one is ours",
       {812, "", ""},
       {record(kOther, {813, "", ""}), record(kMe, {813, "", ""})},
       TagMove::Set,
       false},
      {"one that did not want this tag does not count",
       {812, "", ""},
       {record(kOther, {813, "", ""}, {"else"}), record(kOther, {811, "", ""})},
       TagMove::Set,
       false},
      {"none wanted this tag: all count",
       {812, "", ""},
       {record(kOther, {813, "", ""}, {"else"}), record(kOther, {811, "", ""}, {})},
       TagMove::Superseded,
       false},
      {"some have no order",
       {812, "", ""},
       {record(kOther, {{}, "", ""}), record(kOther, {811, "", ""})},
       TagMove::Set,
       false},
      {"a lower version does not count for this tag",
       {813, "", "1.0.0"},
       {record(kOther, {812, "", "2.0.0"})},
       TagMove::Set,
       false},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    const TagJudgement judged = judge_tag(question(row.records), publisher(row.mine));
    INFO(judged.why);
    CHECK(judged.move == row.move);
    CHECK(judged.order_unknown == row.unknown);
    CHECK_FALSE(judged.why.empty());
  }
}

TEST_CASE("tags that never go to a lower version", "[tag_order]") {
  struct Row {
    std::string name;
    Build mine;
    std::vector<PublicationRecord> records, on_wanted;
    std::vector<HistoryEntry> history;
    TagMove move;
  };
  const Row rows[] = {
      {"a higher version", {813, "", "1.9.0"}, {record(kOther, {812, "", "1.8.0"})}, {}, {}, TagMove::Set},
      {"the same version", {813, "", "1.8.0"}, {record(kOther, {812, "", "1.8.0"})}, {}, {}, TagMove::Set},
      {"a lower version of a newer build",
       {813, "", "1.7.9"},
       {record(kOther, {812, "", "1.8.0"})},
       {},
       {},
       TagMove::Superseded},
      {"a lower version over our own",
       {813, "", "1.7.9"},
       {record(kMe, {812, "", "1.8.0"})},
       {},
       {},
       TagMove::Superseded},
      {"git revert to what we published",
       {811, "", "1.7.9"},
       {record(kMe, {812, "", "1.8.0"})},
       {},
       {published(kWanted)},
       TagMove::Set},
      {"git revert, known by the record",
       {811, "", "1.7.9"},
       {record(kMe, {812, "", "1.8.0"})},
       {record(kMe, {811, "", "1.7.9"}, {"t"}, kWanted)},
       {},
       TagMove::Set},
      {"published before, but over another's newer build",
       {811, "", "1.7.9"},
       {record(kOther, {812, "", "1.8.0"})},
       {},
       {published(kWanted)},
       TagMove::Superseded},
      {"published before by another",
       {813, "", "1.7.9"},
       {record(kMe, {812, "", "1.8.0"})},
       {record(kOther, {811, "", "1.7.9"}, {"t"}, kWanted)},
       {},
       TagMove::Superseded},
      {"published before for another environment",
       {813, "", "1.7.9"},
       {record(kMe, {812, "", "1.8.0"})},
       {},
       {published(kWanted, "production")},
       TagMove::Superseded},
      {"a version that is none", {813, "", "x"}, {record(kOther, {812, "", "1.8.0"})}, {}, {}, TagMove::Set},
      {"theirs is none", {813, "", "1.0.0"}, {record(kOther, {812, "", "x"})}, {}, {}, TagMove::Set},
      {"a higher version of an older build",
       {811, "", "1.9.0"},
       {record(kOther, {812, "", "1.8.0"})},
       {},
       {},
       TagMove::Superseded},
      {"the second record is above",
       {813, "", "1.9.0"},
       {record(kOther, {812, "", "1.8.0"}), record(kOther, {812, "", "2.0.0"})},
       {},
       {},
       TagMove::Superseded},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    auto asked = question(row.records);
    asked.tag.never_lower = true;
    asked.on_wanted = row.on_wanted;
    const TagJudgement judged = judge_tag(asked, publisher(row.mine, row.history));
    INFO(judged.why);
    CHECK(judged.move == row.move);
  }
  auto unknown = question({});
  unknown.tag.never_lower = true;
  CHECK(judge_tag(unknown, publisher({1, "", "1.0.0"})).order_unknown);
}

TEST_CASE("what was published before", "[tag_order]") {
  const TagPublisher me = publisher({}, {published(kPresent), published(kWanted, "production")});
  CHECK(published_before(kPresent, {}, me));
  CHECK_FALSE(published_before(kWanted, {}, me));
  CHECK(published_before(kWanted, std::vector{record(kMe, {}, {}, kWanted)}, me));
  CHECK_FALSE(published_before(kWanted, std::vector{record(kMe, {}, {}, kPresent)}, me));
  CHECK_FALSE(published_before(kWanted, std::vector{record(kOther, {}, {}, kWanted)}, me));
  PublicationRecord elsewhere = record(kMe, {}, {}, kWanted);
  elsewhere.environment = "production";
  CHECK_FALSE(published_before(kWanted, std::vector{elsewhere}, me));
}

TEST_CASE("a judgement says who holds the tag", "[tag_order]") {
  const auto judged = judge_tag(question({record(kOther, {812, kLate, "1.8.0"})}), publisher({811, "", ""}));
  CHECK(judged.why == "it names sha256:" + kPresent.short_hex() +
                          " of a newer build (\"1.8.0\" number 812 of 2026-11-24T10:00:00Z) by \"shop/other\"");
}
