#pragma once

#include <string_view>

#include "crds/base/document.h"

namespace slipway {

/// The plain (unquoted) YAML scalar `text` as kubectl types it (sigs.k8s.io/yaml, the rules of YAML 1.1 as yaml.v2 has
/// them): true, yes and on are booleans, 0x1F, 010 and 1_000 integers, 1.10 and 1e3 numbers, ~ null, and dates strings.
/// Infinities and NaN, which JSON lacks, and integers beyond 64 bits are numbers.
Node plain_scalar(std::string_view text, Place place);

}  // namespace slipway
