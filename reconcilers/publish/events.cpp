#include "reconcilers/publish/events.h"

#include <variant>

#include "reconcilers/publish/rollback.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

bool differs(const Condition* before, const Condition* after) {
  if (!before || !after) return before != after;
  return before->status != after->status || before->reason != after->reason || before->message != after->message;
}

}  // namespace

void tell_changes(const ImagePublication& before, const ImagePublicationStatus& after, const Acted& acted,
                  Recorder& recorder) {
  const ObjectKey key = key_of(before);
  const auto* ready = find_condition(after.conditions, kReady);
  // What was put off is no news: thousands may be at once, and its ContainerRegistry tells.
  const bool is_news = ready && ready->status == "False" && ready->reason != reason::kHostSilent;
  if (is_news && differs(find_condition(before.status.conditions, kReady), ready))
    recorder.event(key, EventType::Warning, ready->reason, ready->message);
  const auto* gates = find_condition(after.conditions, kGatesPassed);
  const bool is_unjudged = gates && gates->reason == reason::kPublishedBeforeGates;
  if (is_unjudged && differs(find_condition(before.status.conditions, kGatesPassed), gates))
    recorder.event(key, EventType::Warning, gates->reason, gates->message);
  for (const auto& note : acted.report.notes)
    recorder.event(key, EventType::Warning, std::string(reason::kNoted), note);
  if (acted.refusal() || !acted.report.completed()) return;

  for (const auto& note : acted.plan.gate_notes)
    recorder.event(key, EventType::Warning, std::string(reason::kNoted), note);
  if (acted.plan.purpose == Purpose::Publish)
    if (const auto idle = idle_rollback(before.spec, acted.plan.tags, *after.published->at); !idle.empty())
      recorder.event(key, EventType::Warning, std::string(reason::kNoted), idle);
  if (acted.plan.purpose == Purpose::Publish && !acted.plan.found_published_at)
    recorder.event(key, EventType::Normal, std::string(reason::kPublished), ready ? ready->message : "");
  if (acted.plan.purpose == Purpose::Repair)
    for (const auto& step : acted.plan.steps)
      if (!std::holds_alternative<CheckContent>(step) && !std::holds_alternative<CheckLayers>(step))
        recorder.event(key, EventType::Warning, std::string(reason::kRepaired), to_string(step) + ": " + why(step));
  for (const auto& tag : acted.plan.tags) {
    if (!(tag.order_unknown || tag.goes_back) || !acted.report.tags.contains(tag.tag)) continue;
    const auto moved = tag.goes_back ? reason::kWentBack : reason::kOrderUnknown;
    recorder.event(key, EventType::Warning, std::string(moved), "tag " + tag.tag + ": " + tag.why);
  }

  const auto* tagged = find_condition(after.conditions, kTagged);
  // Of a rollback the publication tells.
  if (!tagged || tagged->reason == reason::kTagsSet || tagged->reason == reason::kRolledBack) return;
  if (differs(find_condition(before.status.conditions, kTagged), tagged))
    recorder.event(key, EventType::Warning, tagged->reason, tagged->message);
}

}  // namespace slipway::publish
