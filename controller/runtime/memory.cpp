#include "controller/runtime/memory.h"

#include <malloc.h>

namespace slipway::runtime {

void share_freed_memory() {
  // Otherwise objects that were read by one thread and written by another leave their first place to the one alone.
  mallopt(M_ARENA_MAX, 1);
}

}  // namespace slipway::runtime
