#pragma once

#include "reconcilers/ports/recorder.h"
#include "reconcilers/publish/status.h"

namespace slipway::publish {

/// Tells people what changed between two statuses of one publication; nothing when nothing did.
void tell_changes(const ImagePublication& before, const ImagePublicationStatus& after, const Acted& acted,
                  Recorder& recorder);

}  // namespace slipway::publish
