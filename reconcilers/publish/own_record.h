#pragma once

#include <functional>

#include "reconcilers/publish/observation.h"
#include "reconcilers/publish/plan.h"
#include "reconcilers/publish/record.h"

namespace slipway::publish {

/// What the records on `digest` say that were read; nothing where none were.
const RecordsOn& records_on(const Observation& seen, const Digest& digest);

/// As a record tells of it.
RecordedRollback recorded(const Rollback& rollback);

/// The record of what `plan`, as far as it is decided, publishes.
PublicationRecord own_record(const ImagePublication& publication, const Observation& seen, const PublishPlan& plan,
                             Timestamp now);

/// The record on the image that has the identity of `own`, whatever its verdicts, and `fits`; or null.
const PublicationRecord* find_record(const Observation& seen, PublicationRecord own,
                                     const std::function<bool(const PublicationRecord&)>& fits);

}  // namespace slipway::publish
