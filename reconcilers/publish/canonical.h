#pragma once

#include <string>
#include <string_view>

#include "crds/base/document.h"
#include "crds/v1alpha1/image_publication.h"

/// The canonical JSON of what hashes and records are made of: members in a fixed order, absent ones left out.
namespace slipway::publish::canonical {

/// "sha256:…" of the node's text.
std::string hash(const Node& node);

Node node_of(const BuildInfo& build);
Node node_of(const Gates& gates);
}  // namespace slipway::publish::canonical
