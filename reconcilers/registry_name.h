#pragma once

#include <string>
#include <string_view>

#include "crds/v1alpha1/container_registry.h"

namespace slipway {

/// One name for one registry, however its address is written: "contoso.azurecr.io:443". The host is as canonical_host()
/// has it, Docker Hub's the one that answers; where no port is written it is that of https, or of http with
/// `plain_http`. A name of that form is itself. Whoever asks whether two addresses are one compares these; which of
/// them are one registry's by its aliases, RegistryNames says.
std::string registry_name(std::string_view host, bool plain_http);

/// Of its loginServer.
std::string registry_name(const ContainerRegistry& registry);

}  // namespace slipway
