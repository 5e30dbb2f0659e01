#pragma once

#include <string>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/outcome.h"
#include "reconcilers/ports/audit_log.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/recorder.h"
#include "reconcilers/publish/withdraw.h"

namespace slipway::publish {

/// A deletion that is given up: the object goes, its tags stay.
struct LeftTags {
  const ImagePublication& publication;
  std::string edited_by;
  std::string registry;  ///< Its login server, as far as it is known.
  std::string why;
  WithdrawalTimes times;
};

struct LeavingHands {
  ObjectWriter& writer;
  Recorder& recorder;
  AuditLog& audit;
};

/// Takes the finalizer off, on record as a deletion that is carried out, and with an event. Where nothing can be
/// recorded it waits as wait_after() says, then goes on without, and the event says so. What sent nothing
/// (may_be_there()) leaves no tag, no record and no event: else whoever makes objects and deletes them fills the log.
Outcome leave_tags(const LeftTags& left, const LeavingHands& hands);

/// What follows when the finalizer of a deleted object could not be taken off: it is tried again. Where the right to is
/// missing, an event says so with the line that gives it.
Outcome not_let_go(const ObjectKey& key, const Error& error, Recorder& recorder, Timestamp now);

/// Who asks for what is done for the object.
AuditSubject subject_of(const ImagePublication& publication, const std::string& edited_by);

}  // namespace slipway::publish
