#pragma once

#include <string>

namespace slipway {

/// Docker Hub's name in references, and in ours for its entry among credentials.
inline constexpr const char* kDockerHub = "docker.io";

/// Docker Hub answers under another name than the one in its references.
inline std::string wire_host(const std::string& registry) {
  return registry == kDockerHub ? "registry-1.docker.io" : registry;
}

}  // namespace slipway
