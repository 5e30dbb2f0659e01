#pragma once

#include <functional>
#include <optional>

#include "crds/v1alpha1/resources.h"

namespace slipway::assembly {

/// A publication as it is at hand: its metadata and status, and of its spec what is kept; absent when it is not there.
/// Shall not wait.
using PublicationAtHand = std::function<std::optional<ImagePublication>(const ObjectKey&)>;

}  // namespace slipway::assembly
