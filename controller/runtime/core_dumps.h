#pragma once

namespace slipway::runtime {

/// Keeps credentials and tokens out of core dumps: from now on this process leaves none, neither in a file nor through
/// the kernel's handler, and no other process of its user may trace it or read its memory. Programs it starts leave no
/// file either.
void forbid_core_dumps();

}  // namespace slipway::runtime
