#pragma once

namespace slipway::runtime {

/// What one thread frees is used again by all: a process that keeps much in memory and has many threads stays small.
/// Before other threads start.
void share_freed_memory();

}  // namespace slipway::runtime
