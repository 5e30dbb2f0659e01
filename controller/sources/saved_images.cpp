#include "controller/sources/saved_images.h"

#include <algorithm>
#include <utility>

#include "controller/sources/file_set.h"
#include "controller/sources/layout_index.h"
#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::sources {
namespace {

constexpr std::size_t kMost = 1000;
constexpr std::size_t kMostChoicesShown = 10;

std::unexpected<Error> no_list(const std::string& why) {
  return not_whole("manifest.json is not what docker save writes: " + why);
}

/// Nothing when an item is no string, or there are too many.
std::optional<std::vector<std::string>> names_at(const Node& node, std::string_view key) {
  const Node& list = json::at(node, key);
  if (list.kind == Node::Kind::Null) return std::vector<std::string>();
  std::vector<std::string> names = json::texts_at(node, key);
  if (list.kind != Node::Kind::List || names.size() != list.items.size() || names.size() > kMost) return std::nullopt;
  return names;
}

std::string name_of(const SavedImage& image) {
  return image.repo_tags.empty() ? slipway::quoted(image.config) : slipway::quoted(image.repo_tags.front());
}

bool is_called(const SavedImage& image, const std::string& wanted) {
  return std::ranges::any_of(image.repo_tags,
                             [&](const auto& tag) { return tag == wanted || is_same_image(tag, wanted); });
}

Node descriptor_node(const content::Descriptor& descriptor) {
  return json::MapBuilder()
      .add("mediaType", json::text(descriptor.media_type))
      .add("size", json::integer(descriptor.size))
      .add("digest", json::text(descriptor.digest.str()))
      .build();
}

}  // namespace

Result<std::vector<SavedImage>> parse_saved_images(std::string_view bytes) {
  const Document document = parse_json(bytes, "manifest.json");
  if (!document.problems.empty()) return no_list(to_string(document.problems.front()));
  if (document.root.kind != Node::Kind::List) return no_list("it is no list");
  if (document.root.items.size() > kMost) return no_list("it has more than 1,000 images");
  std::vector<SavedImage> out;
  for (const Node& node : document.root.items) {
    auto tags = names_at(node, "RepoTags");
    auto layers = names_at(node, "Layers");
    SavedImage image{.config = json::text_at(node, "Config"), .repo_tags = {}, .layers = {}};
    const std::string place = "image " + std::to_string(out.size() + 1) + " has ";
    if (image.config.empty()) return no_list(place + "no Config");
    if (!tags || !layers) return no_list(place + "RepoTags or Layers that are no list of at most 1,000 names");
    image.repo_tags = std::move(*tags);
    image.layers = std::move(*layers);
    out.push_back(std::move(image));
  }
  return out;
}

std::string names_of(const std::vector<SavedImage>& images) {
  std::string names;
  for (std::size_t i = 0; i < std::min(images.size(), kMostChoicesShown); ++i)
    names += (i == 0 ? "" : ", ") + name_of(images[i]);
  return images.size() > kMostChoicesShown ? names + ", …" : names;
}

Result<std::optional<std::size_t>> choose_saved(const std::vector<SavedImage>& images, const std::string& image) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < images.size(); ++i)
    if (image.empty() || is_called(images[i], image)) found.push_back(i);
  if (found.empty()) return std::nullopt;
  if (found.size() == 1) return found.front();
  std::vector<SavedImage> choices;
  choices.reserve(found.size());
  for (const auto at : found) choices.push_back(images[at]);
  return fail(ErrorClass::Invalid,
              "there are " + std::to_string(found.size()) + " images to choose from: " + names_of(choices),
              "name one of them in `image` of the source");
}

std::string_view layer_type(Packing packing) {
  switch (packing) {
    case Packing::Gzip:
      return "application/vnd.docker.image.rootfs.diff.tar.gzip";
    case Packing::Zstd:
      return "application/vnd.docker.image.rootfs.diff.tar.zstd";
    case Packing::None:
      break;
  }
  return "application/vnd.docker.image.rootfs.diff.tar";
}

content::ManifestBytes docker_manifest(const content::Descriptor& config,
                                       const std::vector<content::Descriptor>& layers) {
  content::ManifestBytes out;
  out.bytes = to_json_text(json::MapBuilder()
                               .add("schemaVersion", json::integer(2))
                               .add("mediaType", json::text(std::string(content::kDockerManifest)))
                               .add("config", descriptor_node(config))
                               .add("layers", json::list_of(layers, descriptor_node))
                               .build());
  out.descriptor.media_type = content::kDockerManifest;
  out.descriptor.digest = Digest::of(out.bytes);
  out.descriptor.size = static_cast<std::int64_t>(out.bytes.size());
  return out;
}

}  // namespace slipway::sources
