#pragma once

#include <string>

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::cli {

/// `slipway describe`: the whole story of resources, for people.
ExitCode describe(const DescribeOptions& options, const Console& console);

/// What describe prints of one object; `is_somebody_at_work` as Looked has it.
std::string story_of(const ImagePublication& object, bool is_somebody_at_work = true);
std::string story_of(const ContainerRegistry& object, bool is_somebody_at_work = true);
std::string story_of(const RetentionPolicy& object, bool is_somebody_at_work = true);

}  // namespace slipway::cli
