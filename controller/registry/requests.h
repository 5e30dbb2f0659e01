#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "controller/http/message.h"
#include "crds/base/digest.h"

namespace slipway::registry {

/// Every manifest type that is read here; without it registries convert or hide.
inline constexpr std::string_view kManifestTypes =
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

http::Request request_to(http::Method method, std::string url);

/// The target of `rel="next"` in a Link header (RFC 8288), as it stands there.
std::optional<std::string> next_page(const http::Headers& headers);

/// The first byte that "Content-Range: bytes 5-9/10" or the upload's "Range: 0-4" names, and the last.
struct ByteRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
std::optional<ByteRange> parse_range(std::string_view text);

/// Docker-Content-Digest, when it is there and a digest.
std::optional<Digest> digest_of(const http::Headers& headers);
std::optional<std::int64_t> length_of(const http::Headers& headers);
/// Content-Type without parameters.
std::string media_type_of(const http::Headers& headers);

/// `url` with "digest=…" appended to its query.
std::string with_digest(const std::string& url, const Digest& digest);

}  // namespace slipway::registry
