#pragma once

#include "controller/cluster/object_caches.h"
#include "controller/cluster/shard_fences.h"
#include "controller/kube/api_client.h"

namespace slipway::cluster {

/// By what the caches have, objects whose spec can't be used included. `caches` outlives it.
ShardOf shard_of(ObjectCaches& caches);

/// Fetches the object and takes over the status that its last owner wrote. Unavailable while the caches have another
/// edit of it, or it is gone: the watch is behind. What is given outlives it.
Refresh refresh(ObjectCaches& caches, kube::ApiClient& client);

}  // namespace slipway::cluster
