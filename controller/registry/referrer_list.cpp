#include "controller/registry/referrer_list.h"

#include <utility>
#include <variant>

#include "crds/base/document.h"
#include "reconcilers/content/kept.h"
#include "reconcilers/json.h"

namespace slipway::registry {
namespace {

/// Of JSON, for 1,000 referrers with some 40 annotations each: a value takes some 400 bytes while it is read.
constexpr std::size_t kMostValues = 50'000;

std::unexpected<Error> no_list(std::string why) {
  return fail(ErrorClass::Integrity, "list of referrers: " + std::move(why),
              "look what wrote it; the registry or another client is broken");
}

std::unexpected<Error> too_long() {
  return fail(ErrorClass::Integrity, "list of referrers: more than 1,000",
              "delete at the registry what is attached to that image and nobody needs");
}

Result<content::Descriptor> descriptor_of(const Node& node) {
  const Result<Digest> digest = Digest::parse(json::text_at(node, "digest"));
  if (!digest) return no_list(digest.error().message);
  const auto size = json::integer_at(node, "size");
  if (!size || *size < 0) return no_list("no size");
  content::Descriptor descriptor;
  descriptor.media_type = json::text_at(node, "mediaType");
  descriptor.digest = *digest;
  descriptor.size = *size;
  descriptor.artifact_type = json::text_at(node, "artifactType");
  descriptor.annotations = json::text_map_at(node, "annotations");
  return descriptor;
}

Node to_node(const content::Descriptor& referrer) {
  json::MapBuilder entry;
  entry.add("mediaType", json::text(referrer.media_type))
      .add("digest", json::text(referrer.digest.str()))
      .add("size", json::integer(referrer.size))
      .add_text("artifactType", referrer.artifact_type);
  if (!referrer.annotations.empty()) entry.add("annotations", json::text_map(referrer.annotations));
  return entry.build();
}

}  // namespace

Result<std::vector<content::Descriptor>> parse_referrers(std::string_view index) {
  const Document document = parse_json(index, "referrers", {.nodes = kMostValues});
  if (!document.problems.empty() || document.root.kind != Node::Kind::Map)
    return no_list("not a JSON object of at most 50,000 values");
  std::vector<content::Descriptor> all;
  const Node* manifests = document.root.find("manifests");
  if (manifests == nullptr || manifests->kind == Node::Kind::Null) return all;
  if (manifests->items.size() > kMostReferrers) return too_long();
  for (const Node& item : manifests->items) {
    Result<content::Descriptor> descriptor = descriptor_of(item);
    if (!descriptor) return std::unexpected(descriptor.error());
    all.push_back(std::move(*descriptor));
  }
  return all;
}

Result<void> append_referrers(std::string_view index, std::vector<content::Descriptor>& all) {
  auto more = parse_referrers(index);
  if (!more) return std::unexpected(std::move(more.error()));
  if (all.size() + more->size() > kMostReferrers) return too_long();
  for (const auto& descriptor : *more) all.push_back(content::kept_manifest(descriptor));
  return {};
}

std::string listed_type(const content::Manifest& manifest) {
  auto type = std::visit([](const auto& any) { return any.artifact_type; }, manifest);
  const auto* const image = std::get_if<content::ImageManifest>(&manifest);
  if (type.empty() && image != nullptr) type = image->config.media_type;
  content::cut_type(type);
  return type;
}

content::Descriptor listed_as(const content::ManifestBytes& manifest) {
  auto listed = manifest.descriptor;
  auto parsed = content::parse_manifest(manifest);
  if (!parsed) return listed;
  if (listed.artifact_type.empty()) listed.artifact_type = listed_type(*parsed);
  if (listed.annotations.empty())
    listed.annotations = std::visit([](auto& any) { return std::move(any.annotations); }, *parsed);
  return listed;
}

content::ManifestBytes add_referrer(std::vector<content::Descriptor>& all, content::Descriptor referrer) {
  all.push_back(std::move(referrer));
  std::size_t annotations = 0;
  for (const auto& one : all) annotations += one.annotations.size();
  content::ManifestBytes index = referrer_index(all);
  if (annotations <= kMostValues / 2 && index.bytes.size() <= content::kMaxManifestBytes / 2) return index;
  all.back().annotations.clear();
  return referrer_index(all);
}

content::ManifestBytes referrer_index(const std::vector<content::Descriptor>& referrers) {
  const Node index = json::MapBuilder()
                         .add("schemaVersion", json::integer(2))
                         .add("mediaType", json::text(content::kOciIndex))
                         .add("manifests", json::list_of(referrers, to_node))
                         .build();
  content::ManifestBytes out;
  out.bytes = to_json_text(index);
  out.descriptor.media_type = content::kOciIndex;
  out.descriptor.digest = Digest::of(out.bytes);
  out.descriptor.size = static_cast<std::int64_t>(out.bytes.size());
  return out;
}

}  // namespace slipway::registry
