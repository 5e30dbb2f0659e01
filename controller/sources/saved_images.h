#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/sources/tar_reader.h"
#include "reconcilers/content/manifest.h"

namespace slipway::sources {

/// One image in the manifest.json of `docker save`.
struct SavedImage {
  std::string config;                  ///< A file of the archive.
  std::vector<std::string> repo_tags;  ///< None for an image that was saved by its id.
  std::vector<std::string> layers;     ///< Files of the archive, lowest first.
};

/// Integrity when it is no such list, or has more than 1,000 images or layers of an image.
Result<std::vector<SavedImage>> parse_saved_images(std::string_view bytes);

/// Ten of them at most, by what they are called, or else by their config: "app:1", "web:2", …
std::string names_of(const std::vector<SavedImage>& images);

/// Which of them is called `image` ("app" is "docker.io/library/app:latest"); empty: the only one. Nothing when there
/// is none; Invalid, naming them, when there are several.
Result<std::optional<std::size_t>> choose_saved(const std::vector<SavedImage>& images, const std::string& image);

/// The media type of a layer as Docker's schema 2 has it.
std::string_view layer_type(Packing packing);

/// The manifest that `docker save` does not write. It is of Docker schema 2, not OCI, because the config is Docker's
/// and is published as it is; layers are published as they lie in the archive, plain tars mostly, and typed as they
/// are. The same config and layers give the same bytes for ever: compact JSON, members in the order schemaVersion,
/// mediaType, config, layers, and mediaType, size, digest.
content::ManifestBytes docker_manifest(const content::Descriptor& config,
                                       const std::vector<content::Descriptor>& layers);

}  // namespace slipway::sources
