#include "tests/emulator/route.h"

#include <array>
#include <utility>

namespace slipway::emulator {
namespace {

struct Exact {
  std::string_view path;
  Resource resource;
};
constexpr std::array kExact = {
    Exact{"/v2", Resource::Ping},
    Exact{"/v2/", Resource::Ping},
    Exact{"/v2/_catalog", Resource::Catalog},
    Exact{"/oauth2/token", Resource::Token},
    Exact{"/oauth2/exchange", Resource::Exchange},
    Exact{"/acr/v1/_catalog", Resource::AcrCatalog},
    Exact{"/_emulator/faults", Resource::AdminFaults},
    Exact{"/_emulator/requests", Resource::AdminRequests},
    Exact{"/_emulator/reset", Resource::AdminReset},
};

/// "PREFIX NAME INFIX REFERENCE", the infix that is looked for first standing first.
struct Pattern {
  std::string_view prefix;
  std::string_view infix;
  Resource resource;
};
constexpr std::array kPatterns = {
    Pattern{"/v2/", "/blobs/uploads/", Resource::Upload}, Pattern{"/v2/", "/blobs/", Resource::Blob},
    Pattern{"/v2/", "/manifests/", Resource::Manifest},   Pattern{"/v2/", "/referrers/", Resource::Referrers},
    Pattern{"/acr/v1/", "/_tags/", Resource::AcrTag},     Pattern{"/acr/v1/", "/_manifests/", Resource::AcrManifest},
    Pattern{"/_data/", "/blobs/", Resource::BlobContent},
};

/// "PREFIX NAME SUFFIX".
struct Listing {
  std::string_view prefix;
  std::string_view suffix;
  Resource resource;
};
constexpr std::array kListings = {
    Listing{"/v2/", "/blobs/uploads", Resource::UploadStart},
    Listing{"/v2/", "/blobs/uploads/", Resource::UploadStart},
    Listing{"/v2/", "/tags/list", Resource::Tags},
    Listing{"/acr/v1/", "/_tags", Resource::AcrTags},
    Listing{"/acr/v1/", "/_manifests", Resource::AcrManifests},
    Listing{"/acr/v1/", "", Resource::AcrRepository},
};

}  // namespace

Route parse_route(std::string_view path) {
  for (const auto& [exact, resource] : kExact)
    if (path == exact) return {.resource = resource, .repository = {}, .reference = {}};
  for (const auto& [prefix, infix, resource] : kPatterns) {
    const std::size_t at = path.rfind(infix);
    if (!path.starts_with(prefix) || at == std::string_view::npos || at <= prefix.size()) continue;
    const std::string_view reference = path.substr(at + infix.size());
    if (reference.empty() || reference.contains('/')) continue;
    return {.resource = resource,
            .repository = std::string(path.substr(prefix.size(), at - prefix.size())),
            .reference = std::string(reference)};
  }
  for (const auto& [prefix, suffix, resource] : kListings) {
    if (!path.starts_with(prefix) || !path.ends_with(suffix) || path.size() <= prefix.size() + suffix.size()) continue;
    const std::size_t length = path.size() - prefix.size() - suffix.size();
    return {.resource = resource, .repository = std::string(path.substr(prefix.size(), length)), .reference = {}};
  }
  return {};
}

bool is_admin(Resource resource) {
  return resource == Resource::AdminFaults || resource == Resource::AdminRequests || resource == Resource::AdminReset;
}

}  // namespace slipway::emulator
