#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crds/base/result.h"
#include "crds/base/time.h"
#include "reconcilers/content/descriptor.h"

namespace slipway::content {

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

/// Parses and checks: known media type that agrees with the body, digests, sizes that are not negative, at most 1,000
/// children or layers, no child that is the manifest itself. Integrity names what is wrong.
Result<Manifest> parse_manifest(const ManifestBytes& manifest);

/// What gates need of an image config.
struct ImageConfig {
  Platform platform;
  std::vector<std::string> diff_ids;
  std::map<std::string, std::string> labels;
  std::optional<Timestamp> created;
};

/// Integrity when `bytes` are not an image config.
Result<ImageConfig> parse_config(std::string_view bytes);

/// True for children that are attestations (platform unknown/unknown), never run.
bool is_attestation(const Descriptor& child);

}  // namespace slipway::content
