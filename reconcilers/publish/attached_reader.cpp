#include "reconcilers/publish/attached_reader.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <variant>

namespace slipway::publish {
namespace {

constexpr std::size_t kMaxAttached = 200;
constexpr int kMaxLevels = 4;
constexpr std::array<std::string_view, 3> kTagEndings{".sig", ".att", ".sbom"};

class AttachedReader {
 public:
  AttachedReader(Content& content, const Places& places) : content_(content), places_(places) {}

  Result<void> read(const Digest& source) {
    const auto manifests = content_.manifests;
    for (const auto& manifest : manifests) {
      if (content::is_attestation(manifest)) continue;
      if (auto read = read_about(manifest); !read) return read;
    }
    return source == content_.root.digest ? Result<void>{} : leave_behind(source);
  }

 private:
  Result<void> read_about(const content::Descriptor& subject) {
    if (auto found = follow(subject, 1); !found) return found;
    for (const auto ending : kTagEndings)
      if (auto found = look_for_tag(subject, ending); !found) return found;
    return {};
  }

  Result<void> follow(const content::Descriptor& subject, int level) {
    auto referrers = places_.source.referrers(subject.digest, places_.stop);
    if (!referrers) return while_doing("referrers of " + subject.digest.str(), std::move(referrers.error()));
    if (auto looked = look_at_destination(subject.digest); !looked) return looked;
    for (const auto& referrer : *referrers) {
      if (referrer.artifact_type == kRecordType || content_.bytes.contains(referrer.digest)) continue;
      const bool is_there = content_.present.contains(referrer.digest);
      auto added = is_there ? Result<bool>(true) : add({.manifest = referrer, .subject = subject, .tag = ""});
      if (!added) return std::unexpected(std::move(added.error()));
      if (!*added || level == kMaxLevels) continue;
      if (auto deeper = follow(referrer, level + 1); !deeper) return deeper;
    }
    return {};
  }

  Result<void> look_at_destination(const Digest& subject) {
    if (!content_.present.contains(subject)) return {};
    auto there = places_.destination.referrers(subject, places_.stop);
    if (!there) return while_doing("referrers of " + subject.str(), std::move(there.error()));
    for (const auto& referrer : *there) content_.present.insert(referrer.digest);
    return {};
  }

  Result<void> look_for_tag(const content::Descriptor& subject, std::string_view ending) {
    const auto tag =
        std::string(subject.digest.algorithm()) + "-" + std::string(subject.digest.hex()) + std::string(ending);
    auto found = places_.source.resolve(tag, places_.stop);
    if (!found) return while_doing("tag " + tag + " of the source", std::move(found.error()));
    if (!*found) return {};
    auto added = add({.manifest = **found, .subject = subject, .tag = tag});
    return added ? Result<void>{} : std::unexpected(std::move(added.error()));
  }

  /// False: it is an index, which nobody attaches today, or a record by its own word; it stays behind.
  Result<bool> add(Attached attached) {
    if (content_.attached.size() >= kMaxAttached)
      return fail(ErrorClass::Integrity, "more than 200 artifacts are attached to " + content_.root.digest.str(),
                  "remove some of them at the source, or set source.referrers: None");
    auto bytes = places_.source.manifest(attached.manifest.digest, places_.stop);
    if (!bytes) return while_doing("source " + places_.source.name(), std::move(bytes.error()));
    auto parsed = content::parse_manifest(*bytes);
    if (!parsed) return while_doing("manifest " + attached.manifest.digest.str(), std::move(parsed.error()));
    const auto* manifest = std::get_if<content::ImageManifest>(&*parsed);
    if (!manifest || is_record(*manifest)) {
      content_.left_out.push_back(attached.manifest);
      return false;
    }
    add_blob(manifest->config);
    for (const auto& layer : manifest->layers) add_blob(layer);
    content_.bytes.emplace(attached.manifest.digest, std::move(*bytes));
    content_.attached.push_back(std::move(attached));
    return true;
  }

  void add_blob(const content::Descriptor& blob) {
    const auto known = [&](const auto& blobs) {
      return std::ranges::find(blobs, blob.digest, &content::Descriptor::digest) != blobs.end();
    };
    if (!known(content_.blobs) && !known(content_.attached_blobs)) content_.attached_blobs.push_back(blob);
  }

  Result<void> leave_behind(const Digest& source) {
    auto referrers = places_.source.referrers(source, places_.stop);
    if (!referrers) return while_doing("referrers of " + source.str(), std::move(referrers.error()));
    for (auto& referrer : *referrers)
      if (referrer.artifact_type != kRecordType) content_.left_out.push_back(std::move(referrer));
    return {};
  }

  Content& content_;
  const Places& places_;
};

}  // namespace

Result<void> read_attached(Content& content, const Digest& source, const Places& places) {
  return AttachedReader(content, places).read(source);
}

}  // namespace slipway::publish
