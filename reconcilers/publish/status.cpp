#include "reconcilers/publish/status.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "crds/base/error_class.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/support.h"
#include "reconcilers/brief_digest.h"
#include "reconcilers/observed.h"
#include "reconcilers/publish/damaged_content.h"
#include "reconcilers/publish/decide.h"
#include "reconcilers/publish/observe.h"
#include "reconcilers/publish/rollback.h"
#include "reconcilers/publish/tag_words.h"
#include "reconcilers/publish/tags_on_record.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

constexpr std::chrono::seconds kInterval{std::chrono::hours{1}};
constexpr std::chrono::seconds kWaitFor{std::chrono::hours{1}};
constexpr std::size_t kHistory = 10;

std::chrono::seconds interval_of(const ImagePublication& publication) {
  return slipway::interval_of(publication.spec.interval, kInterval);
}

Deadlines deadlines_of(const ImagePublication& publication, const PublicationIds& ids, const Settings& settings,
                       std::chrono::seconds interval, Timestamp now) {
  Deadlines deadlines{.attempt_started_at = now,
                      .retry_for = publication.spec.retry.max_duration,
                      .wait_for = settings.one_shot ? std::chrono::seconds{0} : kWaitFor,
                      .interval = interval,
                      .untrusted_since = untrusted_since(publication.status.conditions)};
  if (is_continued(publication, ids) && publication.status.attempt->started_at)
    deadlines.attempt_started_at =
        std::clamp(*publication.status.attempt->started_at, std::min(settings.started_at, now), now);
  if (settings.one_shot && !deadlines.retry_for) deadlines.retry_for = kOneShotRetries;
  const auto& scan = publication.spec.gates.scan;
  if (scan && scan->wait_for) deadlines.wait_for = scan->wait_for;
  return deadlines;
}

void show_sending(ImagePublicationStatus& status, const ImagePublication& publication, const VisitTimes& times,
                  const std::string& waiting = {}) {
  const std::string digest = status.attempt ? status.attempt->digest : "";
  const std::string message = "sending " + digest + (waiting.empty() ? "" : "; " + waiting);
  apply_progress(status.conditions, message, {publication.metadata.generation, times.began});
}

/// The attempt that goes on, or a new one.
AttemptStatus attempt_of(const ImagePublication& publication, const PublishPlan& plan, Timestamp now) {
  AttemptStatus attempt{.number = 1, .started_at = now};
  if (is_continued(publication, plan.ids)) attempt = *publication.status.attempt;
  // A start to come was written while the clock was ahead.
  if (attempt.started_at) attempt.started_at = std::min(*attempt.started_at, now);
  attempt.generation = publication.metadata.generation;
  if (const auto& before = publication.status.attempt) {
    attempt.sent = before->sent;
    attempt.earlier_tags = earlier_tags(*before, attempt.tags);
  }
  attempt.publication_hash = plan.ids.publication.empty() ? plan.ids.request : plan.ids.publication;
  if (!plan.ids.gates.empty()) {
    attempt.gates_hash = plan.ids.gates;
    attempt.gates_passed = plan.gates_passed;
  }
  if (plan.digest) attempt.digest = plan.digest->str();
  attempt.next_retry_at.reset();
  attempt.progress.reset();
  attempt.error.reset();
  return attempt;
}

std::set<std::string> tags_to_set(const PublishPlan& plan) {
  std::set<std::string> tags;
  for (const auto& step : plan.steps)
    if (const auto* set = std::get_if<SetTag>(&step)) tags.insert(set->tag);
  return tags;
}

/// What this object has set, and what it is about to set.
std::vector<TagStatus> tags_at_start(const PublishPlan& plan) {
  const auto to_set = tags_to_set(plan);
  std::vector<TagStatus> tags;
  for (const auto& tag : plan.tags) {
    const bool is_set = to_set.contains(tag.tag);
    if (tag.wanted && (is_set || tag.owned))
      tags.push_back({.name = tag.name, .tag = tag.tag, .digest = tag.wanted->str(), .owned = !is_set});
  }
  return tags;
}

std::string short_digest(const std::string& digest) {
  const auto parsed = Digest::parse(digest);
  return parsed ? parsed->short_hex() : digest;
}

class Conclusion {
 public:
  Conclusion(const ImagePublication& publication, const Acted& acted, const Settings& settings, const Outcome& outcome,
             Timestamp now)
      : publication_(publication),
        plan_(acted.plan),
        report_(acted.report),
        refusal_(acted.refusal()),
        kept_in_(settings.in_cluster ? KeptIn::Cluster : KeptIn::Files),
        outcome_(outcome),
        now_(now),
        status_(publication.status) {}

  ImagePublicationStatus make() {
    answer();
    if (refusal_) {
      record_failure();
    } else if (report_.completed()) {
      record_success();
    }
    if (status_.attempt && !plan_.steps.empty()) settle_tags(*status_.attempt, report_);
    observe_only();
    return std::move(status_);
  }

 private:
  ConditionStamp stamp() const { return {publication_.metadata.generation, now_}; }

  void set(std::string_view type, bool value, std::string_view reason, std::string message) {
    set_condition(status_.conditions, make_condition(type, value, reason, std::move(message), stamp()));
  }

  void answer() {
    status_.observed_generation = publication_.metadata.generation;
    if (const auto asked = unanswered_request(publication_)) status_.last_handled_reconcile_at = *asked;
    if (!plan_.source) return;
    status_.source = plan_.source;
    status_.source_hash = plan_.ids.request;
  }

  /// What access does not give was not tried: its conditions alone say so.
  bool was_attempted() const {
    return refusal_->stage != Stage::Admission || refusal_->error.cls != ErrorClass::Forbidden || status_.attempt;
  }

  AttemptStatus failed_attempt() const {
    const auto& error = refusal_->error;
    auto attempt = attempt_of(publication_, plan_, now_);
    // A try that came to its first step was counted when it began.
    const bool is_another_try = plan_.refusal && outcome_.kind == Outcome::Kind::Retry;
    if (is_another_try && is_continued(publication_, plan_.ids)) ++attempt.number;
    attempt.error = {std::string(slipway::to_string(error.cls)), beginning_of(error.message, kLongestMessage),
                     beginning_of(error.remedy, kLongestMessage)};
    attempt.next_retry_at = next_try({plan_, report_}, outcome_, now_);
    return attempt;
  }

  void record_failure() {
    if (was_attempted()) status_.attempt = failed_attempt();
    // What a repair left undone is looked for again, however young the last full check is.
    if (plan_.purpose == Purpose::Repair && status_.published) status_.published->last_full_check_at.reset();
    const auto readiness = readiness_of(refusal_->error, outcome_);
    if (refusal_->stage == Stage::Gates || is_not_what_was_scanned())
      set(kGatesPassed, false, readiness.reason, readiness.message);
    else if (refusal_->stage == Stage::Transfer || refusal_->stage == Stage::Tags)
      tell_gates();
    if (refusal_->stage == Stage::Transfer) set(kTransferred, false, readiness.reason, readiness.message);
    if (refusal_->stage == Stage::Tags && !plan_.refusal) tell_transfer();
    if (refusal_->stage == Stage::Tags) set(kTagged, false, readiness.reason, readiness.message);
    apply_readiness(status_.conditions, readiness, stamp());
  }

  void record_success() {
    status_.attempt.reset();
    plan_.purpose == Purpose::Publish ? finish() : go_on();
    status_.display = {short_digest(status_.published->digest), tags_in_brief(*status_.published)};
    tell_gates();
    tell_transfer();
    tell_tags();
    set(kReplicated, true, reason::kReplicated, "no replicas are required");
    const auto message = "published " + in_brief(status_.published->digest) + as_tagged(*status_.published);
    apply_readiness(status_.conditions, {Readiness::Kind::Ready, std::string(reason::kSucceeded), message}, stamp());
  }

  void finish() {
    status_.published = PublishedStatus{.generation = publication_.metadata.generation,
                                        .digest = plan_.digest->str(),
                                        .source_digest = plan_.source->digest,
                                        .record_digest = record(),
                                        .publication_hash = plan_.ids.publication,
                                        .gates_hash = plan_.ids.gates,
                                        .at = published_at(),
                                        .last_full_check_at = now_,
                                        .transfer = report_.transfer,
                                        .verdicts = plan_.verdicts,
                                        .tags = tags()};
    remember();
  }

  Timestamp published_at() const { return plan_.found_published_at.value_or(now_); }

  /// A publication that was finished before.
  void go_on() {
    auto& published = *status_.published;
    const auto updated = tags();
    published.tags = updated;
    if (!record().empty()) published.record_digest = record();
    if (plan_.full_check) published.last_full_check_at = now_;
  }

  std::string record() const {
    if (report_.record) return report_.record->str();
    return plan_.record ? plan_.record->str() : "";
  }

  std::vector<TagStatus> tags() const {
    std::vector<TagStatus> tags;
    const auto to_set = tags_to_set(plan_);
    for (const auto& tag : plan_.tags) {
      const bool skipped = tag.state == TagState::Skipped;
      TagStatus status{.name = tag.name, .tag = skipped ? "" : tag.tag, .state = tag.state, .digest = ""};
      if (tag.state == TagState::Set && tag.wanted) status.digest = tag.wanted->str();
      if (tag.state == TagState::Superseded) status.digest = given_before(tag.tag);
      const bool is_owned = to_set.contains(tag.tag) ? report_.tags.contains(tag.tag) : tag.owned;
      status.owned = !status.digest.empty() && is_owned;
      tags.push_back(std::move(status));
    }
    return tags;
  }

  /// What this publication had set the tag to before it was moved away.
  std::string given_before(const std::string& tag) const {
    if (plan_.purpose == Purpose::Publish || !status_.published) return "";
    const auto& before = status_.published->tags;
    const auto found = std::ranges::find(before, tag, &TagStatus::tag);
    return found == before.end() ? "" : found->digest;
  }

  /// The newest first; the same build published again is one entry.
  void remember() {
    const auto& spec = publication_.spec;
    HistoryEntry entry{.digest = plan_.digest->str(),
                       .environment = spec.environment,
                       .version = spec.build.version,
                       .commit = spec.build.commit,
                       .number = spec.build.number,
                       .built_at = spec.build.built_at,
                       .published_at = published_at()};
    std::erase_if(status_.history, [&](HistoryEntry other) {
      other.published_at = entry.published_at;
      return other == entry;
    });
    status_.history.insert(status_.history.begin(), std::move(entry));
    if (status_.history.size() > kHistory) status_.history.resize(kHistory);
  }

  void tell_gates() {
    if (plan_.gate_fault) return set(kGatesPassed, false, reason_of(*plan_.gate_fault), to_text(*plan_.gate_fault));
    if (plan_.unjudged) return tell_unjudged();
    if (!std::ranges::all_of(plan_.verdicts, &VerdictStatus::passed)) return;
    if (plan_.verdicts.empty()) {
      set(kGatesPassed, true, reason::kNoGates, "no gate is asked for");
      return;
    }
    const auto* told = find_condition(publication_.status.conditions, kGatesPassed);
    const bool is_judged_before = plan_.purpose != Purpose::Publish && told && told->reason == reason::kGatesPassed;
    set(kGatesPassed, true, reason::kGatesPassed, is_judged_before ? told->message : passed_gates());
  }

  /// Gates judged a config; layers that were read and are not those of it never passed.
  bool is_not_what_was_scanned() const {
    const auto reads_layers = [](const Step& step) {
      const auto* send = std::get_if<SendBlobs>(&step);
      return std::holds_alternative<CheckLayers>(step) || (send != nullptr && send->deep);
    };
    return refusal_->stage == Stage::Transfer && refusal_->error.cls == ErrorClass::Integrity &&
           !plan_.verdicts.empty() && std::ranges::any_of(plan_.steps, reads_layers);
  }

  void tell_unjudged() {
    auto unknown = make_condition(kGatesPassed, false, reason::kPublishedBeforeGates,
                                  "published before its gates were as they are now, and was not judged by them: they "
                                  "judge the next publication",
                                  stamp());
    unknown.status = "Unknown";
    set_condition(status_.conditions, std::move(unknown));
  }

  std::string passed_gates() const {
    std::string message;
    for (const auto& verdict : plan_.verdicts) message += (message.empty() ? "passed: " : ", ") + verdict.gate;
    if (plan_.found_published_at)
      message += "; as the record of " + slipway::to_string(*plan_.found_published_at) + " says";
    for (const auto& note : plan_.gate_notes) message += "; " + note;
    return message;
  }

  void tell_transfer() { set(kTransferred, true, reason::kTransferred, plan_.digest->str() + " is at the registry"); }

  /// Which tags were left, and why. As long as they are the same it says what it said when they were.
  std::string superseded() const {
    std::string text;
    bool news = plan_.purpose == Purpose::Publish;
    for (const auto& tag : plan_.tags) {
      if (tag.state != TagState::Superseded) continue;
      text += (text.empty() ? "" : "; ") + std::string("tag ") + tag.tag + " was left: " + tag.why;
      news = news || !was_left(tag.tag);
    }
    const auto* told = find_condition(publication_.status.conditions, kTagged);
    return text.empty() || news || !told || told->reason != reason::kSuperseded ? text : told->message;
  }

  bool was_left(const std::string& tag) const {
    const auto& before = publication_.status.published->tags;
    const auto found = std::ranges::find(before, tag, &TagStatus::tag);
    return found != before.end() && found->state == TagState::Superseded;
  }

  std::string idle() const {
    const auto idle = idle_rollback(publication_.spec, plan_.tags, now_);
    return idle.empty() ? "" : "; " + idle;
  }

  void tell_tags() {
    const auto left = superseded();
    const auto back = rolled_back(*status_.published);
    const auto tags = tags_on(*status_.published);
    if (!left.empty())
      set(kTagged, true, reason::kSuperseded, left);
    else if (plan_.rollback_ended)
      set(kTagged, true, reason::kRollbackEnded, kRollbackEndedWords);
    else if (!back.empty())
      set(kTagged, true, reason::kRolledBack, (tags.empty() ? "" : "set: " + tags + "; ") + back);
    else
      set(kTagged, true, reason::kTagsSet, (tags.empty() ? "no tag to set" : "set: " + tags) + idle());
  }

  void observe_only() {
    const auto observers = unsupported_observers(unsupported(publication_, kept_in_));
    if (observers.empty())
      remove_condition(status_.conditions, kUnsupported);
    else
      set(kUnsupported, true, reason::kNotSupported, observers);
  }

  const ImagePublication& publication_;
  const PublishPlan& plan_;
  const ActReport& report_;
  const Refusal* refusal_;
  const KeptIn kept_in_;
  const Outcome& outcome_;
  const Timestamp now_;
  ImagePublicationStatus status_;
};

/// Of one that was put off before anything was tried: thousands may be.
ImagePublicationStatus status_when_put_off(const ImagePublication& publication, const Error& error,
                                           const Outcome& outcome, Timestamp now) {
  auto status = publication.status;
  const auto generation = publication.metadata.generation;
  if (status.observed_generation == generation && find_condition(status.conditions, kReady)) return status;
  status.observed_generation = generation;
  apply_readiness(status.conditions, readiness_of(error, outcome), {generation, now});
  return status;
}

}  // namespace

const Refusal* Acted::refusal() const {
  if (plan.refusal) return &*plan.refusal;
  return report.failure ? &*report.failure : nullptr;
}

Outcome outcome_after(const ImagePublication& publication, const Acted& acted, const Settings& settings,
                      std::chrono::seconds least_interval, Timestamp now) {
  const auto interval = std::max(interval_of(publication), least_interval);
  if (const auto* refusal = acted.refusal())
    return outcome_of(refusal->error, deadlines_of(publication, acted.plan.ids, settings, interval, now), now);
  if (acted.report.outdated) return {.kind = Outcome::Kind::Retry, .delay = std::nullopt};
  if (!acted.report.completed()) return {.kind = Outcome::Kind::Again, .delay = std::chrono::milliseconds{0}};
  return {.kind = Outcome::Kind::Again, .delay = interval};
}

bool keep_tags(ImagePublicationStatus& status, const ActReport& report) {
  if (!status.attempt || report.tags.empty()) return false;
  settle_tags(*status.attempt, report);
  return true;
}

ImagePublicationStatus status_at_start(const ImagePublication& publication, const PublishPlan& plan,
                                       const VisitTimes& times) {
  auto status = publication.status;
  const bool again = is_continued(publication, plan.ids);
  status.attempt = attempt_of(publication, plan, times.began);
  if (again) ++status.attempt->number;
  status.attempt->sent = true;
  status.attempt->tags = tags_at_start(plan);
  if (const auto& before = publication.status.attempt)
    status.attempt->earlier_tags = earlier_tags(*before, status.attempt->tags);
  status.source = plan.source;
  status.source_hash = plan.ids.request;
  if (times.now - times.began >= kShownAfter) show_sending(status, publication, times);
  return status;
}

ImagePublicationStatus status_in_progress(const ImagePublication& publication, const TransferProgress& progress,
                                          const VisitTimes& times) {
  auto status = publication.status;
  if (status.attempt) status.attempt->progress = {progress.bytes_done, progress.bytes_total, times.now};
  show_sending(status, publication, times, progress.waiting);
  return status;
}

ImagePublicationStatus status_of(const ImagePublication& publication, const Acted& acted, const Settings& settings,
                                 const Outcome& outcome, Timestamp now) {
  if (outcome.kind == Outcome::Kind::PutOff && acted.plan.refusal)
    return status_when_put_off(publication, acted.plan.refusal->error, outcome, now);
  return Conclusion(publication, acted, settings, outcome, now).make();
}

std::optional<Error> put_off_by(const ImagePublicationStatus& status) {
  const Condition* ready = find_condition(status.conditions, kReady);
  if (status.attempt || ready == nullptr || ready->reason != reason::kHostSilent) return std::nullopt;
  return Error{.cls = ErrorClass::Unavailable, .message = ready->message};
}

std::optional<Error> failure_of(const ImagePublicationStatus& status) {
  if (status.attempt && status.attempt->error) {
    const AttemptError& error = *status.attempt->error;
    return Error{.cls = error_class_named(error.cls), .message = error.message, .remedy = error.remedy};
  }
  const Condition* stalled = find_condition(status.conditions, kStalled);
  if (status.attempt || stalled == nullptr || stalled->reason != reason::kForbidden) return std::nullopt;
  return Error{.cls = ErrorClass::Forbidden, .message = stalled->message};
}

ImagePublicationStatus status_when_suspended(const ImagePublication& publication) {
  auto status = publication.status;
  status.observed_generation = publication.metadata.generation;
  if (const auto asked = unanswered_request(publication)) status.last_handled_reconcile_at = *asked;
  apply_suspension(status.conditions);
  return status;
}

}  // namespace slipway::publish
