#pragma once

#include <string>

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"
#include "controller/cli/selection.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::cli {

/// `slipway describe`: the whole story of resources, for people; as data the objects with the conditions that it tells.
ExitCode describe(const DescribeOptions& options, const Console& console);

/// The objects with their conditions as describe tells them; `is_somebody_at_work` as Looked has it.
Selection as_told(Selection selection, bool is_somebody_at_work);

/// What describe prints of one object; `is_somebody_at_work` as Looked has it.
std::string story_of(const ImagePublication& object, bool is_somebody_at_work = true);
std::string story_of(const ContainerRegistry& object, bool is_somebody_at_work = true);
std::string story_of(const RetentionPolicy& object, bool is_somebody_at_work = true);

}  // namespace slipway::cli
