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

std::optional<std::string> fault_of_words(const Platform& platform) {
  for (const std::string* word : {&platform.os, &platform.architecture, &platform.variant, &platform.os_version})
    if (word->size() > kLongestKept)
      return "its platform has a word of " + std::to_string(word->size()) + " bytes, more than " +
             std::to_string(kLongestKept);
  return std::nullopt;
}

}  // namespace slipway::content
