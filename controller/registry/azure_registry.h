#pragma once

#include <optional>
#include <string_view>

#include "controller/registry/challenge.h"

namespace slipway::registry {

/// Whether a registry is Azure Container Registry: by its host ("contoso.azurecr.io", with a port or without), or by
/// its challenge, whose tokens come from the host's own /oauth2/token or from a host of Azure's. Pure.
bool is_azure_registry(std::string_view host, const std::optional<Challenge>& challenge);

}  // namespace slipway::registry
