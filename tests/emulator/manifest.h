#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/base/digest.h"
#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::emulator {

/// What a registry needs to know of a manifest, of whatever kind.
struct ManifestFacts {
  std::string media_type;        ///< As the document says; empty when it does not.
  std::vector<Digest> blobs;     ///< Config and layers that must be present (foreign layers need not).
  std::vector<Digest> children;  ///< Manifests of an index.
  std::optional<Digest> subject;
  std::string artifact_type;
  Node annotations;  ///< By key; null when there are none.
  std::string config_media_type;
};

/// Invalid when the text is not a manifest.
Result<ManifestFacts> parse_manifest(std::string_view text);

}  // namespace slipway::emulator
