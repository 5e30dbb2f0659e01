#include "reconcilers/ports/image_source.h"

#include <utility>

namespace slipway {

Result<std::optional<content::ManifestBytes>> ImageSource::tagged_manifest(const std::string& tag,
                                                                           std::stop_token stop) {
  const auto found = resolve(tag, stop);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  auto bytes = manifest((*found)->digest, std::move(stop));
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  return std::move(*bytes);
}

Result<std::optional<std::set<std::string>>> ImageSource::tags(std::stop_token) {
  return std::nullopt;
}

}  // namespace slipway
