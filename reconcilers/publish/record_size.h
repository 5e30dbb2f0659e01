#pragma once

#include <cstddef>

#include "reconcilers/publish/record.h"

namespace slipway::publish {

/// About what a record takes that is kept.
std::size_t bytes_in_memory(const PublicationRecord& record);

}  // namespace slipway::publish
