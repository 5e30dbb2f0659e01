#include "tests/emulator/manifest.h"

#include <algorithm>

#include "reconcilers/json.h"

namespace slipway::emulator {
namespace {

Result<Digest> digest_of(const Node& descriptor) {
  if (descriptor.kind != Node::Kind::Map)
    return fail(ErrorClass::Invalid, "a descriptor is not an object", "send a manifest");
  return Digest::parse(json::text_at(descriptor, "digest"));
}

bool is_foreign(const Node& descriptor) {
  const std::string type = json::text_at(descriptor, "mediaType");
  return type.contains("nondistributable") || type.contains(".foreign.");
}

Result<void> add(const Node& descriptor, std::vector<Digest>& digests) {
  Result<Digest> digest = digest_of(descriptor);
  if (!digest) return std::unexpected(std::move(digest.error()));
  if (!is_foreign(descriptor)) digests.push_back(std::move(*digest));
  return {};
}

Result<void> add_list(const Node& document, const char* key, std::vector<Digest>& digests) {
  for (const Node& descriptor : json::items_at(document, key))
    if (Result<void> added = add(descriptor, digests); !added) return added;
  return {};
}

Result<void> add_content(const Node& document, ManifestFacts& facts) {
  if (const Node* config = document.find("config")) {
    if (Result<void> added = add(*config, facts.blobs); !added) return added;
    facts.config_media_type = json::text_at(*config, "mediaType");
  }
  if (Result<void> added = add_list(document, "layers", facts.blobs); !added) return added;
  if (Result<void> added = add_list(document, "blobs", facts.blobs); !added) return added;
  return add_list(document, "manifests", facts.children);
}

}  // namespace

Result<ManifestFacts> parse_manifest(std::string_view text) {
  const Node document = parse_json(text, "manifest").root;
  if (document.kind != Node::Kind::Map)
    return fail(ErrorClass::Invalid, "manifest is not a JSON object", "send a manifest");
  ManifestFacts facts;
  facts.media_type = json::text_at(document, "mediaType");
  if (Result<void> added = add_content(document, facts); !added) return std::unexpected(std::move(added.error()));
  if (const Node* described = document.find("subject")) {
    Result<Digest> subject = digest_of(*described);
    if (!subject) return std::unexpected(std::move(subject.error()));
    facts.subject = std::move(*subject);
  }
  facts.artifact_type = json::text_at(document, "artifactType");
  if (facts.artifact_type.empty()) facts.artifact_type = facts.config_media_type;
  facts.annotations = json::at(document, "annotations");
  std::ranges::sort(facts.annotations.members, {}, &Node::Member::key);
  return facts;
}

}  // namespace slipway::emulator
