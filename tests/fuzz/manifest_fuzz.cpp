#include <cstdint>
#include <cstdlib>

#include "reconcilers/content/kept.h"
#include "reconcilers/content/manifest.h"
#include "reconcilers/content/platform_subset.h"
#include "reconcilers/publish/record.h"

namespace {

using namespace slipway;
using namespace slipway::content;

ManifestBytes given_as(std::string_view bytes, std::string_view media_type) {
  ManifestBytes out{.descriptor = {}, .bytes = std::string(bytes)};
  out.descriptor.media_type = media_type;
  out.descriptor.digest = Digest::of(bytes);
  out.descriptor.size = static_cast<std::int64_t>(bytes.size());
  return out;
}

/// A subset of what parses parses, and hashes to its own digest.
void check_subset(const ManifestBytes& manifest) {
  const std::string wanted[] = {"linux/amd64"};
  const auto subset = take_platforms(manifest, wanted, std::nullopt);
  if (!subset) return;
  if (!parse_manifest(subset->root) || Digest::of(subset->root.bytes) != subset->root.descriptor.digest) std::abort();
}

void check_kept(const Descriptor& kept, std::size_t most_annotations) {
  const bool is_short = kept.media_type.size() <= kLongestKept && kept.artifact_type.size() <= kLongestKept &&
                        (!kept.platform || kept.platform->os.size() <= kLongestKept);
  if (!is_short || kept.annotations.size() > most_annotations) std::abort();
}

/// What a manifest says of others is not kept at length, however much that is.
void check_kept(const Manifest& manifest) {
  if (const auto* image = std::get_if<ImageManifest>(&manifest))
    for (const Descriptor& layer : image->layers) check_kept(kept_blob(layer), 0);
  if (const auto* index = std::get_if<ImageIndex>(&manifest))
    for (const Descriptor& child : index->manifests) check_kept(kept_manifest(child), 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto type : {kOciIndex, kOciManifest, kDockerIndex, kDockerManifest, std::string_view()}) {
    const ManifestBytes manifest = given_as(text, type);
    const auto parsed = parse_manifest(manifest);
    if (!parsed && parsed.error().message.empty()) std::abort();
    if (parsed) check_subset(manifest);
    if (parsed) check_kept(*parsed);
  }
  if (const auto config = parse_config(text); config && config->platform.os.empty()) std::abort();
  if (const auto record = publish::parse_record_payload(text)) {
    const auto again = publish::parse_record(publish::build_record(*record, given_as(text, kOciManifest).descriptor));
    if (!again || publish::record_identity(*again) != publish::record_identity(*record)) std::abort();
  }
  return 0;
}
