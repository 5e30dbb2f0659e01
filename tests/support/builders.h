#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/content/manifest.h"
#include "tests/support/in_memory_registry.h"

namespace slipway::tests {

/// An image that was put somewhere.
struct MadeImage {
  content::Descriptor descriptor;
  content::Descriptor config;
  std::vector<content::Descriptor> layers;
};

/// Puts an image with these layers into a repository; the same words make the same digests.
MadeImage make_image(InMemoryRepository& repository, const std::vector<std::string>& layers,
                     const std::string& platform = "linux/amd64");
/// Puts an index over images that are there.
content::Descriptor make_index(InMemoryRepository& repository, const std::vector<MadeImage>& images);
/// Puts an artifact (signature, SBOM) that refers to `subject`; without one for the tag scheme.
content::Descriptor make_artifact(InMemoryRepository& repository, const std::string& type, const std::string& text,
                                  const std::optional<content::Descriptor>& subject);

/// A Trivy report about `image` with one finding of each severity named, e.g. {"HIGH"}.
std::string make_report(const MadeImage& image, const std::vector<std::string>& severities = {},
                        const std::string& created_at = "2026-11-24T08:00:00Z");

/// ContainerRegistry "contoso" at registry.example, where namespace shop may do everything in shop/**.
ContainerRegistry make_registry();

/// ImagePublication shop/storefront: ghcr.io/contoso/storefront:1.8 to shop/storefront in staging, build 812 of
/// version 1.8.2, with an immutable version tag and a moving environment tag.
ImagePublication make_publication(const std::string& name = "storefront");

}  // namespace slipway::tests
