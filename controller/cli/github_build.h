#pragma once

#include <map>
#include <string>
#include <vector>

#include "crds/v1alpha1/resources.h"

namespace slipway::cli {

/// The process's environment as a value.
using Environment = std::map<std::string, std::string>;

/// What a GitHub Actions job says of its build, as values for `spec.build` fields that the resource leaves out. Empty
/// outside a job. The time of the build is not among them: the job does not know it.
std::vector<FieldOverride> build_of_github_job(const Environment& environment);

/// The repository that a GitHub Actions job works for, as a URL: whatever machine a job of it gets, it is one
/// publisher. Empty outside a job.
std::string publisher_of_github_job(const Environment& environment);

/// How the verbs that work for a job read resources: in one with its values, elsewhere knowing which it would give.
void expect_github_job(const Environment& environment, ParseOptions& parse);

}  // namespace slipway::cli
