#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reconcilers/content/manifest.h"

namespace slipway::sources {

/// The entries of an index.json (image specification, image-layout.md). Integrity as parse_manifest.
Result<std::vector<content::Descriptor>> parse_layout_index(std::string bytes);

/// Invalid unless these are the bytes of an oci-layout file of version 1.
Result<void> check_layout_version(std::string_view bytes);

/// What people call the entry: the full name that containerd, BuildKit and Docker annotate, else its ref.name; empty
/// when it has neither.
std::string name_of(const content::Descriptor& entry);

/// Ten names of images at most, each once, and not of what is attached to one: "v1", "docker.io/library/app:2", … Empty
/// where none has a name.
std::string names_of_images(const std::vector<content::Descriptor>& entries);

/// Whether `wanted` is its ref.name or its full name; "app" and "docker.io/library/app:latest" are the same full name.
bool is_named(const content::Descriptor& entry, const std::string& wanted);

/// Whether both are the same full name.
bool is_same_image(const std::string& one, const std::string& other);

/// Whether the entry is attached to an image and none itself, as its annotations say: a tag such as sha256-….sig, or
/// the signatures and attestations of `cosign save`.
bool is_attached(const content::Descriptor& entry);

/// Whether `tag` is one that signatures, attestations or referrers of a digest have.
bool is_attached_tag(const std::string& tag);

/// The signatures (tag sha256-….sig) or attestations (….att) that `cosign save` wrote beside that image without naming
/// them so.
std::vector<content::Descriptor> saved_by_cosign(const std::vector<content::Descriptor>& entries,
                                                 const std::string& tag);

/// The one that all of `candidates` are, or nothing when there are none. Invalid, naming them, when they differ.
Result<std::optional<content::Descriptor>> only_one(const std::vector<content::Descriptor>& candidates);

}  // namespace slipway::sources
