#include "reconcilers/publish/leave_tags.h"

#include <vector>

#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

AuditChange change_of(const LeftTags& left) {
  return {.action = AuditAction::LeaveTags,
          .registry = left.registry,
          .repository = left.publication.spec.repository,
          .tag = {},
          .looked = false,
          .before = {},
          .after = {},
          .why = left.why};
}

}  // namespace

AuditSubject subject_of(const ImagePublication& publication, const std::string& edited_by) {
  const auto& metadata = publication.metadata;
  return {.object = key_of(publication),
          .uid = metadata.uid,
          .generation = metadata.generation,
          .edited_by = edited_by,
          .revision = publication.status.source_revision};
}

Outcome not_let_go(const ObjectKey& key, const Error& error, Recorder& recorder, Timestamp now) {
  if (error.cls == ErrorClass::Forbidden)
    recorder.event(key, EventType::Warning, std::string(reason::kUntagging), "it is not gone yet: " + to_text(error));
  return after_write(std::unexpected(error), {}, now);
}

Outcome leave_tags(const LeftTags& left, const LeavingHands& hands) {
  const ObjectKey key = key_of(left.publication);
  const bool leaves_any = may_be_there(left.publication.status);
  Result<std::vector<AuditNumber>> noted;
  if (leaves_any) noted = hands.audit.intend(subject_of(left.publication, left.edited_by), {change_of(left)});
  if (!noted)
    if (const auto wait = wait_after(left.publication, {Stage::Preparation, noted.error()}, left.times))
      return {.kind = Outcome::Kind::Again, .delay = wait};
  const auto gone = hands.writer.set_finalizer(key, false);
  if (noted)
    for (const auto number : *noted) hands.audit.ended(number, gone);
  if (!gone) return not_let_go(key, gone.error(), hands.recorder, left.times.now);
  if (!leaves_any) return {};
  const std::string unrecorded = noted ? "" : "; this is not in the audit log: " + noted.error().message;
  hands.recorder.event(key, EventType::Warning, std::string(reason::kLeftTagged), left.why + unrecorded);
  return {};
}

}  // namespace slipway::publish
