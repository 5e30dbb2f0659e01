#include "reconcilers/publish/own_record.h"

#include <algorithm>
#include <string>
#include <utility>

#include "reconcilers/publish/decide.h"
#include "reconcilers/publish/observe.h"

namespace slipway::publish {
namespace {

/// The gates that gave the verdicts, or nothing.
std::string judged_by(const ImagePublication& publication, const Observation& seen, const PublishPlan& plan) {
  if (plan.verdicts.empty()) return "";
  return is_finished(publication, seen.ids) ? publication.status.published->gates_hash : seen.ids.gates;
}

/// By this publication, when it was made: what somebody did to a tag that it had set says nothing of that.
bool is_left(const ImagePublication& publication, const Observation& seen, const PublishPlan& plan,
             const std::string& tag) {
  if (is_finished(publication, seen.ids)) {
    const auto& tags = publication.status.published->tags;
    const auto before = std::ranges::find(tags, tag, &TagStatus::tag);
    if (before != tags.end()) return before->digest != publication.status.published->digest;
  }
  return std::ranges::any_of(plan.tags, [&](const TagDecision& decided) {
    return decided.tag == tag && (decided.state == TagState::Superseded || decided.wanted != plan.digest);
  });
}

/// Told where it gives some tag another digest than the image's.
std::optional<RecordedRollback> carried_out_rollback(const ImagePublication& publication, const PublishPlan& plan) {
  const auto is_given_another = [&](const TagDecision& tag) { return tag.wanted && tag.wanted != plan.digest; };
  if (!publication.spec.rollback || std::ranges::none_of(plan.tags, is_given_another)) return std::nullopt;
  return recorded(*publication.spec.rollback);
}

}  // namespace

const RecordsOn& records_on(const Observation& seen, const Digest& digest) {
  static const RecordsOn kNone;
  const auto found = seen.records.find(digest);
  return found == seen.records.end() ? kNone : found->second;
}

RecordedRollback recorded(const Rollback& rollback) {
  return {.digest = rollback.digest, .reason = rollback.reason};
}

PublicationRecord own_record(const ImagePublication& publication, const Observation& seen, const PublishPlan& plan,
                             Timestamp now) {
  const auto& spec = publication.spec;
  PublicationRecord record{.publisher = seen.publisher,
                           .subject = *plan.digest,
                           .registry = seen.registry,
                           .repository = spec.repository,
                           .environment = spec.environment,
                           .build = spec.build,
                           .source = {seen.source_location, seen.source_digest.str()},
                           .verdicts = plan.verdicts,
                           .gates_hash = judged_by(publication, seen, plan),
                           .deployment_targets = spec.deployment_targets,
                           .started_at = now,
                           .published_at = now,
                           .slipway_version = seen.slipway_version};
  record.rollback = carried_out_rollback(publication, plan);
  if (is_continued(publication, seen.ids)) record.started_at = publication.status.attempt->started_at;
  for (const auto& tag : seen.tags)
    if (tag.state == ExpansionState::Expanded)
      record.tags.push_back({tag.tag, tag.mutability, is_left(publication, seen, plan, tag.tag)});
  return record;
}

const PublicationRecord* find_record(const Observation& seen, PublicationRecord own,
                                     const std::function<bool(const PublicationRecord&)>& fits) {
  const auto& records = records_on(seen, own.subject).records;
  const auto found = std::ranges::find_if(records, [&](const PublicationRecord& one) {
    own.verdicts = one.verdicts;
    return fits(one) && record_identity(one) == record_identity(own);
  });
  return found == records.end() ? nullptr : &*found;
}

}  // namespace slipway::publish
