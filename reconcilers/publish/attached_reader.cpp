#include "reconcilers/publish/attached_reader.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "reconcilers/brief_digest.h"
#include "reconcilers/content/kept.h"
#include "reconcilers/content/runnable.h"

namespace slipway::publish {
namespace {

constexpr std::size_t kMaxAttached = 200;
constexpr std::size_t kMaxLookedAt = 1000;
constexpr int kMaxLevels = 4;
/// Of the list of what is attached to one manifest at the destination, which registries and Slipway read up to 1,000
/// entries and 4 MiB: the rest is for publication records, and for what others attach.
constexpr std::size_t kMaxListed = 800;
constexpr std::size_t kMaxListBytes = 2u << 20;
constexpr std::size_t kMaxAddedBytes = 256u << 10;
/// Of a tag of Cosign, which reads 1,000: whoever signs at the destination adds some.
constexpr std::size_t kMaxLayersUnderTag = 900;
constexpr std::array<std::string_view, 3> kTagEndings{".sig", ".att", ".sbom"};

class AttachedReader {
 public:
  AttachedReader(Content& content, const AttachedQuestion& question, const Places& places)
      : content_(content), question_(question), places_(places) {
    for (const auto& blob : content_.blobs) sizes_.emplace(blob.digest, blob.size);
  }

  Result<void> read() {
    auto tags = places_.source.tags(places_.stop);
    if (!tags) return while_doing("tags of " + places_.source.name(), std::move(tags.error()));
    tags_ = std::move(*tags);
    const auto manifests = content_.manifests;
    for (const auto& manifest : manifests) {
      if (content::is_attestation(manifest)) continue;
      if (auto read = read_about(manifest); !read) return read;
    }
    return question_.source == content_.root.digest ? Result<void>{} : leave_behind(question_.source);
  }

 private:
  Result<void> read_about(const content::Descriptor& subject) {
    if (auto found = follow(subject, 1); !found) return found;
    for (const auto ending : kTagEndings)
      if (auto found = look_for_tag(subject, ending); !found) return found;
    return {};
  }

  Result<void> follow(const content::Descriptor& subject, int level) {
    followed_.insert(subject.digest);
    auto referrers = places_.source.referrers(subject.digest, places_.stop);
    if (!referrers) return while_doing("referrers of " + subject.digest.str(), std::move(referrers.error()));
    if (auto looked = look_at_destination(subject.digest); !looked) return looked;
    for (const auto& listed : *referrers) {
      const auto referrer = content::kept_manifest(listed);
      if (referrer.artifact_type == kRecordType || content_.bytes.contains(referrer.digest)) continue;
      const bool is_there = content_.present.contains(referrer.digest);
      if (is_there && followed_.contains(referrer.digest)) continue;
      auto added = is_there ? look_at_one_more() : add({.manifest = referrer, .subject = subject, .tag = ""});
      if (!added) return std::unexpected(std::move(added.error()));
      if (!*added || level == kMaxLevels) continue;
      if (auto deeper = follow(referrer, level + 1); !deeper) return deeper;
    }
    return {};
  }

  Result<void> look_at_destination(const Digest& subject) {
    if (!content_.present.contains(subject)) return {};
    auto there = places_.destination.referrers(subject, places_.stop);
    if (!there && there.error().cls == ErrorClass::Integrity) {
      lists_[subject].entries = kMaxListed;
      return {};
    }
    if (!there) return while_doing("referrers of " + subject.str(), std::move(there.error()));
    List& list = lists_[subject];
    list.entries = there->size();
    for (const auto& referrer : *there) {
      list.bytes += static_cast<std::size_t>(std::clamp<std::int64_t>(referrer.size, 0, kMaxListBytes));
      content_.present.insert(referrer.digest);
    }
    return {};
  }

  Result<void> look_for_tag(const content::Descriptor& subject, std::string_view ending) {
    const auto tag =
        std::string(subject.digest.algorithm()) + "-" + std::string(subject.digest.hex()) + std::string(ending);
    if (tags_ && !tags_->contains(tag)) return {};
    auto found = places_.source.resolve(tag, places_.stop);
    if (!found) return while_doing("tag " + tag + " of the source", std::move(found.error()));
    if (!*found) return {};
    auto added = add({.manifest = content::kept_manifest(**found), .subject = subject, .tag = tag});
    return added ? Result<void>{} : std::unexpected(std::move(added.error()));
  }

  Result<bool> look_at_one_more() {
    if (++looked_at_ <= kMaxLookedAt) return true;
    return fail(ErrorClass::Integrity, "more than 1,000 artifacts are listed for " + content_.root.digest.str(),
                "remove some of them at the source, or set source.referrers: None");
  }

  /// False: it stays behind.
  Result<bool> add(Attached attached) {
    if (content_.attached.size() >= kMaxAttached)
      return fail(ErrorClass::Integrity, "more than 200 artifacts are attached to " + content_.root.digest.str(),
                  "remove some of them at the source, or set source.referrers: None");
    if (stays_behind(attached)) return false;
    if (auto looked = look_at_one_more(); !looked) return looked;
    auto bytes = places_.source.manifest(attached.manifest.digest, places_.stop);
    if (!bytes) return while_doing("source " + places_.source.name(), std::move(bytes.error()));
    auto parsed = content::parse_manifest(*bytes);
    if (!parsed) return while_doing("manifest " + attached.manifest.digest.str(), std::move(parsed.error()));
    const auto* manifest = std::get_if<content::ImageManifest>(&*parsed);
    auto travels = manifest && !is_record(*parsed) ? may_travel(*manifest, attached) : leave(attached);
    if (!travels) return travels;
    if (!*travels) {
      const auto subject = manifest ? subject_of(*manifest) : std::nullopt;
      left_.insert_or_assign(attached.manifest.digest,
                             Left{.subject = subject, .for_good = !manifest || refers(subject, attached)});
      return false;
    }
    take_place(*manifest, attached);
    if (auto taken = places_.budget.take(bytes->bytes.size()); !taken) return std::unexpected(std::move(taken.error()));
    if (auto added = add_blobs(*manifest); !added) return std::unexpected(std::move(added.error()));
    content_.bytes.emplace(attached.manifest.digest, std::move(*bytes));
    content_.attached.push_back(std::move(attached));
    return true;
  }

  Result<bool> may_travel(const content::ImageManifest& manifest, const Attached& attached) {
    if (!refers(subject_of(manifest), attached)) return leave(attached, "it does not refer to that");
    if (!attached.tag.empty() && manifest.layers.size() > kMaxLayersUnderTag)
      return leave(attached, "it has more than " + std::to_string(kMaxLayersUnderTag) +
                                 " layers, and Cosign reads 1,000, those that are added there included");
    if (!agrees_on_sizes(manifest))
      return leave(attached, "it gives a blob another size than what is published with it");
    if (!fits_list(manifest, attached))
      return leave(attached, "the list of what is attached to that would be too long to be read");
    if (!question_.gated) return true;
    auto runnable = is_runnable(manifest);
    if (!runnable || !*runnable) return runnable ? Result<bool>(true) : runnable;
    return leave(attached, "it is an image, which no gate has judged");
  }

  static std::optional<Digest> subject_of(const content::ImageManifest& manifest) {
    return manifest.subject ? std::optional(manifest.subject->digest) : std::nullopt;
  }

  /// A registry lists what it likes. By the tag scheme the tag alone refers.
  static bool refers(const std::optional<Digest>& subject, const Attached& attached) {
    return subject ? *subject == attached.subject.digest : !attached.tag.empty();
  }

  /// Known without looking at it again: it may be listed in many places.
  bool stays_behind(const Attached& attached) const {
    const auto known = left_.find(attached.manifest.digest);
    return known != left_.end() && (known->second.for_good || !refers(known->second.subject, attached));
  }

  /// What the registry's entry for it takes, which repeats the manifest's annotations.
  static std::size_t bytes_in_list(const content::ImageManifest& manifest) {
    std::size_t bytes = 0;
    for (const auto& [key, value] : manifest.annotations) bytes += key.size() + value.size();
    return bytes;
  }

  bool fits_list(const content::ImageManifest& manifest, const Attached& attached) {
    if (!manifest.subject) return true;
    const List& taken = lists_[attached.subject.digest];
    const std::size_t bytes = bytes_in_list(manifest);
    return taken.entries < kMaxListed && taken.added + bytes <= kMaxAddedBytes && taken.bytes + bytes <= kMaxListBytes;
  }

  void take_place(const content::ImageManifest& manifest, const Attached& attached) {
    if (!manifest.subject) return;
    List& taken = lists_[attached.subject.digest];
    ++taken.entries;
    taken.added += bytes_in_list(manifest);
    taken.bytes += bytes_in_list(manifest);
  }

  /// One blob has one size: the image's word counts, then that of what was attached before.
  bool agrees_on_sizes(const content::ImageManifest& manifest) const {
    const auto agrees = [&](const content::Descriptor& blob) {
      const auto known = sizes_.find(blob.digest);
      return known == sizes_.end() || known->second == blob.size;
    };
    return agrees(manifest.config) && std::ranges::all_of(manifest.layers, agrees);
  }

  /// Cosign's tags hold signatures in the form of images: media types, the config and the bytes tell them from images.
  Result<bool> is_runnable(const content::ImageManifest& manifest) {
    if (!content::may_be_image(manifest)) return false;
    if (!content::holds_only_statements(manifest)) return true;
    auto config = places_.source.small_blob(manifest.config, content::kMaxManifestBytes, places_.stop);
    if (!config) return while_doing("source " + places_.source.name(), std::move(config.error()));
    if (auto taken = places_.budget.take(config->size()); !taken) return std::unexpected(std::move(taken.error()));
    const bool platformless = content::is_platformless(*config);
    content_.small_blobs.emplace(manifest.config.digest, std::move(*config));
    if (!platformless) return true;
    auto is_true = places_.statements.holds_statements(manifest);
    return is_true ? Result<bool>(!*is_true) : is_true;
  }

  bool leave(const Attached& attached) {
    content_.left_out.push_back(attached.manifest);
    return false;
  }

  bool leave(const Attached& attached, std::string_view why) {
    content_.notes.push_back("stays behind: " + brief(attached.manifest.digest) + ", attached to " +
                             brief(attached.subject.digest) + ": " + std::string(why));
    return false;
  }

  Result<void> add_blobs(const content::ImageManifest& manifest) {
    if (auto added = add_blob(manifest.config); !added) return added;
    for (const auto& layer : manifest.layers)
      if (auto added = add_blob(layer); !added) return added;
    return {};
  }

  Result<void> add_blob(const content::Descriptor& blob) {
    if (sizes_.emplace(blob.digest, blob.size).second) content_.attached_blobs.push_back(content::kept_blob(blob));
    return check_blob_count(sizes_.size());
  }

  Result<void> leave_behind(const Digest& source) {
    auto referrers = places_.source.referrers(source, places_.stop);
    if (!referrers) return while_doing("referrers of " + source.str(), std::move(referrers.error()));
    for (const auto& referrer : *referrers)
      if (referrer.artifact_type != kRecordType) content_.left_out.push_back(content::kept_manifest(referrer));
    return {};
  }

  /// A manifest that was looked at and does not travel.
  struct Left {
    std::optional<Digest> subject;
    bool for_good = false;  ///< False: it would be looked at again where it refers to the subject.
  };
  /// What is attached to one manifest at the destination, or will be.
  struct List {
    std::size_t entries = 0;
    std::size_t bytes = 0;  ///< Of the annotations: of what is there, at most those of the manifests that hold them.
    std::size_t added = 0;  ///< Of these, what this publication adds.
  };

  Content& content_;
  const AttachedQuestion& question_;
  const Places& places_;
  std::map<Digest, std::int64_t> sizes_;       ///< Of the blobs of the image and of what is attached.
  std::optional<std::set<std::string>> tags_;  ///< Of the source, where it tells them.
  std::set<Digest> followed_;                  ///< Whose referrers were asked for.
  std::map<Digest, Left> left_;
  std::map<Digest, List> lists_;  ///< By subject.
  std::size_t looked_at_ = 0;
};

}  // namespace

Result<void> read_attached(Content& content, const AttachedQuestion& question, const Places& places) {
  return AttachedReader(content, question, places).read();
}

}  // namespace slipway::publish
