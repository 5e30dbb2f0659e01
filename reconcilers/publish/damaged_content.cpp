#include "reconcilers/publish/damaged_content.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "crds/base/error_class.h"
#include "reconcilers/observed.h"
#include "reconcilers/publish/decide.h"

namespace slipway::publish {
namespace {

using std::chrono::milliseconds;

/// What the step brings or reads whole; null of those that do neither.
const std::vector<content::Descriptor>* carried_by(const Step& step) {
  if (const auto* send = std::get_if<SendBlobs>(&step)) return &send->blobs;
  if (const auto* check = std::get_if<CheckLayers>(&step)) return &check->layers;
  return nullptr;
}

/// Whoever moves a blob names it in what went wrong with it. Of an image that others brought meanwhile no step has it.
bool carries_what(const PublishPlan& plan, const std::string& message) {
  const auto is_named = [&](const content::Descriptor& blob) { return message.contains(blob.digest.str()); };
  return std::ranges::any_of(plan.steps, [&](const Step& step) {
    const auto* blobs = carried_by(step);
    return blobs != nullptr && std::ranges::any_of(*blobs, is_named);
  });
}

bool is_about_content(const PublishPlan& plan, const Refusal& failure) {
  return failure.stage == Stage::Transfer && failure.error.cls == ErrorClass::Integrity &&
         carries_what(plan, failure.error.message);
}

/// Not before one interval, where that is longer.
milliseconds wait_of_damaged(const Outcome& looked_again) {
  return std::max<milliseconds>(kDamagedAgainAfter, looked_again.delay.value_or(milliseconds{0}));
}

/// What the attempt that is about the same ended with, in the words of then.
std::optional<Refusal> failed_before(const ImagePublication& publication, const PublishPlan& plan) {
  const auto& attempt = publication.status.attempt;
  if (!is_observed(publication) || !is_continued(publication, plan.ids)) return std::nullopt;
  if (!attempt->error || !attempt->next_retry_at) return std::nullopt;
  Refusal failure{.stage = Stage::Transfer,
                  .error = {.cls = error_class_named(attempt->error->cls),
                            .message = attempt->error->message,
                            .remedy = attempt->error->remedy}};
  return is_about_content(plan, failure) ? std::optional(std::move(failure)) : std::nullopt;
}

}  // namespace

void tell_when_again(const PublishPlan& plan, ActReport& report) {
  if (!report.failure || !is_about_content(plan, *report.failure)) return;
  report.failure->error.remedy +=
      "; it is tried again after an edit or a new value of the annotation slipway.dev/reconcile-requested-at, "
      "else after a day";
}

std::optional<Timestamp> next_try(const Acted& acted, const Outcome& outcome, Timestamp now) {
  if (!outcome.delay) return std::nullopt;
  if (outcome.kind != Outcome::Kind::Stalled) return now + *outcome.delay;
  const auto& failure = acted.report.failure;
  if (acted.plan.refusal || !failure || !is_about_content(acted.plan, *failure)) return std::nullopt;
  return now + wait_of_damaged(outcome);
}

std::optional<Outcome> left_as_damaged(const ImagePublication& publication, const PublishPlan& plan,
                                       const Settings& settings, std::chrono::seconds least_interval, Timestamp now) {
  if (settings.one_shot || plan.refusal) return std::nullopt;
  const ActReport again{.failure = failed_before(publication, plan)};
  if (!again.failure) return std::nullopt;
  auto outcome = outcome_after(publication, {plan, again}, settings, least_interval, now);
  const milliseconds left = *publication.status.attempt->next_retry_at - now;
  // A time further away was written while the clock was ahead.
  if (left <= milliseconds{0} || left > wait_of_damaged(outcome)) return std::nullopt;
  // Whoever decided otherwise, as where a report says more by now, would say something else on the status.
  const auto said = status_of(publication, {plan, again}, settings, outcome, now).conditions;
  if (said != publication.status.conditions) return std::nullopt;
  outcome.delay = std::min(*outcome.delay, left);
  return outcome;
}

}  // namespace slipway::publish
