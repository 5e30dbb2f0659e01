#pragma once

#include <string>

#include "controller/cli/console.h"
#include "controller/cli/exit_code.h"
#include "controller/cli/options.h"
#include "crds/v1alpha1/resources.h"

namespace slipway::cli {

/// `slipway describe`: the whole story of resources, for people.
ExitCode describe(const DescribeOptions& options, const Console& console);

/// What describe prints of one object.
std::string story_of(const ImagePublication& object);
std::string story_of(const ContainerRegistry& object);
std::string story_of(const RetentionPolicy& object);

}  // namespace slipway::cli
