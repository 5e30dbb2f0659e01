#include "reconcilers/publish/reconciler.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include "crds/base/error_class.h"
#include "crds/base/quantity.h"
#include "reconcilers/finalizer.h"
#include "reconcilers/publish/act.h"
#include "reconcilers/publish/admission.h"
#include "reconcilers/publish/damaged_content.h"
#include "reconcilers/publish/decide.h"
#include "reconcilers/publish/events.h"
#include "reconcilers/publish/expiry.h"
#include "reconcilers/publish/leave_tags.h"
#include "reconcilers/publish/neighbours.h"
#include "reconcilers/publish/observe.h"
#include "reconcilers/publish/progress_keeper.h"
#include "reconcilers/publish/publication_identity.h"
#include "reconcilers/publish/status.h"
#include "reconcilers/publish/withdraw.h"
#include "reconcilers/publish/withdrawn.h"
#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

constexpr std::string_view kNoTimeLeft = "they could not be removed within the time that a deletion may be held up";

/// What tells the status of one visit from another's: not how far it is, which is written in between.
std::string meaning_of(ImagePublicationStatus status) {
  status.source_revision.clear();
  status.conditions.clear();
  if (status.attempt) status.attempt->progress.reset();
  return to_json_text(to_node(status));
}

/// One visit to one publication.
class Visit {
 public:
  Visit(const Ports& ports, const Settings& settings, SilentRegistries& silent, MovedSoFar& moved,
        std::mutex& report_at_hand, Loaded<ImagePublication> loaded, std::stop_token stop)
      : ports_(ports),
        settings_(settings),
        silent_(silent),
        moved_(moved),
        report_at_hand_(report_at_hand),
        loaded_(std::move(loaded)),
        stop_(std::move(stop)),
        now_(ports.clock.now()) {}

  Outcome reconcile() {
    if (object().metadata.deletion_timestamp) return withdraw();
    if (object().spec.suspend) return suspend();
    if (is_expired()) return expire();
    if (auto held = hold_when_needed(); !held) return not_held(held.error());
    return publish();
  }

  /// What reconcile() would carry out.
  PublishPlan plan() {
    if (object().metadata.deletion_timestamp) return plan_of_deleted();
    if (object().spec.suspend) return {.reason = "nothing to do: spec.suspend is true"};
    for_a_person_ = true;
    auto plan = look();
    if (!source_note_.empty()) plan.notes.push_back(source_note_);
    return plan;
  }

 private:
  ImagePublication& object() { return loaded_.object; }

  Outcome follow(const Error& error) const { return outcome_of(error, {.attempt_started_at = now_}, now_); }

  PublishPlan look() {
    auto plan = try_to_look();
    if (plan) return std::move(*plan);
    const Stage stage = admission_ ? Stage::Preparation : Stage::Admission;
    return refuse(object(), login_server(), {stage, std::move(plan.error())});
  }

  std::string login_server() const {
    if (admission_) return admission_->registry.spec.login_server;
    const auto registry = ports_.reader.registry(loaded_.object.spec.registry_ref.name);
    return registry && *registry ? (*registry)->spec.login_server : "";
  }

  PublishPlan plan_of_deleted() {
    const bool untags = has_finalizer(object().metadata) && object().spec.deletion_policy == DeletionPolicy::Untag;
    if (!untags || object().spec.suspend) return {.reason = "nothing to do: it is deleted and its tags stay"};
    auto plan = plan_withdrawal();
    if (plan) return std::move(*plan);
    return refuse(object(), login_server(), {Stage::Preparation, std::move(plan.error())});
  }

  /// Observe and decide.
  Result<PublishPlan> try_to_look() {
    auto admission = admit(loaded_, settings_, ports_.reader);
    if (!admission) return std::unexpected(std::move(admission.error()));
    admission_ = std::move(*admission);
    auto source = open_source();
    if (!source) return while_doing("source", std::move(source.error()));
    source_ = std::move(*source);
    auto destination = ports_.registries.open(admission_->registry, object().spec.repository);
    if (!destination) return std::unexpected(std::move(destination.error()));
    auto seen = observe({loaded_, *admission_, settings_, now_, for_a_person_},
                        {*source_, **destination, ports_.reader, report_at_hand_}, stop_);
    if (!seen) return std::unexpected(std::move(seen.error()));
    if (seen->file_holds)
      source_note_ = "source " + source_->name() + " holds " + seen->file_holds->str() +
                     " now, which is not published: " + std::string(kForTheNewBuild);
    auto plan = decide(object(), *seen, now_);
    if (seen->content) content_ = std::move(*seen->content);
    return plan;
  }

  Result<std::unique_ptr<ImageSource>> open_source() {
    const auto& source = object().spec.source;
    if (!admission_->source) return ports_.registries.open_file(source, loaded_.base_folder);
    if (!admission_->source_registry)
      return ports_.registries.open_source(*source.image, {.namespace_name = object().metadata.namespace_name,
                                                           .environment = admission_->lends_credentials});
    return ports_.registries.open(*admission_->source_registry, admission_->source->repository);
  }

  Outcome publish() {
    const auto before = object();
    known_ = before.status;
    for_a_person_ = settings_.one_shot;
    const auto plan = look();
    if (!source_note_.empty()) tell(EventType::Warning, reason::kNoted, source_note_);
    if (plan.refusal && plan.refusal->error.cls == ErrorClass::Cancelled) return follow(plan.refusal->error);
    if (const auto left = left_as_damaged(before, plan, settings_, least_interval(), now_))
      return until_expiry(*left, now_);
    ActReport report;
    if (plan.steps.empty()) {
      if (!plan.refusal) report.transfer.blobs_present = blobs_there(content_);
    } else {
      object().status = status_at_start(object(), plan, {.began = now_, .now = ports_.clock.now()});
      if (auto written = ports_.writer.write_status(object()); !written) return not_written(written.error());
      known_ = object().status;
      // What was edited while it was looked at went by that writing; a ContainerRegistry is another object.
      if (is_still_wanted(plan.ids.gates))
        report = carry_out(plan);
      else
        report = nothing_sent(before.status);
      if (!settings_.one_shot) tell_when_again(plan, report);
    }
    report.transfer = moved_.add(key_of(before), plan.ids.publication, report.transfer);
    if (report.failure && report.failure->error.cls == ErrorClass::Cancelled) {
      if (keep_tags(object().status, report)) static_cast<void>(write_at_the_end());
      return follow(report.failure->error);
    }
    return conclude(before, {plan, report});
  }

  /// What was announced to the status at the start did not begin.
  ActReport nothing_sent(const ImagePublicationStatus& before) {
    if (auto& attempt = object().status.attempt) attempt->sent = before.attempt && before.attempt->sent;
    ActReport report;
    report.unwanted = true;
    return report;
  }

  Outcome conclude(const ImagePublication& before, const Acted& acted) {
    const auto now = ports_.clock.now();
    const auto outcome = outcome_after(object(), acted, settings_, least_interval(), now);
    object().status = status_of(object(), acted, settings_, outcome, now);
    const bool is_as_before = object().status == before.status && acted.plan.steps.empty();
    if (!is_as_before)
      if (auto written = write_at_the_end(); !written) return not_written(written.error());
    if (acted.refusal() == nullptr && acted.report.completed()) moved_.forget(key_of(before));
    if (is_as_before) return until_expiry(outcome, now);
    tell_changes(before, object().status, acted, ports_.recorder);
    return until_expiry(outcome, now);
  }

  /// Files are people's; there the status says that nothing is deleted.
  std::optional<Timestamp> expiry() const { return settings_.in_cluster ? expiry_of(loaded_.object) : std::nullopt; }

  bool is_expired() const {
    const auto end = expiry();
    return end && *end <= now_;
  }

  Outcome until_expiry(Outcome outcome, Timestamp now) const {
    const auto end = expiry();
    if (!end || !outcome.delay) return outcome;
    outcome.delay = std::min(*outcome.delay, std::max(*end - now, std::chrono::milliseconds{0}));
    return outcome;
  }

  Outcome expire() {
    const std::string over =
        "published at " + slipway::to_string(*object().status.published->at) + ", ttlAfterPublished is over: ";
    const auto removed = ports_.writer.remove(object());
    if (removed) {
      tell(EventType::Normal, reason::kExpired, over + "the object is deleted, its tags stay");
    } else if (removed.error().cls != ErrorClass::Conflict && removed.error().cls != ErrorClass::Cancelled) {
      tell(EventType::Warning, reason::kExpired, over + "it can't be deleted: " + removed.error().message);
    }
    return after_write(removed, {}, now_);
  }

  std::chrono::seconds least_interval() const {
    using std::chrono::seconds;
    return admission_ ? admission_->registry.spec.transfer.least_interval.value_or(seconds{0}) : seconds{0};
  }

  ActReport carry_out(const PublishPlan& plan) {
    auto store = ports_.registries.open_to_change(admission_->registry, object().spec.repository, who());
    if (!store) return {.failure = Refusal{Stage::Transfer, std::move(store.error())}};
    ProgressKeeper keeper({object(), now_}, ports_.progress, ports_.writer, ports_.clock);
    auto manner = manner_of(plan);
    if (!manner) return {.failure = Refusal{Stage::Transfer, std::move(manner.error())}};
    manner->on_progress = [&](const TransferProgress& progress) { keeper.progress(progress); };
    return act(plan, content_, {*source_, **store, ports_.transfer, ports_.turns}, *manner, stop_);
  }

  Result<Manner> manner_of(const PublishPlan& plan) {
    const auto& limits = admission_->registry.spec.transfer;
    Manner manner{.tenant = object().metadata.namespace_name,
                  .may_mount_from = [this](const std::string& repository) { return may_read(*admission_, repository); },
                  .concurrency = static_cast<int>(limits.concurrency),
                  .is_still_wanted = [this, gates = plan.ids.gates] { return is_still_wanted(gates); }};
    if (admission_->source && is_own_host(admission_->registry, admission_->source->registry))
      manner.mount_from.push_back(admission_->source->repository);
    if (!limits.max_bandwidth) return manner;
    auto bandwidth = parse_quantity(*limits.max_bandwidth);
    if (!bandwidth) return while_doing("transfer.maxBandwidth", std::move(bandwidth.error()));
    manner.max_bytes_per_second = *bandwidth;
    return manner;
  }

  /// Whether the object asks for the same at the same place under the same gates, and has access. A reader that can't
  /// tell does not stop what was right a moment ago.
  bool is_still_wanted(const std::string& gates) {
    const auto current = ports_.reader.publication(key_of(object()));
    if (!current) return true;
    if (!*current || (*current)->object.metadata.deletion_timestamp) return false;
    const auto& spec = (*current)->object.spec;
    if (spec.suspend || request_hash(spec) != request_hash(object().spec)) return false;
    const auto admission = admit(**current, settings_, ports_.reader);
    if (!admission && follow(admission.error()).kind != Outcome::Kind::Stalled) return true;
    return admission && admission->registry.spec.login_server == login_server() &&
           gates_hash(spec.gates, admission->grant.floors) == gates;
  }

  /// An edit that came meanwhile must not lose what was published: the status goes onto the edited object.
  Result<void> write_at_the_end() {
    auto written = ports_.writer.write_status(object());
    if (written || written.error().cls != ErrorClass::Conflict) return written;
    auto current = ports_.reader.publication(key_of(object()));
    if (!current) return std::unexpected(std::move(current.error()));
    if (!*current || (*current)->object.metadata.uid != object().metadata.uid) return written;
    // It is the status that is another's: alone, or who saw the edit published it already.
    const bool is_edited = (*current)->object.metadata.generation != object().metadata.generation;
    if (!is_edited || meaning_of((*current)->object.status) != meaning_of(known_)) return written;
    auto edited = (*current)->object;
    edited.status = object().status;
    return ports_.writer.write_status(edited);
  }

  Outcome not_written(const Error& error) const { return after_write(std::unexpected(error), {}, now_); }

  Outcome suspend() {
    const auto status = status_when_suspended(object());
    if (status == object().status) return {};
    const bool is_news = status.observed_generation != object().status.observed_generation;
    object().status = status;
    if (auto written = ports_.writer.write_status(object()); !written) return not_written(written.error());
    if (is_news) tell(EventType::Normal, reason::kSuspended, "nothing is published until spec.suspend is false again");
    return {};
  }

  Result<void> hold_when_needed() {
    const bool wanted = object().spec.deletion_policy == DeletionPolicy::Untag;
    if (wanted == has_finalizer(object().metadata)) return {};
    return ports_.writer.set_finalizer(key_of(object()), wanted);
  }

  /// A right that is missing is said where people look; what passes is tried again soon.
  Outcome not_held(const Error& error) {
    if (error.cls != ErrorClass::Forbidden) return not_written(error);
    const auto before = object();
    known_ = before.status;
    return conclude(before, {refuse(object(), login_server(), {Stage::Preparation, error}), ActReport{}});
  }

  Outcome withdraw() {
    if (!has_finalizer(object().metadata)) return {};
    if (object().spec.suspend) return leave("deleted while suspended: its tags stay");
    if (object().spec.deletion_policy == DeletionPolicy::Retain) return let_go("");
    auto planned = plan_withdrawal();
    if (!planned) return not_withdrawn({}, {Stage::Preparation, std::move(planned.error())});
    Withdrawn done{.plan = std::move(*planned), .report = {}};
    if (!done.plan.steps.empty()) {
      if (withdrawal_times().is_late() && silent_.contains(login_server(), now_))
        return leave(tags_stay(done, kNoTimeLeft));
      done.report = untag(done.plan);
      remember_whether_it_answered(done.report);
    }
    if (done.report.failure) return not_withdrawn(done, *done.report.failure);
    const auto left = tags_left(object(), done);
    return left.empty() ? let_go(removed_tags(done)) : leave(left);
  }

  Outcome not_withdrawn(const Withdrawn& done, const Refusal& failure) {
    const auto& error = failure.error;
    const auto times = withdrawal_times();
    if (is_out_of_time(error, times.now)) return leave(tags_stay(done, kNoTimeLeft));
    // Who stops for another reason than the time asks for nothing more; a clock that was set back does.
    if (error.cls == ErrorClass::Cancelled)
      return {.kind = Outcome::Kind::Again,
              .delay = std::chrono::ceil<std::chrono::milliseconds>(end_of_visit() - times.now)};
    if (const auto wait = wait_after(object(), failure, times)) {
      tell(EventType::Warning, reason::kUntagging, tags_wait(done, error.message));
      return {.kind = Outcome::Kind::Again, .delay = wait};
    }
    return leave(tags_stay(done, error.message));
  }

  void remember_whether_it_answered(const ActReport& report) {
    if (!report.failure) return silent_.answered(login_server());
    // Before the first request, what did not answer is not the registry.
    if (report.failure->stage == Stage::Preparation) return;
    const auto& error = report.failure->error;
    const auto now = ports_.clock.now();
    if (error.cls == ErrorClass::Unavailable || is_out_of_time(error, now))
      silent_.did_not_answer(login_server(), now);
    else if (error.cls != ErrorClass::Cancelled)
      silent_.answered(login_server());
  }

  /// Of a withdrawal that was stopped.
  bool is_out_of_time(const Error& error, Timestamp now) const {
    return error.cls == ErrorClass::Cancelled && now >= end_of_visit();
  }

  /// What is taken away when this is deleted, after a look at what others want.
  Result<PublishPlan> plan_withdrawal() {
    const auto wanted = wanted_by_neighbours(object(), names_on_record(object().status), ports_.reader);
    if (!wanted) return std::unexpected(wanted.error());
    return decide_withdrawal(object(), *wanted);
  }

  ActReport untag(const PublishPlan& plan) {
    auto admission = admit_withdrawal(object(), ports_.reader);
    if (!admission) return {.failure = Refusal{Stage::Preparation, std::move(admission.error())}};
    admission_ = std::move(*admission);
    // Nothing is read from where the image came from; the source may be gone.
    auto source = ports_.registries.open(admission_->registry, object().spec.repository);
    if (!source) return {.failure = Refusal{Stage::Preparation, std::move(source.error())}};
    source_ = std::move(*source);
    return carry_out(plan);
  }

  /// `removed`: its tags that were.
  Outcome let_go(const std::string& removed) {
    const auto gone = ports_.writer.set_finalizer(key_of(object()), false);
    if (!gone) return not_let_go(key_of(object()), gone.error(), ports_.recorder, now_);
    if (!removed.empty()) tell(EventType::Normal, reason::kUntagged, "removed: " + removed);
    return {};
  }

  Outcome leave(const std::string& why) {
    return leave_tags({object(), loaded_.edited_by, login_server(), why, withdrawal_times()},
                      {ports_.writer, ports_.recorder, ports_.audit});
  }

  Timestamp deleted_at() const { return loaded_.object.metadata.deletion_timestamp.value_or(now_); }

  Timestamp end_of_visit() const { return end_of_withdrawal(deleted_at(), now_, settings_.at_work_since); }

  WithdrawalTimes withdrawal_times() const {
    return {now_, ports_.clock.now(), held_until(deleted_at(), now_, settings_.at_work_since)};
  }

  AuditSubject who() { return subject_of(object(), loaded_.edited_by); }

  void tell(EventType type, std::string_view reason, const std::string& message) {
    ports_.recorder.event(key_of(object()), type, std::string(reason), message);
  }

  const Ports& ports_;
  const Settings& settings_;
  SilentRegistries& silent_;
  MovedSoFar& moved_;
  std::mutex& report_at_hand_;
  Loaded<ImagePublication> loaded_;
  bool for_a_person_ = false;
  std::string source_note_;  ///< Of a file that was built anew.
  std::stop_token stop_;
  const Timestamp now_;
  ImagePublicationStatus known_;  ///< That this visit found or wrote last, progress aside.
  std::optional<Admission> admission_;
  std::unique_ptr<ImageSource> source_;
  Content content_;
};

}  // namespace

PublishReconciler::PublishReconciler(Ports ports, Settings settings) : ports_(ports), settings_(std::move(settings)) {}

Outcome PublishReconciler::reconcile(const ObjectKey& key, std::stop_token stop) {
  auto loaded = ports_.reader.publication(key);
  const auto now = ports_.clock.now();
  if (!loaded) return outcome_of(loaded.error(), {.attempt_started_at = now}, now);
  if (!*loaded) {
    moved_.forget(key);
    return {};
  }
  auto outcome =
      Visit(ports_, settings_, silent_, moved_, report_at_hand_, std::move(**loaded), std::move(stop)).reconcile();
  // What was gone before the visit's end was forgotten too early.
  if (!moved_.knows(key)) return outcome;
  if (const auto current = ports_.reader.publication(key); current && !*current) moved_.forget(key);
  return outcome;
}

Result<PublishPlan> PublishReconciler::plan(const ObjectKey& key, std::stop_token stop) {
  auto loaded = ports_.reader.publication(key);
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  if (!*loaded) return fail(ErrorClass::NotFound, to_string(key) + " is not there", "look at its namespace and name");
  return Visit(ports_, settings_, silent_, moved_, report_at_hand_, std::move(**loaded), std::move(stop)).plan();
}

}  // namespace slipway::publish
