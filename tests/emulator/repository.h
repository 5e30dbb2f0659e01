#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "crds/base/digest.h"
#include "crds/base/document.h"

namespace slipway::emulator {

/// ACR's `changeableAttributes`.
struct Locks {
  bool delete_enabled = true;
  bool write_enabled = true;
  bool read_enabled = true;
  bool list_enabled = true;
  bool operator==(const Locks&) const = default;
};

/// When something came and when it last changed: RFC 3339 with seven digits, so that text order is time order.
struct Times {
  std::string created;
  std::string updated;
};

struct StoredManifest {
  Digest digest;
  std::string media_type;
  std::uint64_t size = 0;
  Times times;
  Locks locks;
  std::optional<Digest> subject;
  std::string artifact_type;  ///< As referrers list it: `artifactType`, else the config's media type.
  Node annotations;           ///< By key; null when it has none.
};

struct StoredTag {
  std::string name;
  Digest digest;
  Times times;
  Locks locks;
};

struct Repository {
  std::set<Digest> blobs;
  std::map<Digest, StoredManifest> manifests;
  std::map<std::string, StoredTag> tags;
  Times times;
  Locks locks;

  /// By tag or digest; null when there is none.
  const StoredManifest* find(const std::string& reference) const;
  bool names(const Digest& digest) const { return blobs.contains(digest) || manifests.contains(digest); }
};

}  // namespace slipway::emulator
