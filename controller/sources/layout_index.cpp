#include "controller/sources/layout_index.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "crds/base/document.h"
#include "crds/base/image_reference.h"
#include "crds/base/text.h"
#include "reconcilers/json.h"

namespace slipway::sources {
namespace {

constexpr std::size_t kMostChoicesShown = 10;
constexpr std::string_view kCosign = "dev.cosignproject.cosign/";

std::string annotation(const content::Descriptor& entry, const std::string& key) {
  const auto found = entry.annotations.find(key);
  return found == entry.annotations.end() ? std::string() : found->second;
}

std::string ref_name(const content::Descriptor& entry) {
  return annotation(entry, "org.opencontainers.image.ref.name");
}

std::string full_name(const content::Descriptor& entry) {
  return annotation(entry, "io.containerd.image.name");
}

/// What `cosign save` says of an entry: "image", "imageIndex", "sigs", "atts".
std::string cosign_kind(const content::Descriptor& entry) {
  const std::string kind = annotation(entry, "kind");
  return kind.starts_with(kCosign) ? kind.substr(kCosign.size()) : std::string();
}

/// The digest in "sha256-0a1b….sig" or "sha256-0a1b…".
std::optional<Digest> subject_in(std::string_view tag) {
  std::string text(tag.substr(0, tag.find('.')));
  const auto dash = text.find('-');
  if (dash == std::string::npos) return std::nullopt;
  text[dash] = ':';
  const auto digest = Digest::parse(text);
  return digest ? std::optional(*digest) : std::nullopt;
}

/// By name where that tells them apart, else by digest.
std::string shown(const content::Descriptor& entry, const std::vector<content::Descriptor>& all) {
  const std::string name = name_of(entry);
  const auto alike = std::ranges::count_if(all, [&](const auto& each) { return name_of(each) == name; });
  std::string out = name.empty() ? entry.digest.str() : quoted(name);
  if (!name.empty() && alike > 1) out += " (" + entry.digest.str() + ")";
  if (entry.platform) out += " for " + content::to_string(*entry.platform);
  return out;
}

}  // namespace

Result<std::vector<content::Descriptor>> parse_layout_index(std::string bytes) {
  content::ManifestBytes index;
  index.descriptor.media_type = content::kOciIndex;
  index.descriptor.digest = Digest::of(bytes);
  index.descriptor.size = static_cast<std::int64_t>(bytes.size());
  index.bytes = std::move(bytes);
  auto parsed = content::parse_manifest(index);
  if (!parsed) return while_doing("index.json", std::move(parsed.error()));
  return std::move(std::get<content::ImageIndex>(*parsed).manifests);
}

Result<void> check_layout_version(std::string_view bytes) {
  const Document document = parse_json(bytes, "oci-layout");
  const std::string version = json::text_at(document.root, "imageLayoutVersion");
  if (version.starts_with("1.")) return {};
  return fail(ErrorClass::Invalid, "oci-layout names the version " + quoted(version) + ", not 1.0.0",
              "write the image as an OCI layout of version 1.0.0");
}

std::string name_of(const content::Descriptor& entry) {
  const std::string full = full_name(entry);
  return full.empty() ? ref_name(entry) : full;
}

std::string names_of_images(const std::vector<content::Descriptor>& entries) {
  std::set<std::string> told;
  std::string names;
  for (const content::Descriptor& entry : entries) {
    const std::string name = name_of(entry);
    if (name.empty() || is_attached(entry) || !told.insert(name).second) continue;
    if (told.size() > kMostChoicesShown) return names + ", …";
    names += (names.empty() ? "" : ", ") + quoted(name);
  }
  return names;
}

bool is_same_image(const std::string& one, const std::string& other) {
  const auto left = ImageReference::parse(one);
  const auto right = ImageReference::parse(other);
  return left && right && *left == *right;
}

bool is_named(const content::Descriptor& entry, const std::string& wanted) {
  if (ref_name(entry) == wanted) return true;
  const std::string full = full_name(entry);
  return !full.empty() && (full == wanted || is_same_image(full, wanted));
}

bool is_attached(const content::Descriptor& entry) {
  const std::string kind = cosign_kind(entry);
  return kind == "sigs" || kind == "atts" || is_attached_tag(ref_name(entry));
}

bool is_attached_tag(const std::string& tag) {
  return subject_in(tag).has_value();
}

std::vector<content::Descriptor> saved_by_cosign(const std::vector<content::Descriptor>& entries,
                                                 const std::string& tag) {
  std::vector<content::Descriptor> out;
  const auto subject = subject_in(tag);
  const std::string kind = tag.ends_with(".sig") ? "sigs" : tag.ends_with(".att") ? "atts" : "";
  if (!subject || kind.empty()) return out;
  const auto image = std::ranges::find_if(
      entries, [&](const auto& entry) { return entry.digest == *subject && !cosign_kind(entry).empty(); });
  if (image == entries.end()) return out;
  for (const auto& entry : entries)
    if (cosign_kind(entry) == kind && ref_name(entry) == ref_name(*image)) out.push_back(entry);
  return out;
}

Result<std::optional<content::Descriptor>> only_one(const std::vector<content::Descriptor>& candidates) {
  std::vector<content::Descriptor> different;
  for (const auto& each : candidates)
    if (std::ranges::find(different, each.digest, &content::Descriptor::digest) == different.end())
      different.push_back(each);
  if (different.empty()) return std::nullopt;
  if (different.size() == 1) return different.front();
  std::string choices;
  for (std::size_t i = 0; i < std::min(different.size(), kMostChoicesShown); ++i)
    choices += (i == 0 ? "" : ", ") + shown(different[i], different);
  if (different.size() > kMostChoicesShown) choices += ", …";
  return fail(ErrorClass::Invalid,
              "there are " + std::to_string(different.size()) + " images to choose from: " + choices,
              "name one of them in `image` of the source, or its digest in source.digest");
}

}  // namespace slipway::sources
