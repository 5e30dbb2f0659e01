#include "reconcilers/publish/decide.h"

#include <functional>

#include "reconcilers/publish/publication_identity.h"
#include "tests/catch.h"
#include "tests/support/builders.h"

namespace slipway::tests {
namespace {

using namespace publish;
using namespace std::chrono_literals;

const Timestamp kNow = *parse_timestamp("2026-11-24T09:00:00Z");
const PublisherIdentity kMe{.id = "cluster-1", .namespace_name = "shop", .name = "storefront"};
const PublisherIdentity kOther{.id = "cluster-1", .namespace_name = "blog", .name = "journal"};

content::Descriptor named(const std::string& words, std::int64_t size = 1024) {
  return {.media_type = "application/x", .digest = Digest::of(words), .size = size};
}

const Digest kImage = Digest::of("image");
const Digest kOld = Digest::of("old");

std::string brief(const Digest& digest) {
  return "sha256:" + digest.short_hex();
}

/// A publication and what was seen of it: never published, nothing at the destination.
struct Situation {
  ImagePublication publication = make_publication();
  Observation seen;

  Situation() {
    seen.publisher = kMe;
    seen.slipway_version = "0.1.0";
    seen.registry = "registry.example";
    seen.source_host = "ghcr.io";
    seen.source_location = "ghcr.io/contoso/storefront";
    seen.ids = {.request = "r", .publication = "p", .gates = "g"};
    seen.source = {.digest = kImage.str(), .resolved_at = kNow};
    seen.source_digest = kImage;
    seen.tags = {{.name = "version", .tag = "1.8.2"},
                 {.name = "environment", .tag = "staging", .mutability = Mutability::Moving}};
    seen.present = {{"1.8.2", std::nullopt}, {"staging", std::nullopt}};
    seen.content = Content{.root = named("image"), .manifests = {named("image")}, .blobs = {named("a"), named("b")}};
  }

  Situation& all_there() {
    for (const auto* all : {&seen.content->manifests, &seen.content->blobs})
      for (const auto& one : *all) seen.content->present.insert(one.digest);
    return *this;
  }
  Situation& tagged(const Digest& digest = kImage) {
    seen.present = {{"1.8.2", digest}, {"staging", digest}};
    return *this;
  }
  Situation& finished() {
    all_there().tagged();
    publication.status.published =
        PublishedStatus{.digest = kImage.str(),
                        .publication_hash = "p",
                        .tags = {{.name = "version", .tag = "1.8.2", .digest = kImage.str(), .owned = true},
                                 {.name = "environment", .tag = "staging", .digest = kImage.str(), .owned = true}}};
    return *this;
  }
  Situation& tags_only() {
    seen.content.reset();
    return *this;
  }
  /// A record on `digest`, of build `number` and for the tag "staging".
  Situation& recorded(const Digest& digest, const PublisherIdentity& by, std::int64_t number) {
    PublicationRecord record{.publisher = by, .subject = digest, .environment = "staging"};
    record.build.number = number;
    record.tags = {{"1.8.2", Mutability::Immutable}, {"staging", Mutability::Moving}};
    seen.records[digest].records.push_back(record);
    return *this;
  }
  /// The record that this publication itself would put.
  Situation& own_record() {
    const auto plan = decide(publication, seen, kNow);
    for (const auto& step : plan.steps)
      if (const auto* put = std::get_if<PutRecord>(&step)) {
        seen.records[kImage].records.push_back(put->record);
        seen.records[kImage].identities.emplace(record_identity(put->record), Digest::of("record"));
      }
    return *this;
  }
  Situation& rolled_back(const std::string& until = "") {
    publication.spec.rollback = Rollback{.digest = kOld.str(), .reason = "broken", .until = until};
    publication.status.history.push_back({.digest = kOld.str(), .environment = "staging"});
    seen.rollback_present = true;
    return *this;
  }
  Situation& scanned() {
    publication.spec.gates.scan = ScanGate{.reports = {{.name = "amd64", .path = "scan.json"}}};
    seen.subject.images.push_back(
        {.platform = {.os = "linux", .architecture = "amd64"}, .digest = kImage, .config_digest = Digest::of("a")});
    return *this;
  }
  Situation& report(const std::vector<std::string>& severities) {
    const MadeImage image{.descriptor = named("image"), .config = named("a")};
    seen.reports.push_back({"amd64", *gates::parse_report(ReportFormat::Trivy, make_report(image, severities))});
    return *this;
  }
  Situation& report_missing() {
    seen.reports.push_back({"amd64", fail(ErrorClass::NotFound, "file scan.json is not there", "write it")});
    return *this;
  }

  PublishPlan decide_at(Timestamp now = kNow) const { return decide(publication, seen, now); }
};

const std::string kAt = " in registry.example/shop/storefront";
const std::string kCheck =
    "  check that 3 manifests and blobs of " + brief(kImage) + " are there: a tag appears only over what is there";
const std::string kRecord =
    "  put the publication record on " + brief(kImage) + ": it says who published what, and why it may be";
const std::string kSetVersion = "  set tag 1.8.2 to " + brief(kImage) + ": it does not exist yet";
const std::string kSetStaging = "  set tag staging to " + brief(kImage) + ": it does not exist yet";
const std::string kPublish = "publish " + brief(kImage) + kAt;
const std::string kNothing = "nothing to do: " + brief(kImage) + kAt + " is as it should be";
const std::string kVersionRight = "  tag 1.8.2: it names " + brief(kImage);
const std::string kStagingRight = "  tag staging: it names " + brief(kImage);

using Change = std::function<void(Situation&)>;

}  // namespace

TEST_CASE("a plan says what is done and why", "[publish_decide]") {
  struct Row {
    std::string name;
    Change change;
    Purpose purpose;
    std::vector<std::string> lines;
  };
  const Row rows[] = {
      {"seen for the first time",
       [](Situation&) {},
       Purpose::Publish,
       {kPublish, "  bring 2 blobs of 2.0 KiB: the image needs them",
        "  put manifest " + brief(kImage) + ": it is the image", kCheck, kRecord, kSetVersion, kSetStaging}},
      {"one blob is checked down to its files",
       [](Situation& it) {
         it.publication.spec.verify = Verify::Deep;
         it.seen.content->blobs.pop_back();
       },
       Purpose::Publish,
       {kPublish, "  bring 1 blob of 1.0 KiB, checked down to their files: the image needs them",
        "  put manifest " + brief(kImage) + ": it is the image",
        "  check that 2 manifests and blobs of " + brief(kImage) + " are there: a tag appears only over what is there",
        kRecord, kSetVersion, kSetStaging}},
      {"of an index the children come first",
       [](Situation& it) {
         auto child = named("child");
         child.platform = content::Platform{.os = "linux", .architecture = "arm64"};
         it.seen.content->manifests.insert(it.seen.content->manifests.begin(), child);
         it.seen.content->blobs.clear();
       },
       Purpose::Publish,
       {kPublish, "  put manifest " + brief(Digest::of("child")) + " (linux/arm64): the image's index names it",
        "  put manifest " + brief(kImage) + ": it is the image",
        "  check that 2 manifests and blobs of " + brief(kImage) + " are there: a tag appears only over what is there",
        kRecord, kSetVersion, kSetStaging}},
      {"content is there, published by somebody else",
       [](Situation& it) { it.all_there(); },
       Purpose::Publish,
       {kPublish, kRecord, kSetVersion, kSetStaging}},
      {"an image that is there lacks a blob",
       [](Situation& it) { it.all_there().seen.content->present.erase(Digest::of("b")); },
       Purpose::Publish,
       {kPublish, "  bring 1 blob of 1.0 KiB: they are missing at the registry", kCheck, kRecord, kSetVersion,
        kSetStaging}},
      {"killed before the status was written",
       [](Situation& it) { it.all_there().tagged().own_record(); },
       Purpose::Publish,
       {kPublish, kVersionRight, kStagingRight}},
      {"killed between the tags",
       [](Situation& it) { it.all_there().own_record().seen.present["1.8.2"] = kImage; },
       Purpose::Publish,
       {kPublish, kSetStaging}},
      {"attached at the source",
       [](Situation& it) {
         auto sbom = named("sbom");
         sbom.artifact_type = "application/spdx+json";
         it.all_there().seen.content->attached = {{sbom, named("image"), ""},
                                                  {named("sig"), named("image"), "sha256-1.sig"}};
         it.seen.content->attached_blobs = {named("sbom text")};
       },
       Purpose::Publish,
       {kPublish, "  bring 1 blob of 1.0 KiB: what is attached needs them, where they are not there yet",
        "  check that 3 manifests and blobs of " + brief(kImage) + " are there: a tag appears only over what is there",
        "  attach application/spdx+json " + brief(Digest::of("sbom")) + " to " + brief(kImage) + ": it speaks of " +
            brief(kImage) + " at the source",
        "  attach " + brief(Digest::of("sig")) + " as tag sha256-1.sig: it speaks of " + brief(kImage) +
            " at the source",
        kRecord, kSetVersion, kSetStaging}},
      {"attached at the source to an index of nothing, which is nowhere yet",
       [](Situation& it) {
         auto sbom = named("sbom");
         sbom.artifact_type = "application/spdx+json";
         it.seen.content->blobs.clear();
         it.seen.content->attached = {{sbom, named("image"), ""}};
         it.seen.content->attached_blobs = {named("sbom text")};
       },
       Purpose::Publish,
       {kPublish, "  bring 1 blob of 1.0 KiB: what is attached needs them, where they are not there yet",
        "  put manifest " + brief(kImage) + ": it is the image",
        "  check that 1 manifests and blobs of " + brief(kImage) + " are there: a tag appears only over what is there",
        "  attach application/spdx+json " + brief(Digest::of("sbom")) + " to " + brief(kImage) + ": it speaks of " +
            brief(kImage) + " at the source",
        kRecord, kSetVersion, kSetStaging}},
      {"what is attached is there already",
       [](Situation& it) {
         it.all_there().seen.content->attached = {{named("sbom"), named("image"), ""}};
         it.seen.content->present.insert(Digest::of("sbom"));
       },
       Purpose::Publish,
       {kPublish, kRecord, kSetVersion, kSetStaging}},
      {"something stays behind and somebody else wants a tag",
       [](Situation& it) {
         auto left = named("arm");
         left.platform = content::Platform{.os = "linux", .architecture = "arm64"};
         auto signature = named("signature");
         signature.artifact_type = "application/x-signature";
         it.all_there().seen.content->left_out = {left, signature};
         it.seen.rivals = {{"staging", key_of(make_publication("other"))}};
       },
       Purpose::Publish,
       {kPublish, kRecord, kSetVersion, kSetStaging,
        "  note: stays behind: " + brief(Digest::of("arm")) + " (linux/arm64)",
        "  note: stays behind: " + brief(Digest::of("signature")) + " (application/x-signature)",
        "  note: tag staging is wanted by ImagePublication shop/other too"}},
      {"a moving tag goes from an older build",
       [](Situation& it) { it.all_there().recorded(kOld, kOther, 811).seen.present["staging"] = kOld; },
       Purpose::Publish,
       {kPublish, kRecord, kSetVersion,
        "  move tag staging from " + brief(kOld) + " to " + brief(kImage) +
            ": this build is not older than the one it names (" + brief(kOld) + ")"}},
      {"a moving tag stays on a newer build of somebody else",
       [](Situation& it) { it.all_there().recorded(kOld, kOther, 813).seen.present["staging"] = kOld; },
       Purpose::Publish,
       {kPublish, kRecord, kSetVersion,
        "  tag staging is left: it names " + brief(kOld) +
            " of a newer build (number 813) by an object of another namespace"}},
      {"a moving tag goes back from a newer build of this object (git revert)",
       [](Situation& it) { it.all_there().recorded(kOld, kMe, 813).seen.present["staging"] = kOld; },
       Purpose::Publish,
       {kPublish, kRecord, kSetVersion,
        "  move tag staging from " + brief(kOld) + " to " + brief(kImage) + ": it goes back from number 813 (" +
            brief(kOld) + "), which this object published itself, to \"1.8.2\" number 812"}},
      {"a moving tag on something without a record",
       [](Situation& it) { it.all_there().seen.present["staging"] = kOld; },
       Purpose::Publish,
       {kPublish, kRecord, kSetVersion,
        "  move tag staging from " + brief(kOld) + " to " + brief(kImage) +
            ": nobody knows whether this build is newer: " + brief(kOld) + " has no record"}},
      {"a tag without a value",
       [](Situation& it) {
         it.all_there().tagged().own_record();
         it.seen.tags[1] = {.name = "pr", .tag = "", .state = ExpansionState::Missing, .why = "no label pr"};
         it.seen.records.clear();
         it.own_record();
       },
       Purpose::Publish,
       {kPublish, kVersionRight, "  tag pr is skipped: no label pr"}},
      {"rolled back",
       [](Situation& it) { it.all_there().tagged().rolled_back(); },
       Purpose::Publish,
       {kPublish, kRecord,
        "  move tag staging from " + brief(kImage) + " to " + brief(kOld) + ": rollback from " + brief(kImage)}},
      {"rolled back past a newer build of somebody else",
       [](Situation& it) { it.all_there().tagged().recorded(kImage, kOther, 900).rolled_back(); },
       Purpose::Publish,
       {kPublish, kRecord,
        "  move tag staging from " + brief(kImage) + " to " + brief(kOld) + ": rollback from " + brief(kImage)}},
      {"rolled back to the image that is published, past a newer build of somebody else",
       [](Situation& it) {
         it.all_there().tagged(kImage).recorded(kOld, kOther, 900).rolled_back();
         it.seen.present["staging"] = kOld;
         it.publication.spec.rollback->digest = kImage.str();
         it.publication.status.history[0].digest = kImage.str();
       },
       Purpose::Publish,
       {kPublish, kRecord,
        "  move tag staging from " + brief(kOld) + " to " + brief(kImage) + ": rollback from " + brief(kOld)}},
      {"finished, the tags are right",
       [](Situation& it) { it.finished().tags_only(); },
       Purpose::Nothing,
       {kNothing, kVersionRight, kStagingRight}},
      {"finished, all is right",
       [](Situation& it) { it.finished().own_record(); },
       Purpose::Nothing,
       {kNothing, kVersionRight, kStagingRight}},
      {"finished, a moving tag was moved since",
       [](Situation& it) { it.finished().tags_only().seen.present["staging"] = kOld; },
       Purpose::Nothing,
       {kNothing, kVersionRight,
        "  tag staging is left: this publication had set it; it was moved to " + brief(kOld) + " since"}},
      {"finished, a moving tag that was left is left",
       [](Situation& it) {
         it.finished().tags_only().seen.present["staging"] = kOld;
         it.publication.status.published->tags[1].state = TagState::Superseded;
         it.publication.status.published->tags[1].digest.clear();
       },
       Purpose::Nothing,
       {kNothing, kVersionRight,
        "  tag staging is left: this publication had left it to another build; it names " + brief(kOld)}},
      {"finished, a tag is missing",
       [](Situation& it) { it.finished().own_record().seen.present["staging"].reset(); },
       Purpose::Repair,
       {"repair " + brief(kImage) + kAt + ": something of it is missing",
        "  set tag staging to " + brief(kImage) + ": it was there and is missing"}},
      {"finished, the record is missing",
       [](Situation& it) { it.finished(); },
       Purpose::Repair,
       {"repair " + brief(kImage) + kAt + ": something of it is missing",
        "  put the publication record on " + brief(kImage) + ": it is missing at the registry"}},
      {"finished, the image is missing",
       [](Situation& it) { it.finished().own_record().seen.content->present.erase(kImage); },
       Purpose::Repair,
       {"repair " + brief(kImage) + kAt + ": something of it is missing",
        "  put manifest " + brief(kImage) + ": it is the image", kCheck}},
      {"finished, a missing moving tag of a rollback is set to where it was",
       [](Situation& it) {
         it.finished().own_record().publication.status.published->tags[1].digest = kOld.str();
         it.seen.present["staging"].reset();
       },
       Purpose::Repair,
       {"repair " + brief(kImage) + kAt + ": something of it is missing",
        "  set tag staging to " + brief(kOld) + ": it was there and is missing"}},
      {"finished, Deep was asked for since and did not end well",
       [](Situation& it) {
         it.finished().own_record().publication.spec.verify = Verify::Deep;
         it.publication.status.attempt = AttemptStatus{.publication_hash = "p", .gates_hash = "g"};
         it.seen.content->diff_ids = {{Digest::of("a"), "sha256:1"}};
       },
       Purpose::Check,
       {"check the layers of " + brief(kImage) + kAt,
        "  read 1 layer of 1.0 KiB at the registry, checked down to their files: spec.verify is Deep"}},
      {"finished under other gates: nothing is judged again",
       [](Situation& it) { it.finished().own_record().scanned().report({"CRITICAL"}); },
       Purpose::Nothing,
       {kNothing, kVersionRight, kStagingRight}},
  };
  for (const auto& row : rows) {
    Situation situation;
    row.change(situation);
    const auto plan = situation.decide_at();
    INFO(row.name);
    CHECK(plan.purpose == row.purpose);
    CHECK(to_lines(plan) == row.lines);
    CHECK_FALSE(plan.refusal);
    CHECK(plan.digest == kImage);
    CHECK(plan.ids == situation.seen.ids);
    CHECK(plan.full_check == situation.seen.content.has_value());
    CHECK(plan == situation.decide_at());
  }
}

TEST_CASE("a plan that refuses has no step and tells the fault that waiting can't cure", "[publish_decide]") {
  struct Row {
    std::string name;
    Change change;
    Stage stage;
    ErrorClass cls;
    std::string reason;
    std::string message;
  };
  const auto conflict = [](Situation& it) { it.all_there().seen.present["1.8.2"] = kOld; };
  const std::string conflict_text =
      "tag 1.8.2 of shop/storefront names " + kOld.str() + ", not " + kImage.str() + ", and is immutable";
  const Row rows[] = {
      {"an immutable tag names another digest", conflict, Stage::Tags, ErrorClass::Conflict, "TagConflict",
       conflict_text},
      {"and its record says whose it is",
       [&](Situation& it) {
         conflict(it);
         it.recorded(kOld, kOther, 1);
       },
       Stage::Tags, ErrorClass::Conflict, "TagConflict",
       conflict_text + "; it was published by an object of another namespace"},
      {"and its record says that it is our own, of an earlier build",
       [&](Situation& it) {
         conflict(it);
         it.recorded(kOld, kMe, 1);
       },
       Stage::Tags, ErrorClass::Conflict, "TagConflict",
       conflict_text + "; it was published by this object itself, for the build number 1"},
      {"finished, an immutable tag was moved since", [](Situation& it) { it.finished().tags_only().tagged(kOld); },
       Stage::Tags, ErrorClass::Conflict, "TagConflict",
       "tag 1.8.2 of shop/storefront is immutable and was set to " + kImage.str() +
           " by this publication; it was moved to " + kOld.str() + " since"},
      {"finished, an immutable tag that somebody else had set was moved since",
       [](Situation& it) {
         it.finished().tags_only().tagged(kOld);
         it.publication.status.published->tags[0].owned = false;
       },
       Stage::Tags, ErrorClass::Conflict, "TagConflict", conflict_text},
      {"of two conflicts the first is told",
       [](Situation& it) {
         it.all_there().tagged(kOld);
         it.seen.tags[1].mutability = Mutability::Immutable;
       },
       Stage::Tags, ErrorClass::Conflict, "TagConflict", conflict_text},
      {"a gate refuses", [](Situation& it) { it.scanned().report({"CRITICAL"}); }, Stage::Gates, ErrorClass::Refused,
       "FindingsAboveLimit", "1 finding above Medium"},
      {"a gate waits", [](Situation& it) { it.scanned().report_missing(); }, Stage::Gates, ErrorClass::NotFound,
       "AwaitingReport", "file scan.json is not there"},
      {"a conflict is told before a report that is waited for",
       [&](Situation& it) {
         it.scanned().report_missing();
         conflict(it);
       },
       Stage::Tags, ErrorClass::Conflict, "TagConflict", conflict_text},
      {"a gate that refuses is told before a conflict",
       [&](Situation& it) {
         it.scanned().report({"CRITICAL"});
         conflict(it);
       },
       Stage::Gates, ErrorClass::Refused, "FindingsAboveLimit", "1 finding above Medium"},
      {"rollback to a digest that was never published",
       [](Situation& it) { it.rolled_back().publication.status.history.clear(); }, Stage::Tags, ErrorClass::Refused, "",
       "rollback to " + kOld.str() + ": this publication never published it for environment staging"},
      {"rollback to a digest that was published for another environment",
       [](Situation& it) { it.rolled_back().publication.status.history[0].environment = "production"; }, Stage::Tags,
       ErrorClass::Refused, "", "never published it for environment staging"},
      {"rollback to a digest that is gone", [](Situation& it) { it.rolled_back().seen.rollback_present = false; },
       Stage::Tags, ErrorClass::NotFound, "", "rollback to " + kOld.str() + ": shop/storefront does not hold it"},
      {"rollback is told before a conflict",
       [&](Situation& it) {
         conflict(it);
         it.rolled_back().publication.status.history.clear();
       },
       Stage::Tags, ErrorClass::Refused, "", "never published it"},
  };
  for (const auto& row : rows) {
    Situation situation;
    row.change(situation);
    const auto plan = situation.decide_at();
    INFO(row.name);
    CHECK(plan.steps.empty());
    CHECK(plan.purpose == Purpose::Nothing);
    REQUIRE(plan.refusal);
    CHECK(plan.refusal->stage == row.stage);
    CHECK(plan.refusal->error.cls == row.cls);
    CHECK(plan.refusal->error.reason == row.reason);
    CHECK_THAT(plan.refusal->error.message, Catch::Contains(row.message));
    CHECK_FALSE(plan.refusal->error.remedy.empty());
    CHECK(plan.reason == plan.refusal->error.message);
    CHECK(to_lines(plan).at(0) == "not published: " + plan.reason);
    CHECK(to_lines(plan).at(1) == "  to do: " + plan.refusal->error.remedy);
  }
}

TEST_CASE("a rollback holds until its end, and nothing moves by itself then", "[publish_decide]") {
  const auto end = *parse_timestamp("2026-11-25T00:00:00Z");
  SECTION("a date means through its end") {
    Situation situation;
    situation.all_there().rolled_back("2026-11-24");
    CHECK(situation.decide_at(end - 1ms).tags[1].wanted == kOld);
    CHECK(situation.decide_at(end - 1ms).tags[0].wanted == kImage);
    CHECK(situation.decide_at(end).tags[1].wanted == kImage);
  }
  SECTION("one that is over is not checked against what was published") {
    Situation situation;
    situation.all_there().rolled_back("2026-11-23").publication.status.history.clear();
    CHECK_FALSE(situation.decide_at().refusal);
  }
  Situation finished;
  finished.finished().tags_only().rolled_back("2026-11-24");
  SECTION("what was finished as a rollback stays and says that it is over") {
    finished.publication.status.published->tags[1].digest = kOld.str();
    finished.seen.present["staging"] = kOld;
    CHECK_FALSE(finished.decide_at(end - 1ms).rollback_ended);
    CHECK(finished.decide_at(end).rollback_ended);
    CHECK(finished.decide_at(end).steps.empty());
    CHECK(finished.decide_at(end).tags[1].wanted == kOld);
  }
  SECTION("what was published after the end has nothing to say about it") {
    CHECK_FALSE(finished.decide_at(end).rollback_ended);
  }
}

TEST_CASE("of a rollback is told what the steps don't show", "[publish_decide]") {
  const auto end = *parse_timestamp("2026-11-25T00:00:00Z");
  Situation it;
  SECTION("that it takes none back") {
    it.all_there().rolled_back();
    std::string why = "no tag is Moving";
    SECTION("since none is Moving") {
      it.publication.spec.tags[1].mutability = it.seen.tags[1].mutability = Mutability::Immutable;
    }
    SECTION("since all that are have no value") {
      it.seen.tags[1] = {
          .name = "pr", .mutability = Mutability::Moving, .state = ExpansionState::Missing, .why = "no label pr"};
      why = "every Moving tag is skipped";
    }
    CHECK(it.decide_at().notes == std::vector{"rollback: " + why + ": it takes none back"});
    it.publication.spec.rollback->until = "2026-11-23";
    CHECK(it.decide_at().notes == std::vector<std::string>{"rollback.until is over: it takes no tag back"});
  }
  SECTION("nothing, where a step does") {
    it.all_there().rolled_back();
    CHECK(it.decide_at().notes.empty());
  }
  SECTION("which tags are rolled back, how long, and that it is over") {
    it.finished().tags_only().rolled_back();
    it.publication.status.published->tags[1].digest = kOld.str();
    it.seen.present["staging"] = kOld;
    const std::string back = "rolled back: staging names " + brief(kOld) + "; it holds until ";
    CHECK(it.decide_at().notes == std::vector{back + "rollback is removed"});
    it.publication.spec.rollback->until = "2026-11-24";
    CHECK(it.decide_at(end - 1ms).notes == std::vector{back + "2026-11-24"});
    CHECK(it.decide_at(end).notes == std::vector<std::string>{"rollback.until is over: moving tags go on with the next "
                                                              "publication, or when rollback is removed"});
  }
}

TEST_CASE("a moving tag that another means as an immutable one is moved by who set it last alone", "[publish_decide]") {
  Situation it;
  it.all_there().recorded(kOld, kOther, 1).seen.present["staging"] = kOld;
  it.seen.records[kOld].records[0].tags[1].mutability = Mutability::Immutable;
  const auto tag = [](const Digest& digest, bool owned) {
    return TagStatus{.name = "environment", .tag = "staging", .digest = digest.str(), .owned = owned};
  };
  const auto earlier = [](const Digest& digest, bool owned) {
    return EarlierTag{.tag = "staging", .digest = digest.str(), .owned = owned};
  };
  struct Row {
    std::string name;
    std::vector<TagStatus> published, attempt;
    std::vector<EarlierTag> earlier;
    bool is_ours;
  };
  const Row rows[] = {
      {"nobody of us", {}, {}, {}, false},
      {"what is published", {tag(kOld, true)}, {}, {}, true},
      {"what is published, found right", {tag(kOld, false)}, {}, {}, false},
      {"the attempt", {}, {tag(kOld, true)}, {}, true},
      {"the attempt, which is about to", {}, {tag(kOld, false)}, {}, false},
      {"the attempt, after what is published", {tag(kImage, true)}, {tag(kOld, true)}, {}, true},
      {"what is published, before the attempt set another", {tag(kOld, true)}, {tag(kImage, true)}, {}, false},
      {"an attempt before", {tag(kImage, true)}, {tag(kImage, false)}, {earlier(kOld, true)}, true},
      {"an attempt before, which may have", {}, {}, {earlier(kOld, false)}, false},
      {"an attempt before, before this one set another", {}, {tag(kImage, true)}, {earlier(kOld, true)}, false},
  };
  for (const auto& row : rows) {
    it.publication.status.published.reset();
    if (!row.published.empty()) it.publication.status.published = PublishedStatus{.tags = row.published};
    it.publication.status.attempt = AttemptStatus{.publication_hash = "q"};
    it.publication.status.attempt->tags = row.attempt;
    it.publication.status.attempt->earlier_tags = row.earlier;
    INFO(row.name);
    CHECK(it.decide_at().refusal.has_value() != row.is_ours);
  }
}

TEST_CASE("the record of a finished publication that was not read is there unless the list lacks it",
          "[publish_decide]") {
  Situation it;
  const auto record = Digest::of("record");
  it.finished().publication.status.published->record_digest = record.str();
  auto& there = it.seen.records[kImage];
  there.all_read = false;
  bool is_put = false;
  SECTION("the list was not read") {}
  SECTION("it is in the list") {
    there.listed = {Digest::of("other"), record};
  }
  SECTION("it is not in the list") {
    there.listed = {Digest::of("other")};
    is_put = true;
  }
  SECTION("the list was read and all in it") {
    there.all_read = true;
    is_put = true;
  }
  const auto plan = it.decide_at();
  CHECK(plan.steps.size() == (is_put ? 1 : 0));
  CHECK(plan.record == (is_put ? std::nullopt : std::optional(record)));
}

TEST_CASE("gates judge what has not passed", "[publish_decide]") {
  Situation situation;
  situation.scanned().report({"LOW"});
  SECTION("the verdict goes into the plan and the record") {
    const auto plan = situation.decide_at();
    REQUIRE(plan.verdicts.size() == 1);
    CHECK(plan.verdicts[0].passed);
    CHECK(plan.verdicts[0].low == 1);
    for (const auto& step : plan.steps)
      if (const auto* put = std::get_if<PutRecord>(&step)) CHECK(put->record.verdicts == plan.verdicts);
  }
  SECTION(
      "age counts for a digest that is new here or gets a new immutable tag, not for one that this object goes back "
      "to") {
    situation.publication.spec.gates.scan->max_age = 30min;
    REQUIRE(situation.decide_at().refusal);
    CHECK(situation.decide_at().refusal->error.reason == "ReportTooOld");
    situation.publication.status.history.push_back({.digest = kImage.str(), .environment = "production"});
    CHECK(situation.decide_at().refusal);
    // A record is put before the tags: the act that put it may have come no further.
    situation.recorded(kImage, kMe, 812).seen.present["1.8.2"] = kImage;
    CHECK(situation.decide_at().refusal);
    situation.seen.present.erase("1.8.2");
    situation.publication.status.history.push_back({.digest = kImage.str(), .environment = "staging"});
    CHECK(situation.decide_at().refusal);
    situation.seen.present["1.8.2"] = kOld;
    CHECK(situation.decide_at().refusal);
    situation.seen.present["1.8.2"] = kImage;
    CHECK_FALSE(situation.decide_at().refusal);
  }
  SECTION("floors judge beside the publication's own gate") {
    situation.seen.grant.floors = {{.entry = "shop", .gates = {.scan = ScanGate{.allow_up_to = Severity::Unknown}}}};
    const auto plan = situation.decide_at();
    REQUIRE(plan.verdicts.size() == 2);
    CHECK(plan.verdicts[0].passed);
    CHECK_FALSE(plan.verdicts[1].passed);
    REQUIRE(plan.refusal);
    CHECK_THAT(plan.refusal->error.message, Catch::Contains("access entry shop"));
  }
  SECTION("an attempt whose record is there had passed, whatever the report says now") {
    situation.publication.status.attempt =
        AttemptStatus{.publication_hash = "p", .gates_hash = "g", .gates_passed = true, .started_at = kNow};
    situation.all_there().own_record();
    situation.seen.reports.clear();
    situation.report({"CRITICAL"});
    CHECK_FALSE(situation.decide_at().refusal);
    CHECK(situation.decide_at().verdicts.at(0).low == 1);
    CHECK(situation.decide_at().record == Digest::of("record"));

    SECTION("not under other gates") {
      situation.seen.ids.gates = "h";
      CHECK(situation.decide_at().refusal);
    }
    SECTION("not of another attempt") {
      situation.publication.status.attempt.reset();
      CHECK(situation.decide_at().refusal);
    }
    SECTION("not of an attempt that its gates refused") {
      situation.publication.status.attempt->gates_passed = false;
      CHECK(situation.decide_at().refusal);
    }
    SECTION("not by the record of an earlier act, judged by who knows what") {
      situation.publication.status.attempt->started_at = kNow + 1h;
      CHECK(situation.decide_at().refusal);
    }
    SECTION("not before its gates were known") {
      situation.publication.status.attempt->gates_hash = "";
      CHECK(situation.decide_at().refusal);
    }
    SECTION("not by the record of another publisher") {
      situation.seen.publisher = kOther;
      CHECK(situation.decide_at().refusal);
    }
  }
}

TEST_CASE("what its record says was published, and is all in place, is known again without its status",
          "[publish_decide]") {
  Situation it;
  it.scanned().report({"LOW"}).all_there().own_record().tagged();
  it.publication.spec.gates.scan->max_age = 30min;
  auto& record = it.seen.records[kImage].records.at(0);
  record.published_at = kNow - 48h;
  const auto is_known = [&] { return !it.decide_at().refusal; };
  REQUIRE(is_known());

  SECTION("nothing is done, and the verdict is that of the record") {
    it.seen.content->attached = {{.manifest = named("signature"), .subject = named("image"), .tag = "sha256-a.sig"}};
    it.seen.content->attached_blobs = {named("signature's")};
    it.seen.reports.clear();
    SECTION("the report vanished") {}
    SECTION("the report was replaced") {
      it.report({"CRITICAL"});
    }
    const auto plan = it.decide_at();
    CHECK(plan.steps.empty());
    CHECK(plan.purpose == Purpose::Publish);
    CHECK(plan.verdicts.at(0).low == 1);
    CHECK(plan.record == Digest::of("record"));
    CHECK(plan.found_published_at == kNow - 48h);
    CHECK(to_lines(plan).front() ==
          brief(kImage) + kAt +
              " is published already: its record of 2026-11-22T09:00:00Z is there, and so is all of it");
  }
  SECTION("a moving tag may be on a newer build of another") {
    it.seen.present["staging"] = kOld;
    it.recorded(kOld, kOther, 900);
    CHECK(is_known());
    CHECK(it.decide_at().steps.empty());
  }
  SECTION("a record of a time to come was written while the clock was ahead") {
    record.published_at = kNow + 1h;
    CHECK(it.decide_at().found_published_at == kNow);
  }
  SECTION("not where something would be sent or a tag set") {
    SECTION("a blob is missing") {
      it.seen.content->present.erase(Digest::of("b"));
    }
    SECTION("the manifest is missing") {
      it.seen.content->present.erase(kImage);
    }
    SECTION("an immutable tag is missing") {
      it.seen.present["1.8.2"] = std::nullopt;
    }
    SECTION("a moving tag is missing") {
      it.seen.present["staging"] = std::nullopt;
    }
    SECTION("a moving tag goes back from a newer build of its own") {
      it.seen.present["staging"] = kOld;
      it.recorded(kOld, kMe, 900);
    }
    SECTION("an immutable tag names another image") {
      it.seen.present["1.8.2"] = kOld;
    }
    CHECK_FALSE(is_known());
  }
  SECTION("not by a record that tells of something else") {
    SECTION("of other gates") {
      it.seen.ids.gates = "h";
    }
    SECTION("of gates that it does not name") {
      record.gates_hash = "";
    }
    SECTION("of a gate that refused") {
      record.verdicts[0].passed = false;
    }
    SECTION("of another publisher") {
      it.seen.publisher = kOther;
    }
    SECTION("of another environment") {
      it.publication.spec.environment = "production";
    }
    SECTION("of another build") {
      it.publication.spec.build.number = 813;
    }
    SECTION("of other tags") {
      it.seen.tags.push_back({.name = "commit", .tag = "4f2a"});
      it.seen.present["4f2a"] = kImage;
    }
    CHECK_FALSE(is_known());
  }
}

TEST_CASE("a record names the gates that judged, also where it is put again after they were edited",
          "[publish_decide]") {
  const auto gates_on_record = [](const Situation& it) {
    for (const auto& step : it.decide_at().steps)
      if (const auto* put = std::get_if<PutRecord>(&step)) return put->record.gates_hash;
    return std::string("no record");
  };
  Situation it;
  CHECK(gates_on_record(it).empty());
  it.scanned().report({"LOW"});
  CHECK(gates_on_record(it) == "g");
  const auto verdicts = it.decide_at().verdicts;
  it.finished().publication.status.published->verdicts = verdicts;
  it.publication.status.published->gates_hash = "earlier";
  CHECK(gates_on_record(it) == "earlier");
}

TEST_CASE("a plan lists for a person what gates refuse, up to a bound", "[publish_decide]") {
  Situation situation;
  situation.scanned().report(std::vector<std::string>(kMostFindings - 10, "CRITICAL"));
  situation.seen.grant.floors.push_back({.entry = "shop", .gates = {}});
  situation.seen.grant.floors.back().gates.scan = ScanGate{};
  const auto unasked = situation.decide_at();
  REQUIRE(unasked.refusal);
  CHECK(unasked.findings.empty());
  CHECK(unasked.more_findings == 0);

  situation.seen.for_a_person = true;
  const auto asked = situation.decide_at();
  REQUIRE(asked.findings.size() == kMostFindings);
  CHECK(asked.findings.front().gate == "scan");
  CHECK(asked.findings.back().gate == "scan of access entry shop");
  CHECK(asked.more_findings == kMostFindings - 20);
  CHECK(asked.refusal == unasked.refusal);
  CHECK_THAT(to_json_text(to_node(asked)), Catch::EndsWith(R"(,"moreFindings":980})"));
}

TEST_CASE("an attempt goes on as long as publication and gates are the same", "[publish_decide]") {
  struct Row {
    std::string name;
    Boxed<AttemptStatus> attempt;
    PublicationIds ids;
    bool continued;
  };
  const PublicationIds ids{.request = "r", .publication = "p", .gates = "g"};
  const Row rows[] = {
      {"no attempt", {}, ids, false},
      {"the same", AttemptStatus{.publication_hash = "p", .gates_hash = "g"}, ids, true},
      {"its source was not resolved then", AttemptStatus{.publication_hash = "r", .gates_hash = "g"}, ids, true},
      {"its gates were not known then", AttemptStatus{.publication_hash = "r"}, ids, true},
      {"gates are not known now", AttemptStatus{.publication_hash = "p", .gates_hash = "g"}, {"r", "p", ""}, true},
      {"another publication", AttemptStatus{.publication_hash = "q", .gates_hash = "g"}, ids, false},
      {"other gates", AttemptStatus{.publication_hash = "p", .gates_hash = "h"}, ids, false},
  };
  for (const auto& row : rows) {
    auto publication = make_publication();
    publication.status.attempt = row.attempt;
    INFO(row.name);
    CHECK(is_continued(publication, row.ids) == row.continued);
  }
}

TEST_CASE("what could not be looked at goes on with what was resolved before", "[publish_decide]") {
  auto publication = make_publication();
  const auto request = request_hash(publication.spec);
  const Refusal refusal{Stage::Preparation, {.cls = ErrorClass::Unavailable, .message = "no answer", .remedy = "wait"}};
  const auto nothing = refuse(publication, "registry.example", refusal);
  CHECK(nothing.ids == PublicationIds{.request = request});
  CHECK(nothing.refusal == refusal);
  CHECK(nothing.reason == "no answer");
  CHECK(to_lines(nothing) == std::vector<std::string>{"not published: no answer", "  to do: wait"});

  publication.status.source = ResolvedSource{.digest = kImage.str(), .resolved_at = kNow};
  CHECK(refuse(publication, "registry.example", refusal).ids.publication.empty());
  publication.status.source_hash = request;
  CHECK(refuse(publication, "registry.example", refusal).ids.publication ==
        publication_hash(publication.spec, "registry.example", kImage));
}

TEST_CASE("a plan for programs has every part", "[publish_decide]") {
  Situation situation;
  situation.all_there().seen.present["1.8.2"] = kImage;
  const auto plan = situation.decide_at();
  const std::string digest = kImage.str();
  CHECK(to_json_text(to_node(plan)) ==
        R"({"purpose":"Publish","reason":")" + kPublish + R"(","sourceDigest":")" + digest + R"(","digest":")" +
            digest + R"(","fullCheck":true,"steps":[{"action":"PutRecord","text":"put the publication record on )" +
            brief(kImage) + R"(","why":"it says who published what, and why it may be"},)" +
            R"({"action":"SetTag","text":"set tag staging to )" + brief(kImage) +
            R"(","why":"it does not exist yet"}],"tags":[)" +
            R"({"name":"version","tag":"1.8.2","mutability":"Immutable","state":"Set","digest":")" + digest +
            R"(","why":"it names )" + brief(kImage) + R"("},)" +
            R"({"name":"environment","tag":"staging","mutability":"Moving","state":"Set","digest":")" + digest +
            R"(","why":"it does not exist yet"}]})");

  situation.seen.present["1.8.2"] = kOld;
  situation.seen.content->left_out = {named("arm")};
  const auto refused = to_json_text(to_node(situation.decide_at()));
  CHECK_THAT(refused, Catch::Contains(R"("notes":["stays behind: )" + brief(Digest::of("arm")) + R"("])"));
  CHECK_THAT(refused, Catch::Contains(R"("refusal":{"stage":"Tags","class":"Conflict","reason":"TagConflict")"));
  CHECK_THAT(refused, Catch::Contains(R"("steps":[])"));
}

}  // namespace slipway::tests
