#include "controller/sources/layout_images.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "controller/sources/blob_file.h"
#include "controller/sources/layout_index.h"
#include "crds/base/document.h"
#include "crds/base/text.h"
#include "reconcilers/content/kept.h"
#include "reconcilers/json.h"

namespace slipway::sources {
namespace {

using content::Descriptor;
using content::ManifestBytes;

constexpr std::size_t kMostReferrers = 1000;
constexpr std::size_t kMostParts = 100'000;

std::string file_of(const Digest& digest) {
  return "blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.hex());
}

bool contains(const std::vector<Descriptor>& all, const Digest& digest) {
  return std::ranges::find(all, digest, &Descriptor::digest) != all.end();
}

/// OCI bodies may leave their media type out (manifest.md); then their shape tells.
std::string media_type_of(std::string_view bytes) {
  const Document document = parse_json(bytes, "", content::kManifestLimits);
  std::string said = json::text_at(document.root, "mediaType");
  if (!said.empty()) return said;
  return std::string(document.root.find("manifests") != nullptr ? content::kOciIndex : content::kOciManifest);
}

/// As the distribution specification has the list of referrers: an image without artifactType has its config's.
Descriptor as_referrer(const Descriptor& entry, const content::Manifest& manifest) {
  Descriptor out = entry;
  out.artifact_type = std::visit([](const auto& body) { return body.artifact_type; }, manifest);
  if (const auto* image = std::get_if<content::ImageManifest>(&manifest); image && out.artifact_type.empty())
    out.artifact_type = image->config.media_type;
  return content::kept_manifest(out);
}

Result<void> check_agrees(const Descriptor& entry, const Descriptor& is) {
  if (entry.size == is.size && entry.media_type == is.media_type) return {};
  return not_whole("manifest " + entry.digest.str() + " has " + std::to_string(is.size) + " bytes of " +
                   slipway::quoted(is.media_type) + ", index.json says " + std::to_string(entry.size) + " bytes of " +
                   slipway::quoted(entry.media_type));
}

/// For want of the file `missing`. docker save lists its images in manifest.json, skopeo's dir: has the image's own
/// there.
std::unexpected<Error> is_no_layout(FileSet& files, const std::string& name, const std::string& missing,
                                    const std::stop_token& stop) {
  const std::string why = " OCI layout: " + missing + " is missing";
  const Result<std::string> saved = read_small(files, {.file = "manifest.json"}, stop);
  if (!saved)
    return fail(ErrorClass::Invalid, "it is no" + why,
                "name an OCI layout; what docker save writes is given as dockerArchive");
  if (parse_json(*saved, "", content::kManifestLimits).root.kind == Node::Kind::Map)
    return fail(ErrorClass::Invalid, "it is what skopeo writes to dir:, not an" + why,
                "make a layout of it (skopeo copy dir:" + name + " oci:layout), and name that");
  return fail(ErrorClass::Invalid, "it is what docker save writes, not an" + why,
              files.is_archive() ? "give it as source.dockerArchive: {path: " + name + "}"
                                 : "pack it (tar -cf image.tar -C " + name +
                                       " .), and give the archive as source.dockerArchive: {path: image.tar}");
}

}  // namespace

LayoutImages::LayoutImages(std::string name, std::shared_ptr<FileSet> files, std::string field)
    : name_(std::move(name)), files_(std::move(files)), field_(std::move(field)) {}

Result<std::vector<Descriptor>> LayoutImages::read_entries(const std::stop_token& stop) {
  const auto no_layout = [&](const std::string& file) { return is_no_layout(*files_, name_, file, stop); };
  const Result<std::string> version = read_small(*files_, {.file = "oci-layout", .limit = 64u << 10}, stop);
  if (!version && version.error().cls == ErrorClass::NotFound) return no_layout("oci-layout");
  if (!version) return std::unexpected(version.error());
  if (Result<void> known = check_layout_version(*version); !known) return std::unexpected(known.error());
  Result<std::string> index = read_small(*files_, {.file = "index.json"}, stop);
  if (!index && index.error().cls == ErrorClass::NotFound) return no_layout("index.json");
  if (!index) return std::unexpected(index.error());
  return parse_layout_index(std::move(*index));
}

Result<const std::vector<Descriptor>*> LayoutImages::entries(const std::stop_token& stop) {
  auto known = entries_.lock();  // Held while reading: the others wait for it instead of reading too.
  if (*known) return &**known;
  Result<std::vector<Descriptor>> read = read_entries(stop);
  if (!read) return std::unexpected(read.error());
  *known = std::move(*read);
  return &**known;
}

Result<ManifestBytes> LayoutImages::read_manifest(const Digest& digest, const std::stop_token& stop) {
  Result<std::string> bytes = read_small(*files_, {.file = file_of(digest)}, stop);
  if (!bytes) return std::unexpected(bytes.error());
  if (Result<void> good = check_digest(*bytes, digest); !good) return std::unexpected(good.error());
  ManifestBytes out;
  out.descriptor.media_type = media_type_of(*bytes);
  out.descriptor.digest = digest;
  out.descriptor.size = static_cast<std::int64_t>(bytes->size());
  out.bytes = std::move(*bytes);
  return out;
}

/// An entry whose manifest is not there or is none still counts as an image: whoever asks for it hears what is wrong.
Result<LayoutImages::Listed> LayoutImages::look_at(const Descriptor& entry, const std::stop_token& stop) {
  const Result<ManifestBytes> bytes = read_manifest(entry.digest, stop);
  if (!bytes && bytes.error().cls != ErrorClass::NotFound && bytes.error().cls != ErrorClass::Integrity)
    return std::unexpected(bytes.error());
  if (!bytes) return Listed{.entry = entry};
  const auto manifest = content::parse_manifest(*bytes);
  if (!manifest) return Listed{.entry = entry};
  Listed out{.entry = as_referrer(entry, *manifest)};
  const auto subject = std::visit([](const auto& body) { return body.subject; }, *manifest);
  if (subject) out.subject = subject->digest;
  if (!subject) out.entry = entry;
  if (const auto* index = std::get_if<content::ImageIndex>(&*manifest))
    for (const auto& child : index->manifests) out.children.push_back(child.digest);
  return out;
}

Result<const std::vector<LayoutImages::Listed>*> LayoutImages::survey(const std::stop_token& stop) {
  const Result<const std::vector<Descriptor>*> all = entries(stop);
  if (!all) return std::unexpected(all.error());
  auto known = survey_.lock();  // As in entries().
  if (*known) return &**known;
  std::vector<Listed> read;
  std::size_t parts = 0;
  for (const auto& entry : **all) {
    Result<Listed> listed = look_at(entry, stop);
    if (!listed) return std::unexpected(listed.error());
    parts += listed->children.size();
    if (parts > kMostParts) return not_whole("the indexes that index.json lists have more than 100,000 parts");
    read.push_back(std::move(*listed));
  }
  *known = std::move(read);
  return &**known;
}

Result<std::vector<Descriptor>> LayoutImages::images(const std::stop_token& stop) {
  const Result<const std::vector<Listed>*> all = survey(stop);
  if (!all) return std::unexpected(all.error());
  std::vector<Digest> parts;
  for (const auto& each : **all) parts.insert(parts.end(), each.children.begin(), each.children.end());
  std::vector<Descriptor> out;
  for (const auto& each : **all)
    if (!each.subject && !is_attached(each.entry) && std::ranges::find(parts, each.entry.digest) == parts.end())
      out.push_back(each.entry);
  return out;
}

Result<std::vector<Descriptor>> LayoutImages::candidates(const std::string& tag, const std::stop_token& stop) {
  const Result<const std::vector<Descriptor>*> all = entries(stop);
  if (!all) return std::unexpected(all.error());
  if (tag.empty()) return images(stop);
  std::vector<Descriptor> named = saved_by_cosign(**all, tag);
  const bool wants_attached = is_attached_tag(tag);
  for (const auto& entry : **all)
    if (is_named(entry, tag) && is_attached(entry) == wants_attached) named.push_back(entry);
  return named;
}

Result<std::optional<Descriptor>> LayoutImages::resolve(const std::string& tag, std::stop_token stop) {
  const Result<std::vector<Descriptor>> found = candidates(tag, stop);
  if (!found) return while_doing(name_, found.error());
  const Result<std::optional<Descriptor>> one = only_one(*found);
  if (!one) return while_doing(name_, one.error());
  if (!*one && (field_.empty() || tag.empty() || is_attached_tag(tag))) return std::nullopt;
  if (!*one) return no_image(tag, stop);
  Result<ManifestBytes> manifest = read_manifest((*one)->digest, stop);
  if (!manifest) return while_doing(name_, std::move(manifest.error()));
  if (Result<void> good = check_agrees(**one, manifest->descriptor); !good) return while_doing(name_, good.error());
  return std::move(manifest->descriptor);
}

std::unexpected<Error> LayoutImages::no_image(const std::string& tag, const std::stop_token& stop) {
  const Result<const std::vector<Descriptor>*> all = entries(stop);
  if (!all) return while_doing(name_, all.error());
  const std::string what = "it has no image " + slipway::quoted(tag);
  const std::string put_it = "write " + slipway::quoted(tag) + " there";
  const std::string names = names_of_images(**all);
  if (!names.empty())
    return fail(ErrorClass::NotFound, what + "; it holds " + names, "name one of them in " + field_ + ", or " + put_it);
  if ((*all)->empty()) return fail(ErrorClass::NotFound, what + ", nor any other", put_it);
  return fail(ErrorClass::NotFound, what + "; what it holds has no name",
              "remove " + field_ + " if it holds one image, else name its digest in spec.source.digest; or " + put_it);
}

Result<std::optional<Descriptor>> LayoutImages::find_manifest(const Digest& digest, std::stop_token stop) {
  Result<ManifestBytes> found = manifest(digest, std::move(stop));
  if (found) return std::move(found->descriptor);
  if (found.error().cls == ErrorClass::NotFound) return std::nullopt;
  return std::unexpected(std::move(found.error()));
}

Result<ManifestBytes> LayoutImages::manifest(const Digest& digest, std::stop_token stop) {
  Result<ManifestBytes> found = read_manifest(digest, stop);
  return found ? found : while_doing(name_, std::move(found.error()));
}

Result<std::string> LayoutImages::small_blob(const Descriptor& blob, std::size_t limit, std::stop_token stop) {
  Result<std::string> read = read_small_blob({*files_, file_of(blob.digest), blob}, limit, std::move(stop));
  return read ? read : while_doing(name_, std::move(read.error()));
}

Result<void> LayoutImages::read_blob(const Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                                     std::stop_token stop) {
  return sources::read_blob({*files_, file_of(blob.digest), blob}, offset, sink, std::move(stop));
}

// Distribution specification 1.1, "Referrers Tag Schema": what is copied from a registry without the API is listed
// there.
Result<void> LayoutImages::add_fallback(const Digest& subject, std::vector<Descriptor>& all,
                                        const std::stop_token& stop) {
  const std::string tag = std::string(subject.algorithm()) + "-" + std::string(subject.hex()).substr(0, 64);
  const Result<std::vector<Descriptor>> found = candidates(tag, stop);
  if (!found) return std::unexpected(found.error());
  const Result<std::optional<Descriptor>> one = only_one(*found);
  if (!one) return std::unexpected(one.error());
  if (!*one) return {};
  const Result<ManifestBytes> bytes = read_manifest((*one)->digest, stop);
  if (!bytes) return std::unexpected(bytes.error());
  const auto manifest = content::parse_manifest(*bytes);
  if (!manifest) return std::unexpected(manifest.error());
  const auto* index = std::get_if<content::ImageIndex>(&*manifest);
  if (!index) return {};
  for (const auto& each : index->manifests)
    if (!contains(all, each.digest)) all.push_back(content::kept_manifest(each));
  return {};
}

Result<std::vector<Descriptor>> LayoutImages::referrers(const Digest& subject, std::stop_token stop) {
  const Result<const std::vector<Listed>*> all = survey(stop);
  if (!all) return while_doing(name_, all.error());
  std::vector<Descriptor> out;
  for (const auto& each : **all)
    if (each.subject == subject && !contains(out, each.entry.digest)) out.push_back(each.entry);
  if (Result<void> added = add_fallback(subject, out, stop); !added) return while_doing(name_, added.error());
  if (out.size() > kMostReferrers)
    return while_doing(name_, not_whole("more than 1,000 manifests refer to " + subject.str()).error());
  return out;
}

}  // namespace slipway::sources
