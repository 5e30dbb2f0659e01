#include "reconcilers/content/manifest.h"

#include <algorithm>
#include <span>
#include <utility>

#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/content/kept.h"
#include "reconcilers/json.h"

namespace slipway::content {

namespace {

constexpr std::size_t kMostChildren = 1000;
/// The largest blob that is taken for one: the sum of all that an image can name does not overflow.
constexpr std::int64_t kLargestBlob = std::int64_t{1} << 42;

std::unexpected<Error> broken(std::string what) {
  return fail(ErrorClass::Integrity, std::move(what), "build the image again, or copy it again to its source");
}

/// The document's root, or what keeps it from being a JSON object.
Result<Node> parse_object(std::string_view bytes) {
  if (bytes.size() > kMaxManifestBytes) return broken("it has more than 4 MiB");
  Document document = parse_json(bytes, "", kManifestLimits);
  if (!document.problems.empty()) {
    Problem& first = document.problems.front();
    first.expected.clear();  // It is for files that people write.
    return broken("it is no JSON of at most 20,000 values: " + to_string(first));
  }
  if (document.root.kind != Node::Kind::Map) return broken("it is no JSON object");
  return std::move(document.root);
}

bool is_media_type(std::string_view text) {
  return !text.empty() && text.size() <= kLongestKept && text.find('/') != std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

constexpr std::string_view kManifestKeys[] = {"schemaVersion", "mediaType", "artifactType", "config",
                                              "layers",        "manifests", "subject",      "annotations"};
constexpr std::string_view kDescriptorKeys[] = {"mediaType", "digest",      "size",     "urls",
                                                "data",      "annotations", "platform", "artifactType"};
constexpr std::string_view kConfigKeys[] = {"os",     "os.version", "architecture", "variant",
                                            "rootfs", "config",     "created"};
constexpr std::string_view kRootfsKeys[] = {"type", "diff_ids"};

/// Registries and runtimes written in Go read "Layers" as layers: such a body is another one there than here.
Result<void> check_keys(const Node& map, std::span<const std::string_view> known) {
  const std::string* key = json::lookalike_key(map, known);
  return key == nullptr ? Result<void>{} : broken("its key " + quoted(*key) + " is read as another by other programs");
}

Result<std::map<std::string, std::string>> parse_annotations(const Node& parent) {
  const Node& node = json::at(parent, "annotations");
  std::map<std::string, std::string> out;
  if (node.kind == Node::Kind::Null) return out;
  if (node.kind != Node::Kind::Map) return broken("annotations are no map");
  for (const auto& member : node.members) {
    if (member.value.kind != Node::Kind::String) return broken("annotation " + quoted(member.key) + " is no string");
    out.emplace(member.key, member.value.text);
  }
  return out;
}

Result<Platform> parse_platform_of(const Node& node) {
  Platform out{.os = json::text_at(node, "os"),
               .architecture = json::text_at(node, "architecture"),
               .variant = json::text_at(node, "variant"),
               .os_version = json::text_at(node, "os.version")};
  if (auto fault = fault_of_words(out)) return broken(std::move(*fault));
  return out;
}

Result<Descriptor> parse_descriptor(const Node& node) {
  if (node.kind != Node::Kind::Map) return broken("it is no map");
  if (const auto keys = check_keys(node, kDescriptorKeys); !keys) return std::unexpected(keys.error());
  Descriptor out;
  out.media_type = json::text_at(node, "mediaType");
  if (!is_media_type(out.media_type)) return broken("its mediaType is " + quoted(out.media_type));
  auto digest = Digest::parse(json::text_at(node, "digest"));
  if (!digest) return broken(digest.error().message);
  out.digest = *digest;
  const auto size = json::integer_at(node, "size");
  if (!size || *size < 0) return broken("its size is " + quoted(json::at(node, "size").text));
  if (*size > kLargestBlob) return broken("its size is " + std::to_string(*size) + ", more than 4 TiB");
  out.size = *size;
  out.artifact_type = json::text_at(node, "artifactType");
  auto annotations = parse_annotations(node);
  if (!annotations) return std::unexpected(annotations.error());
  out.annotations = std::move(*annotations);
  if (const Node& platform = json::at(node, "platform"); platform.kind == Node::Kind::Map) {
    if (const auto keys = check_keys(platform, kConfigKeys); !keys) return std::unexpected(keys.error());
    auto parsed = parse_platform_of(platform);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    out.platform = std::move(*parsed);
  }
  return out;
}

Result<Descriptor> parse_member(const Node& root, std::string_view key) {
  auto out = parse_descriptor(json::at(root, key));
  if (!out) return while_doing(key, out.error());
  return out;
}

Result<std::optional<Descriptor>> parse_subject(const Node& root) {
  if (json::at(root, "subject").kind == Node::Kind::Null) return std::optional<Descriptor>();
  auto out = parse_member(root, "subject");
  if (!out) return std::unexpected(out.error());
  return std::optional(std::move(*out));
}

Result<std::vector<Descriptor>> parse_list(const Node& root, std::string_view key) {
  const Node& node = json::at(root, key);
  if (node.kind != Node::Kind::List) return broken(std::string(key) + " is no list");
  if (node.items.size() > kMostChildren)
    return broken(std::string(key) + " has " + std::to_string(node.items.size()) + " entries, more than 1,000");
  std::vector<Descriptor> out;
  for (const Node& item : node.items) {
    auto one = parse_descriptor(item);
    if (!one) return while_doing(std::string(key) + "[" + std::to_string(out.size()) + "]", one.error());
    out.push_back(std::move(*one));
  }
  return out;
}

/// One digest has one size: a manifest that says otherwise lies in one of the places.
Result<void> check_sizes(const std::vector<Descriptor>& all) {
  std::map<Digest, std::int64_t> sizes;
  for (const auto& one : all) {
    const auto [known, added] = sizes.emplace(one.digest, one.size);
    if (!added && known->second != one.size)
      return broken(one.digest.str() + " has the size " + std::to_string(known->second) + " in one place and " +
                    std::to_string(one.size) + " in another");
  }
  return {};
}

Result<Manifest> parse_image(const Node& root, std::string media_type) {
  ImageManifest out;
  out.media_type = std::move(media_type);
  out.artifact_type = json::text_at(root, "artifactType");
  auto config = parse_member(root, "config");
  if (!config) return std::unexpected(config.error());
  out.config = std::move(*config);
  auto layers = parse_list(root, "layers");
  if (!layers) return std::unexpected(layers.error());
  out.layers = std::move(*layers);
  std::vector<Descriptor> all = out.layers;
  all.push_back(out.config);
  if (const auto sizes = check_sizes(all); !sizes) return std::unexpected(sizes.error());
  auto subject = parse_subject(root);
  if (!subject) return std::unexpected(subject.error());
  out.subject = std::move(*subject);
  auto annotations = parse_annotations(root);
  if (!annotations) return std::unexpected(annotations.error());
  out.annotations = std::move(*annotations);
  return out;
}

Result<void> check_children(const std::vector<Descriptor>& children, const Digest& self) {
  for (const auto& child : children) {
    if (child.digest == self) return broken("it names itself as a child");
    if (std::cmp_greater(child.size, kMaxManifestBytes))
      return broken("its child " + child.digest.str() + " has more than 4 MiB");
  }
  return check_sizes(children);
}

Result<Manifest> parse_index(const Node& root, std::string media_type, const Digest& self) {
  ImageIndex out;
  out.media_type = std::move(media_type);
  out.artifact_type = json::text_at(root, "artifactType");
  auto manifests = parse_list(root, "manifests");
  if (!manifests) return std::unexpected(manifests.error());
  out.manifests = std::move(*manifests);
  if (const auto checked = check_children(out.manifests, self); !checked) return std::unexpected(checked.error());
  auto subject = parse_subject(root);
  if (!subject) return std::unexpected(subject.error());
  out.subject = std::move(*subject);
  auto annotations = parse_annotations(root);
  if (!annotations) return std::unexpected(annotations.error());
  out.annotations = std::move(*annotations);
  return out;
}

/// The media type on which body and descriptor agree. Docker bodies must have one, OCI bodies may (manifest.md).
Result<std::string> agreed_media_type(const Node& root, const std::string& said) {
  const Node& node = json::at(root, "mediaType");
  if (node.kind != Node::Kind::Null && node.kind != Node::Kind::String) return broken("its mediaType is no string");
  const std::string& found = node.text;
  if (node.kind == Node::Kind::Null) {
    if (said == kDockerIndex || said == kDockerManifest) return broken("it lacks mediaType, which Docker's have");
    return said;
  }
  if (!said.empty() && said != found)
    return broken("it says mediaType " + quoted(found) + ", but was given as " + quoted(said));
  return found;
}

/// CVE-2021-41190: a body that is both would be read as one here and as the other elsewhere.
Result<void> check_shape(const Node& root, std::string_view media_type) {
  if (auto keys = check_keys(root, kManifestKeys); !keys) return keys;
  if (json::integer_at(root, "schemaVersion") != 2)
    return broken("its schemaVersion is " + quoted(json::at(root, "schemaVersion").text) + ", not 2");
  const bool as_image = root.find("config") != nullptr || root.find("layers") != nullptr;
  const bool as_index = root.find("manifests") != nullptr;
  if (as_image && as_index) return broken("it is an image and an index at once");
  if (is_index(media_type) || is_image_manifest(media_type)) return {};
  return broken("its media type " + quoted(media_type) + " is no image or index that can be published");
}

Result<Manifest> parse_checked(const ManifestBytes& manifest) {
  const Descriptor& self = manifest.descriptor;
  if (!std::cmp_equal(self.size, manifest.bytes.size()))
    return broken("it has " + std::to_string(manifest.bytes.size()) + " bytes, but was given as " +
                  std::to_string(self.size));
  const auto root = parse_object(manifest.bytes);
  if (!root) return std::unexpected(root.error());
  auto media_type = agreed_media_type(*root, self.media_type);
  if (!media_type) return std::unexpected(media_type.error());
  if (const auto shape = check_shape(*root, *media_type); !shape) return std::unexpected(shape.error());
  if (is_index(*media_type)) return parse_index(*root, std::move(*media_type), self.digest);
  return parse_image(*root, std::move(*media_type));
}

Result<Node> parse_config_object(std::string_view bytes) {
  auto root = parse_object(bytes);
  if (!root) return while_doing("image config", root.error());
  if (const auto keys = check_keys(*root, kConfigKeys); !keys) return while_doing("image config", keys.error());
  return root;
}

Result<std::vector<std::string>> parse_diff_ids(const Node& root) {
  const Node& rootfs = json::at(root, "rootfs");
  if (const auto keys = check_keys(rootfs, kRootfsKeys); !keys) return std::unexpected(keys.error());
  const Node& node = json::at(rootfs, "diff_ids");
  std::vector<std::string> out;
  if (node.kind == Node::Kind::Null) return out;
  if (node.kind != Node::Kind::List) return broken("rootfs.diff_ids are no list");
  for (const Node& item : node.items) {
    const auto digest = Digest::parse(item.text);
    if (item.kind != Node::Kind::String || !digest) return broken("the diff id " + quoted(item.text) + " is no digest");
    out.push_back(digest->str());
  }
  return out;
}

}  // namespace

Result<Manifest> parse_manifest(const ManifestBytes& manifest) {
  auto out = parse_checked(manifest);
  if (!out) return while_doing("manifest " + manifest.descriptor.digest.str(), out.error());
  return out;
}

Result<Platform> parse_config_platform(std::string_view bytes) {
  const auto root = parse_config_object(bytes);
  if (!root) return std::unexpected(root.error());
  return parse_platform_of(*root);
}

Result<ImageConfig> parse_config(std::string_view bytes) {
  const auto root = parse_config_object(bytes);
  if (!root) return std::unexpected(root.error());
  ImageConfig out;
  auto platform = parse_platform_of(*root);
  if (!platform) return while_doing("image config", std::move(platform.error()));
  out.platform = std::move(*platform);
  if (out.platform.os.empty() || out.platform.architecture.empty())
    return while_doing("image config", broken("it does not say os and architecture").error());
  auto diff_ids = parse_diff_ids(*root);
  if (!diff_ids) return while_doing("image config", diff_ids.error());
  out.diff_ids = std::move(*diff_ids);
  out.labels = json::text_map_at(json::at(*root, "config"), "Labels");
  if (const auto created = parse_timestamp(json::text_at(*root, "created"))) out.created = *created;
  return out;
}

bool is_foreign_layer(std::string_view media_type) {
  return media_type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar") ||
         media_type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar");
}

}  // namespace slipway::content
