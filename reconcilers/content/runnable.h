#pragma once

#include <string_view>

#include "reconcilers/content/manifest.h"

/// What can be run, and what only speaks of it. A gate judges all that a runtime might take for an image, whatever it
/// says of itself: containerd goes by the media types of layers, Docker by those of config and layers, Podman by the
/// config's type and platform and by the layers' bytes.
namespace slipway::content {

/// BuildKit's mark on what an index names beside its images.
inline constexpr std::string_view kReferenceType = "vnd.docker.reference.type";

/// True for a child whose platform is unknown/unknown.
bool has_unknown_platform(const Descriptor& child);

/// True for a child that its index declares to be an attestation as BuildKit does: platform unknown/unknown and the
/// annotation "vnd.docker.reference.type: attestation-manifest". A claim: holds_only_in_toto(), is_platformless() and
/// the bytes of its layers say whether it is one.
bool is_attestation(const Descriptor& child);

/// True when there are layers and all claim to be in-toto statements, signed or not.
bool holds_only_in_toto(const ImageManifest& manifest);

/// True when a runtime might take the manifest for an image: its config has a type that runtimes take, or its config is
/// not empty and a layer has such a type. Signatures, SBOMs and attestations in the form of images (cosign's tags) are
/// not told from images by this: see holds_only_statements().
bool may_be_image(const ImageManifest& manifest);

/// True when there are layers and all claim to be signatures, SBOMs or attestations by their media types. Their bytes
/// say whether they are: see statement.h.
bool holds_only_statements(const ImageManifest& manifest);

/// True for the bytes of a config that names no platform (absent, empty or "unknown"), as signatures and attestations
/// have it. False for what can't be read.
bool is_platformless(std::string_view config);

}  // namespace slipway::content
