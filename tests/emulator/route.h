#pragma once

#include <string>
#include <string_view>

namespace slipway::emulator {

/// What a path names.
enum class Resource {
  Unknown,
  Ping,
  Catalog,
  Tags,
  Manifest,
  Blob,
  BlobContent,  ///< Where a blob redirect points.
  UploadStart,
  Upload,
  Referrers,
  Token,
  Exchange,
  AcrCatalog,
  AcrRepository,
  AcrTags,
  AcrTag,
  AcrManifests,
  AcrManifest,
  AdminFaults,
  AdminRequests,
  AdminReset,
};

struct Route {
  Resource resource = Resource::Unknown;
  std::string repository;
  std::string reference;  ///< Tag, digest or upload, as it stands in the path.
  bool operator==(const Route&) const = default;
};

/// `path` is decoded. Names are cut out, not checked.
Route parse_route(std::string_view path);

/// For the emulator itself: neither logged nor disturbed.
bool is_admin(Resource resource);

}  // namespace slipway::emulator
