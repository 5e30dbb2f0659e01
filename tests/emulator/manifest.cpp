#include "tests/emulator/manifest.h"

#include <nlohmann/json.hpp>

namespace slipway::emulator {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Digest> digest_of(const json& descriptor) {
  if (!descriptor.is_object()) return fail(ErrorClass::Invalid, "a descriptor is not an object", "send a manifest");
  return Digest::parse(text_of(descriptor, "digest"));
}

bool is_foreign(const json& descriptor) {
  const std::string type = text_of(descriptor, "mediaType");
  return type.contains("nondistributable") || type.contains(".foreign.");
}

Result<void> add(const json& descriptor, std::vector<Digest>& digests) {
  Result<Digest> digest = digest_of(descriptor);
  if (!digest) return std::unexpected(std::move(digest.error()));
  if (!is_foreign(descriptor)) digests.push_back(std::move(*digest));
  return {};
}

Result<void> add_list(const json& document, const char* key, std::vector<Digest>& digests) {
  const auto list = document.find(key);
  if (list == document.end() || !list->is_array()) return {};
  for (const json& descriptor : *list)
    if (Result<void> added = add(descriptor, digests); !added) return added;
  return {};
}

Result<void> add_content(const json& document, ManifestFacts& facts) {
  if (document.contains("config")) {
    if (Result<void> added = add(document["config"], facts.blobs); !added) return added;
    facts.config_media_type = text_of(document["config"], "mediaType");
  }
  if (Result<void> added = add_list(document, "layers", facts.blobs); !added) return added;
  if (Result<void> added = add_list(document, "blobs", facts.blobs); !added) return added;
  return add_list(document, "manifests", facts.children);
}

}  // namespace

Result<ManifestFacts> parse_manifest(std::string_view text) {
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return fail(ErrorClass::Invalid, "manifest is not a JSON object", "send a manifest");
  ManifestFacts facts;
  facts.media_type = text_of(document, "mediaType");
  if (Result<void> added = add_content(document, facts); !added) return std::unexpected(std::move(added.error()));
  if (document.contains("subject")) {
    Result<Digest> subject = digest_of(document["subject"]);
    if (!subject) return std::unexpected(std::move(subject.error()));
    facts.subject = std::move(*subject);
  }
  facts.artifact_type = text_of(document, "artifactType");
  if (facts.artifact_type.empty()) facts.artifact_type = facts.config_media_type;
  if (document.contains("annotations")) facts.annotations = document["annotations"].dump();
  return facts;
}

}  // namespace slipway::emulator
