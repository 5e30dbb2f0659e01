#pragma once

#include <vector>

#include "crds/v1alpha1/schema.h"

namespace slipway {

/// What TagTemplate::parse() refuses, for the `template` of a TagSpec, as far as CEL can say it.
std::vector<SchemaRule> rules_of_template();

/// What a spec must give for its templates, and that no two are the same: for an ImagePublicationSpec.
std::vector<SchemaRule> rules_of_templates();

}  // namespace slipway
