#pragma once

#include <string>
#include <vector>

#include "controller/cluster/object_caches.h"

namespace slipway::cluster {

/// Who refers to the registry by name, or has its source at one of its hosts, before or now. Either may be null. Looks
/// through every object: for what is rare.
std::vector<ObjectKey> users_of(const ContainerRegistry* before, const ContainerRegistry* now,
                                const ObjectCaches& caches);

/// The publications by other ContainerRegistries that are one registry with `before`, or with `now`, by their aliases:
/// an edit of these moves their repositories to another shard. Empty where the names are as before; else as users_of().
std::vector<ObjectKey> renamed_with(const ContainerRegistry* before, const ContainerRegistry* now,
                                    const ObjectCaches& caches);

/// Of the publications those that are is_unready_user().
std::vector<ObjectKey> unready_users_of(const ContainerRegistry& registry, const ObjectCaches& caches);

/// The publications and policies of a namespace.
std::vector<ObjectKey> objects_in(const std::string& namespace_name, const ObjectCaches& caches);

}  // namespace slipway::cluster
