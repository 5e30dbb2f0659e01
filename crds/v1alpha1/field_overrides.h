#pragma once

#include "crds/base/document.h"
#include "crds/v1alpha1/field_reader.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

/// Puts the overrides and then the fallbacks of `options` into `root`, the document of an ImagePublication. A path
/// leads through fields that exist under `spec`; items of lists are named by their identity
/// (`spec.tags[commit].template`) or counted from 0, and must be there; maps that are not there are made. Text fields
/// take the value as it is, all others as YAML. What can't be put goes to the reader, which then names the option in
/// every problem with its value. A fallback that its field would refuse is left out with a warning.
void apply_overrides(Node& root, const ParseOptions& options, FieldReader& reader);

}  // namespace slipway
