#include "reconcilers/content/platform_subset.h"

#include <algorithm>
#include <set>
#include <utility>

#include "crds/base/document.h"
#include "reconcilers/content/kept.h"
#include "reconcilers/content/runnable.h"
#include "reconcilers/json.h"

namespace slipway::content {

namespace {

/// BuildKit's mark on an attestation manifest: the digest of the image that it is about.
constexpr std::string_view kAbout = "vnd.docker.reference.digest";

Result<std::vector<Platform>> parse_all(std::span<const std::string> wanted) {
  std::vector<Platform> out;
  for (const auto& text : wanted) {
    auto platform = parse_platform(text);
    if (!platform) return std::unexpected(platform.error());
    out.push_back(std::move(*platform));
  }
  return out;
}

std::string names_of(const std::vector<Platform>& offered) {
  std::set<std::string> names;
  for (const auto& platform : offered) names.insert(to_string(platform));
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none that says its platform" : out;
}

Result<void> check_offered(const std::vector<Platform>& wanted, const std::vector<Platform>& offered) {
  for (const auto& platform : wanted) {
    const bool there =
        std::any_of(offered.begin(), offered.end(), [&](const Platform& one) { return serves(one, platform); });
    if (there) continue;
    return fail(ErrorClass::NotFound,
                "the source has no image for " + to_string(platform) + "; it has " + names_of(offered),
                "build the image for " + to_string(platform) + " too, or take it out of spec.source.platforms");
  }
  return {};
}

bool is_wanted(const Descriptor& child, const std::vector<Platform>& wanted) {
  if (!child.platform || is_attestation(child)) return false;
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const Platform& platform) { return serves(*child.platform, platform); });
}

/// One mark a child: kept or not.
std::vector<bool> choose(const std::vector<Descriptor>& children, const std::vector<Platform>& wanted) {
  std::vector<bool> kept;
  std::set<std::string> digests;
  for (const auto& child : children) {
    kept.push_back(is_wanted(child, wanted));
    if (kept.back()) digests.insert(child.digest.str());
  }
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (!is_attestation(children[i])) continue;
    const auto about = children[i].annotations.find(std::string(kAbout));
    kept[i] = about != children[i].annotations.end() && digests.contains(about->second);
  }
  return kept;
}

/// The source's own JSON without the entries that are left out: whatever else it says is said by the subset too.
ManifestBytes without(const ManifestBytes& source, const std::vector<bool>& kept) {
  Node root = parse_json(source.bytes, "").root;
  for (auto& member : root.members) {
    if (member.key != "manifests") continue;
    std::vector<Node> items;
    for (std::size_t i = 0; i < member.value.items.size(); ++i)
      if (kept[i]) items.push_back(std::move(member.value.items[i]));
    member.value.items = std::move(items);
  }
  ManifestBytes out{.descriptor = source.descriptor, .bytes = to_json_text(root)};
  out.descriptor.digest = Digest::of(out.bytes);
  out.descriptor.size = static_cast<std::int64_t>(out.bytes.size());
  return out;
}

std::vector<Platform> platforms_of(const ImageIndex& index) {
  std::vector<Platform> out;
  for (const auto& child : index.manifests)
    if (child.platform && !is_attestation(child)) out.push_back(*child.platform);
  return out;
}

PlatformSubset cut(const ManifestBytes& source, const ImageIndex& index, const std::vector<bool>& kept) {
  PlatformSubset out;
  for (std::size_t i = 0; i < kept.size(); ++i)
    if (!kept[i]) out.left_out.push_back(kept_manifest(index.manifests[i]));
  out.root = out.left_out.empty() ? source : without(source, kept);
  return out;
}

}  // namespace

Result<PlatformSubset> take_platforms(const ManifestBytes& source, std::span<const std::string> wanted,
                                      const std::optional<Platform>& single) {
  const auto manifest = parse_manifest(source);
  if (!manifest) return std::unexpected(manifest.error());
  const auto platforms = parse_all(wanted);
  if (!platforms) return std::unexpected(platforms.error());
  const auto* index = std::get_if<ImageIndex>(&*manifest);
  const std::vector<Platform> offered = index != nullptr ? platforms_of(*index)
                                        : single         ? std::vector<Platform>{*single}
                                                         : std::vector<Platform>{};
  if (const auto checked = check_offered(*platforms, offered); !checked) return std::unexpected(checked.error());
  if (index == nullptr || platforms->empty()) return PlatformSubset{.root = source, .left_out = {}};
  return cut(source, *index, choose(index->manifests, *platforms));
}

}  // namespace slipway::content
