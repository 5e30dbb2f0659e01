#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crds/base/document.h"
#include "crds/base/result.h"
#include "crds/base/time.h"
#include "reconcilers/content/descriptor.h"

namespace slipway::content {

/// Of the JSON of a manifest or config: 1,000 children with platform and annotations. Each value takes some 400 bytes
/// while it is read, and many are read at once.
inline constexpr DocumentLimits kManifestLimits{.bytes = kMaxManifestBytes, .nodes = 20'000};

/// A manifest as bytes that hash to `descriptor.digest`; media type and size of the descriptor are those of the bytes.
struct ManifestBytes {
  Descriptor descriptor;
  std::string bytes;
};

/// An image or artifact manifest (OCI or Docker schema 2).
struct ImageManifest {
  std::string media_type;
  std::string artifact_type;
  Descriptor config;
  std::vector<Descriptor> layers;
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;
};

/// A multi-platform index (OCI or Docker manifest list).
struct ImageIndex {
  std::string media_type;
  std::string artifact_type;
  std::vector<Descriptor> manifests;
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;
};

using Manifest = std::variant<ImageManifest, ImageIndex>;

/// Parses and checks (image specification 1.1, manifest.md and image-index.md; Docker schema 2): known media type that
/// agrees with the body (OCI bodies may leave it out), not an image and an index at once, digests, sizes that are not
/// negative, at most 4 TiB and the same wherever one digest is named, at most 1,000 children or layers, children of at
/// most 4 MiB, none that is the manifest itself, no word of a platform over 255 bytes, no key that only case tells from
/// one of the specification. Integrity names what is wrong. `urls` of layers are never followed.
Result<Manifest> parse_manifest(const ManifestBytes& manifest);

/// What gates need of an image config.
struct ImageConfig {
  Platform platform;
  std::vector<std::string> diff_ids;
  std::map<std::string, std::string> labels;
  std::optional<Timestamp> created;
};

/// The platform that a config of whatever kind names; its words may be empty. Integrity when `bytes` are no JSON
/// object.
Result<Platform> parse_config_platform(std::string_view bytes);

/// Integrity when `bytes` are not an image config.
Result<ImageConfig> parse_config(std::string_view bytes);

/// True for layers that a licence may keep from being pushed: such a layer may be missing at a source and is then
/// published by its descriptor alone.
bool is_foreign_layer(std::string_view media_type);

}  // namespace slipway::content
