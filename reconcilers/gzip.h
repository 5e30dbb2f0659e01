#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "crds/base/result.h"

namespace slipway {

bool is_gzip(std::string_view bytes);

/// The content of a gzip file (RFC 1952, several members too). Pure. Refused when it is cut, broken or followed by
/// something else; Invalid when it holds more than `limit` bytes: what is unpacked stays bounded.
Result<std::string> gunzip(std::string_view bytes, std::size_t limit);

}  // namespace slipway
