#include "reconcilers/content/kept.h"

#include <algorithm>

#include "reconcilers/content/runnable.h"

namespace slipway::content {

Descriptor kept_blob(const Descriptor& blob) {
  Descriptor out;
  out.media_type = blob.media_type;
  cut_type(out.media_type);
  out.digest = blob.digest;
  out.size = blob.size;
  return out;
}

Descriptor kept_manifest(const Descriptor& manifest) {
  Descriptor out = kept_blob(manifest);
  out.artifact_type = manifest.artifact_type;
  cut_type(out.artifact_type);
  out.platform = manifest.platform;
  if (is_attestation(manifest)) out.annotations.insert(*manifest.annotations.find(std::string(kReferenceType)));
  return out;
}

void cut_type(std::string& type) {
  type.resize(std::min(type.size(), kLongestKept));
}

}  // namespace slipway::content
