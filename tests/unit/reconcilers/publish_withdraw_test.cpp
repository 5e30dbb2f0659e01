#include "reconcilers/publish/withdraw.h"

#include "tests/catch.h"
#include "tests/support/builders.h"

namespace slipway::publish {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

const Timestamp kDeleted{1000min};
const std::string kOne = Digest::of("one").str();
const std::string kTwo = Digest::of("two").str();

TagStatus status_of(const std::string& tag, const std::string& digest, bool owned) {
  return {.name = tag, .tag = tag, .state = TagState::Set, .digest = digest, .owned = owned};
}

/// A deleted publication without a tag on record.
ImagePublication deleted() {
  ImagePublication publication = tests::make_publication();
  publication.metadata.deletion_timestamp = kDeleted;
  publication.status.published = PublishedStatus{};
  publication.status.attempt = AttemptStatus{};
  return publication;
}

/// "remove 1.8 from sha256:…", "look at 1.8 for sha256:…", in the order of the plan.
std::vector<std::string> steps_of(const PublishPlan& plan) {
  std::vector<std::string> steps;
  for (const Step& step : plan.steps) {
    if (const auto* remove = std::get_if<RemoveTag>(&step))
      steps.push_back("remove " + remove->tag + " from " + remove->present.str());
    if (const auto* look = std::get_if<LookAtTag>(&step))
      steps.push_back((look->for_another ? "leave " : "look at ") + look->tag + " for " + look->wanted.str());
  }
  return steps;
}

using Steps = std::vector<std::string>;

struct Try {
  milliseconds began{};  ///< After the deletion.
  milliseconds took{};
  Refusal failure{Stage::Transfer, fail(ErrorClass::Unavailable, "no answer").error()};
  Timestamp until = kDeleted + 10min;
};

std::optional<milliseconds> wait_after(const Try& one) {
  return publish::wait_after(
      deleted(), one.failure,
      {.began = kDeleted + one.began, .now = kDeleted + one.began + one.took, .until = one.until});
}

Refusal refused(Stage stage, ErrorClass cls, std::optional<std::chrono::seconds> retry_after = {}) {
  Refusal refusal{stage, fail(cls, "no").error()};
  refusal.error.retry_after = retry_after;
  return refusal;
}

}  // namespace

TEST_CASE("each tag on record is dealt with once, by what is known of it") {
  ImagePublication publication = deleted();
  auto& published = publication.status.published->tags;
  auto& attempt = *publication.status.attempt;
  SECTION("nothing") {
    const PublishPlan plan = decide_withdrawal(publication, {});
    CHECK(plan.steps.empty());
    CHECK(plan.reason == "nothing to untag");
    CHECK(names_on_record(publication.status).empty());
  }
  SECTION("of what was published alone") {
    publication.status.attempt.reset();
    published = {status_of("1.8", kOne, true)};
    const PublishPlan plan = decide_withdrawal(publication, {});
    CHECK(steps_of(plan) == Steps{"remove 1.8 from " + kOne});
    CHECK(plan.reason == "untag what storefront published");
    CHECK(names_on_record(publication.status) == std::set<std::string>{"1.8"});
  }
  SECTION("of attempts alone") {
    publication.status.published.reset();
    attempt.tags = {status_of("1.8", kOne, true)};
    attempt.earlier_tags = {{.tag = "1.7", .digest = kTwo, .owned = false}};
    CHECK(steps_of(decide_withdrawal(publication, {})) == Steps{"remove 1.8 from " + kOne, "look at 1.7 for " + kTwo});
    CHECK(names_on_record(publication.status) == std::set<std::string>{"1.7", "1.8"});
  }
  SECTION("the same in all places") {
    published = {status_of("1.8", kOne, true)};
    attempt.tags = {status_of("1.8", kOne, false)};
    attempt.earlier_tags = {{.tag = "1.8", .digest = kOne, .owned = true}};
    CHECK(steps_of(decide_withdrawal(publication, {})) == Steps{"remove 1.8 from " + kOne});
  }
  SECTION("the same tag with another digest, the same digest with another tag") {
    published = {status_of("1.8", kOne, true)};
    attempt.tags = {status_of("1.8", kTwo, false), status_of("1.9", kOne, true)};
    CHECK(steps_of(decide_withdrawal(publication, {})) ==
          Steps{"remove 1.8 from " + kOne, "look at 1.8 for " + kTwo, "remove 1.9 from " + kOne});
  }
  SECTION("what it only found right, which a note tells") {
    published = {status_of("1.8", kOne, false)};
    const PublishPlan plan = decide_withdrawal(publication, {});
    CHECK(plan.steps.empty());
    CHECK(plan.notes == Steps{"tag 1.8 stays: this object is not on record as having set it"});
  }
  SECTION("what it found right, and an attempt set since") {
    published = {status_of("1.8", kOne, false)};
    attempt.tags = {status_of("1.8", kOne, true)};
    CHECK(steps_of(decide_withdrawal(publication, {})) == Steps{"remove 1.8 from " + kOne});
  }
  SECTION("what others want, be it this object's or perhaps so") {
    published = {status_of("1.8", kOne, true), status_of("staging", kOne, true)};
    attempt.tags = {status_of("latest", kTwo, false)};
    const ObjectKey other{ResourceKind::ImagePublication, "shop", "other"};
    const auto plan = decide_withdrawal(publication, {{"staging", other}, {"latest", other}});
    CHECK(steps_of(plan) == Steps{"remove 1.8 from " + kOne, "leave staging for " + kOne, "leave latest for " + kTwo});
  }
  SECTION("not what names no tag or no digest, as a skipped tag does") {
    published = {status_of("", kOne, true), status_of("1.7", "", true), status_of("1.8", kOne, true)};
    CHECK(steps_of(decide_withdrawal(publication, {})) == Steps{"remove 1.8 from " + kOne});
  }
}

TEST_CASE("an outage is waited for longer the longer it lasts, and what else goes wrong is not") {
  CHECK(wait_after({}) == 2s);
  CHECK(wait_after({.began = 16s}) == 2s);
  CHECK(wait_after({.began = 80s}) == 10s);
  CHECK(wait_after({.began = 8min + 30s}) == 1min);
  CHECK(wait_after({.failure = refused(Stage::Tags, ErrorClass::Throttled)}) == 2s);
  CHECK(wait_after({.failure = refused(Stage::Preparation, ErrorClass::Unavailable)}) == 2s);
  CHECK(wait_after({.failure = refused(Stage::Preparation, ErrorClass::Throttled)}) == 2s);
  for (const ErrorClass cls : {ErrorClass::Unauthorized, ErrorClass::Forbidden, ErrorClass::Refused,
                               ErrorClass::NotFound, ErrorClass::Cancelled, ErrorClass::Internal})
    CHECK_FALSE(wait_after({.failure = refused(Stage::Transfer, cls)}));
}

TEST_CASE("a host that can't be trusted is waited for as one that is away, not a spec that makes no sense") {
  CHECK(wait_after({.failure = refused(Stage::Transfer, ErrorClass::Invalid)}) == 2s);
  CHECK_FALSE(wait_after({.began = 10min, .failure = refused(Stage::Transfer, ErrorClass::Invalid)}));
  CHECK_FALSE(wait_after({.failure = refused(Stage::Preparation, ErrorClass::Invalid)}));
}

TEST_CASE("who is told when to come again comes then, within the time that is left") {
  const auto told = [](std::chrono::seconds wait, milliseconds began = {}) {
    return wait_after({.began = began, .failure = refused(Stage::Transfer, ErrorClass::Throttled, wait)});
  };
  CHECK(told(1s) == 2s);
  CHECK(told(30s) == 30s);
  CHECK(told(1h) == 10min);
  CHECK(told(1h, 9min) == 1min);
}

TEST_CASE("the next try has the time that this one took") {
  CHECK(wait_after({.began = 8min, .took = 30s}) == 1min);
  CHECK(wait_after({.began = 8min, .took = 59s}) == 2s);
  CHECK_FALSE(wait_after({.began = 8min, .took = 1min}));
  CHECK_FALSE(wait_after({.began = 8min, .took = 90s}));
  CHECK(wait_after({.began = 11min, .took = 10s, .until = kDeleted + 12min}) == 40s);
}

TEST_CASE("only what is deleted is held, by a clock that tells something") {
  const Refusal away = refused(Stage::Transfer, ErrorClass::Unavailable);
  const auto held_at = [&](Timestamp now, const ImagePublication& publication) {
    return publish::wait_after(publication, away, {.began = now, .now = now, .until = now + 10min});
  };
  ImagePublication publication = deleted();
  CHECK(held_at(kDeleted - 10min + 1ms, publication) == 2s);
  CHECK_FALSE(held_at(kDeleted - 10min, publication));
  publication.metadata.deletion_timestamp.reset();
  CHECK_FALSE(held_at(kDeleted, publication));
}

TEST_CASE("a deletion is held for ten minutes; who comes late has one try of a minute") {
  const auto at = [](milliseconds began, milliseconds at_work_since) {
    return std::pair(held_until(kDeleted, kDeleted + began, kDeleted + at_work_since) - kDeleted,
                     end_of_withdrawal(kDeleted, kDeleted + began, kDeleted + at_work_since) - kDeleted);
  };
  using Times = std::pair<Timestamp::duration, Timestamp::duration>;
  CHECK(at(0min, -1h) == Times(10min, 10min));
  CHECK(at(10min - 1ms, -1h) == Times(10min, 10min));
  CHECK(at(10min, -1h) == Times(10min, 11min));
  CHECK(at(20min, 20min) == Times(21min, 21min));
  CHECK(at(21min, 20min) == Times(21min, 22min));
  CHECK(at(-10min, -1h) == Times(-9min, -9min));
  CHECK(at(-10min + 1ms, -1h) == Times(10min, 10min));
  CHECK_FALSE(WithdrawalTimes{.began = kDeleted, .now = {}, .until = kDeleted + 1ms}.is_late());
  CHECK(WithdrawalTimes{.began = kDeleted, .now = {}, .until = kDeleted}.is_late());
}

}  // namespace slipway::publish
