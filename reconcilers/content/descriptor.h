#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "crds/base/digest.h"

namespace slipway::content {

/// A platform as the image specification has it. Architecture "unknown" marks attestation manifests of an index.
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;
  std::string os_version;
  auto operator<=>(const Platform&) const = default;
};

/// "linux/arm64/v8".
std::string to_string(const Platform& platform);
/// Parses "os/architecture[/variant]".
Result<Platform> parse_platform(std::string_view text);
/// True when an image for `offered` serves who asked for `wanted` (an absent variant asks for any; arm64 is arm64/v8).
bool serves(const Platform& offered, const Platform& wanted);

/// Names content: media type, digest, size, and what its parent says of it.
struct Descriptor {
  std::string media_type;
  Digest digest = Digest::of("");
  std::int64_t size = 0;
  std::string artifact_type;
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
  bool operator==(const Descriptor&) const = default;
};

inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciEmpty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kDockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";

/// The largest manifest that a registry takes, and the largest manifest or config that is ever read here.
inline constexpr std::size_t kMaxManifestBytes = 4u << 20;

/// Stands where an artifact without content must name some (image specification 1.1, "Guidance for an Empty
/// Descriptor").
inline constexpr std::string_view kEmptyBlob = "{}";
Descriptor empty_blob();

bool is_index(std::string_view media_type);
bool is_image_manifest(std::string_view media_type);

}  // namespace slipway::content
