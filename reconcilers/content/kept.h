#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "reconcilers/content/descriptor.h"

/// What is kept of a descriptor after the manifest that it stands in was read. It is copied on, from what is seen to
/// the plan and to whoever sends it, and what a manifest may say of others has no bound of its own: an annotation of
/// nine bytes takes more than a hundred in memory, and one manifest may have 20,000. Nothing is lost by it, for
/// manifests are sent as they came.
namespace slipway::content {

/// In bytes, of each type and of each word of a platform: as many as a media type may have (RFC 6838, section 4.2: 127
/// on each side of its slash).
inline constexpr std::size_t kLongestKept = 255;

/// Of a blob its media type, digest and size.
Descriptor kept_blob(const Descriptor& blob);

/// Of a manifest also its platform, its artifact type, and of the annotations the one that is_attestation() reads.
Descriptor kept_manifest(const Descriptor& manifest);

/// Cuts off of a type that somebody gives what no media type has.
void cut_type(std::string& type);

/// Why a platform that a stranger names is not kept, or nothing: a word of more than kLongestKept.
std::optional<std::string> fault_of_words(const Platform& platform);

}  // namespace slipway::content
