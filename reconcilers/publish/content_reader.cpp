#include "reconcilers/publish/content_reader.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <variant>

#include "crds/base/text.h"
#include "reconcilers/content/kept.h"
#include "reconcilers/content/platform_subset.h"
#include "reconcilers/content/runnable.h"
#include "reconcilers/publish/attached_reader.h"
#include "reconcilers/publish/byte_budget.h"
#include "reconcilers/publish/record.h"
#include "reconcilers/publish/statement_reader.h"

namespace slipway::publish {
namespace {

constexpr std::size_t kMaxManifests = 1000;
constexpr int kMaxNesting = 3;
constexpr std::int64_t kMaxUnaskedConfig = 128 << 10;
/// What goes up in the time that a registry on the internet takes to answer a question.
constexpr std::int64_t kMaxUnaskedIntoNothing = 2 << 20;

bool is_image_config(std::string_view media_type) {
  return media_type == content::kOciConfig || media_type == content::kDockerConfig;
}

bool has_image_config(const content::ImageManifest& manifest) {
  return is_image_config(manifest.config.media_type);
}

class ContentReader {
 public:
  ContentReader(const ContentQuestion& question, ImageSource& source, ImageStore& destination, std::stop_token stop)
      : question_(question),
        source_(source),
        destination_(destination),
        stop_(std::move(stop)),
        statements_(source_, answer_.content.small_blobs, stop_) {}

  Result<ContentAnswer> read() {
    auto root = find_root();
    if (!root) return std::unexpected(std::move(root.error()));
    content().root = content::kept_manifest(root->descriptor);
    if (auto added = add(content().root, std::move(*root), 0); !added) return std::unexpected(added.error());
    if (auto kept = check_subjects(); !kept) return std::unexpected(kept.error());
    if (auto looked = look_at_blobs(); !looked) return std::unexpected(looked.error());
    if (!question_.referrers) return std::move(answer_);
    auto attached = read_attached(content(), {.source = question_.source, .gated = question_.gated},
                                  {source_, destination_, budget_, statements_, stop_});
    if (!attached) return std::unexpected(std::move(attached.error()));
    return std::move(answer_);
  }

 private:
  Content& content() { return answer_.content; }
  bool root_is_there() const { return answer_.content.present.contains(answer_.content.root.digest); }

  /// What is published: from the destination when it is known and there, else made of the source.
  Result<content::ManifestBytes> find_root() {
    if (question_.published) {
      auto there = destination_.manifest(*question_.published, stop_);
      if (there) return mark_present(std::move(*there));
      if (there.error().cls != ErrorClass::NotFound) return there;
    }
    auto source = question_.source_bytes ? *question_.source_bytes : source_.manifest(question_.source, stop_);
    if (!source && source.error().cls == ErrorClass::NotFound) return source_is_missing(source.error());
    if (!source) return while_doing("source " + source_.name(), std::move(source.error()));
    auto subset = take_subset(*source);
    if (!subset) return std::unexpected(std::move(subset.error()));
    if (content::is_index(source->descriptor.media_type)) answer_.subject.indexes.push_back(question_.source);
    answer_.subject.is_whole = subset->root.descriptor.digest == question_.source;
    content().left_out = std::move(subset->left_out);
    if (question_.published) return std::move(subset->root);
    auto there = is_at_destination(subset->root.descriptor.digest);
    if (!there) return std::unexpected(std::move(there.error()));
    if (*there) content().present.insert(subset->root.descriptor.digest);
    return std::move(subset->root);
  }

  /// Says what the source holds instead, where its tag tells.
  std::unexpected<Error> source_is_missing(Error error) {
    error.message =
        "source " + source_.name() + " does not hold " + question_.source.str() + ", which " + question_.asked_by;
    error.remedy = "put that image there, or name the digest of one that is there";
    const auto there = question_.tag ? source_.resolve(*question_.tag, stop_) : std::nullopt;
    // A file names the images that it has instead.
    if (!there && (there.error().cls == ErrorClass::NotFound || there.error().cls == ErrorClass::Invalid))
      error.message += "; " + there.error().message;
    if (!there || !*there) return std::unexpected(std::move(error));
    const std::string other = (*there)->digest.str();
    error.message += "; " + (question_.tag->empty() ? "it holds " : "its tag " + *question_.tag + " names ") + other;
    if (other != question_.source.str()) error.remedy = "put that image there, or name " + other + " if you mean it";
    return std::unexpected(std::move(error));
  }

  /// A manifest that neither a tag nor a referrer speaks of is put again, which costs no more than asking for it.
  Result<bool> is_at_destination(const Digest& root) {
    if (question_.into_nothing) {
      auto referrers = destination_.referrers(root, stop_);
      if (!referrers && referrers.error().cls != ErrorClass::Integrity)
        return while_doing("referrers of " + root.str(), std::move(referrers.error()));
      if (referrers && referrers->empty()) return false;
    }
    auto there = destination_.find_manifest(root, stop_);
    if (!there) return std::unexpected(std::move(there.error()));
    return there->has_value();
  }

  content::ManifestBytes mark_present(content::ManifestBytes manifest) {
    content().present.insert(manifest.descriptor.digest);
    return manifest;
  }

  Result<content::PlatformSubset> take_subset(const content::ManifestBytes& source) {
    std::optional<content::Platform> single;
    if (!question_.platforms.empty() && content::is_image_manifest(source.descriptor.media_type)) {
      auto platform = platform_of(source);
      if (!platform) return std::unexpected(std::move(platform.error()));
      single = *platform;
    }
    auto subset = content::take_platforms(source, question_.platforms, single);
    if (!subset) return while_doing("source " + source_.name(), std::move(subset.error()));
    return subset;
  }

  Result<std::optional<content::Platform>> platform_of(const content::ManifestBytes& image) {
    auto parsed = content::parse_manifest(image);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    const auto* manifest = std::get_if<content::ImageManifest>(&*parsed);
    if (!manifest || !has_image_config(*manifest)) return std::nullopt;
    auto config = config_of(*manifest);
    if (!config) return std::unexpected(std::move(config.error()));
    return config->platform;
  }

  /// Adds a manifest and all that it names, children first.
  Result<void> add(const content::Descriptor& named, content::ManifestBytes manifest, int depth) {
    if (content().bytes.size() >= kMaxManifests || depth > kMaxNesting)
      return fail(ErrorClass::Integrity, "index " + content().root.digest.str() + " holds too many manifests or levels",
                  "publish an image of at most 1,000 manifests and 3 levels of indexes");
    auto parsed = content::parse_manifest(manifest);
    if (!parsed) return while_doing("manifest " + named.digest.str(), std::move(parsed.error()));
    if (is_record(*parsed)) return refuse_record(named);
    if (const auto& to = std::visit([](const auto& one) -> const auto& { return one.subject; }, *parsed))
      subjects_.emplace(named.digest, to->digest);
    if (auto taken = budget_.take(manifest.bytes.size()); !taken) return taken;
    content().bytes.emplace(named.digest, std::move(manifest));
    auto added = std::holds_alternative<content::ImageIndex>(*parsed)
                     ? add_children(std::get<content::ImageIndex>(*parsed), named.digest, depth)
                     : add_image(std::get<content::ImageManifest>(*parsed), named);
    if (!added) return added;
    content().manifests.push_back(content::kept_manifest(named));
    return {};
  }

  Result<void> add_children(const content::ImageIndex& index, const Digest& digest, int depth) {
    if (std::ranges::find(answer_.subject.indexes, digest) == answer_.subject.indexes.end())
      answer_.subject.indexes.push_back(digest);
    for (const auto& child : index.manifests) {
      if (content().bytes.contains(child.digest)) continue;
      auto bytes = fetch(child);
      if (!bytes) return std::unexpected(std::move(bytes.error()));
      if (auto added = add(child, std::move(*bytes), depth + 1); !added) return added;
    }
    return {};
  }

  /// A child whose index is at the destination is likely there too; reading it there tells.
  Result<content::ManifestBytes> fetch(const content::Descriptor& child) {
    if (root_is_there()) {
      auto there = destination_.manifest(child.digest, stop_);
      if (there) return agreeing(child, mark_present(std::move(*there)));
      if (there.error().cls != ErrorClass::NotFound) return there;
    }
    auto bytes = source_.manifest(child.digest, stop_);
    if (!bytes) return while_doing("source " + source_.name(), std::move(bytes.error()));
    return agreeing(child, std::move(*bytes));
  }

  static Result<content::ManifestBytes> agreeing(const content::Descriptor& named, content::ManifestBytes bytes) {
    const auto& is = bytes.descriptor;
    if (is.size == named.size && is.media_type == named.media_type) return bytes;
    return fail(ErrorClass::Integrity,
                "manifest " + named.digest.str() + " has " + std::to_string(is.size) + " bytes of " + is.media_type +
                    ", its index says " + std::to_string(named.size) + " bytes of " + named.media_type,
                "build and push the source image again");
  }

  Result<void> add_image(const content::ImageManifest& manifest, const content::Descriptor& named) {
    if (auto added = add_blob(manifest.config); !added) return added;
    for (const auto& layer : manifest.layers)
      if (auto added = add_layer(layer); !added) return added;
    if (!question_.configs) return {};
    if (content::has_unknown_platform(named)) return add_unknown(manifest, named);
    if (has_image_config(manifest)) return add_config(manifest, named);
    add_unreadable(manifest, named);
    return {};
  }

  /// An attestation, or what would pass a gate as one: its content tells. What can't be read is judged all the same.
  Result<void> add_unknown(const content::ImageManifest& manifest, const content::Descriptor& named) {
    if (!question_.gated) return {};
    const bool claims = content::is_attestation(named) && content::holds_only_in_toto(manifest);
    if (!claims && !has_image_config(manifest)) {
      add_unreadable(manifest, named);
      return {};
    }
    auto config = config_bytes(manifest.config);
    if (!config) return std::unexpected(std::move(config.error()));
    auto is_true = claims && content::is_platformless(**config) ? statements_.holds_statements(manifest) : false;
    if (!is_true) return std::unexpected(std::move(is_true.error()));
    if (*is_true) return {};
    if (has_image_config(manifest) && content::parse_config(**config)) return add_config(manifest, named);
    add_unreadable(manifest, named);
    return {};
  }

  static Result<void> refuse_record(const content::Descriptor& named) {
    return fail(ErrorClass::Refused, named.digest.str() + " is a publication record, not an image",
                "publish the image that the record is about");
  }

  /// A registry lists what has a subject beside that, whosever image it is. What was published stays.
  Result<void> check_subjects() {
    if (question_.published) return {};
    for (const auto& [digest, subject] : subjects_)
      if (!content().bytes.contains(subject))
        return fail(ErrorClass::Refused,
                    digest.str() + " refers to " + subject.str() + " (its subject), which is not published with it",
                    "publish the image that it refers to: what is attached to that at the source travels along");
    return {};
  }

  /// Runtimes may run a child whatever the media type of its config: a gate must not overlook it.
  void add_unreadable(const content::ImageManifest& manifest, const content::Descriptor& named) {
    const bool is_child = !answer_.subject.indexes.empty();
    if (is_child)
      answer_.subject.images.push_back({.platform = named.platform.value_or(content::Platform{}),
                                        .digest = named.digest,
                                        .config_digest = manifest.config.digest,
                                        .diff_ids = {},
                                        .lists_layers = false});
  }

  Result<void> add_layer(const content::Descriptor& layer) {
    if (!content::is_foreign_layer(layer.media_type)) return add_blob(layer);
    if (withheld_.contains(layer.digest)) return {};
    const bool is_read_here = question_.published && question_.all_layers;
    auto there = is_read_here ? destination_.has_blob(layer, stop_) : is_at_source(layer);
    if (!there) return std::unexpected(std::move(there.error()));
    if (*there) return add_blob(layer);
    if (question_.all_layers) return refuse_withheld(layer);
    withheld_.insert(layer.digest);
    return check_blob_count(sizes_.size() + withheld_.size());
  }

  Result<void> refuse_withheld(const content::Descriptor& layer) const {
    const std::string place = question_.published ? destination_.name() : "source " + source_.name();
    const std::string remedy = "push that layer to " + place + " too (Docker: allow-nondistributable-artifacts)";
    return fail(ErrorClass::Refused,
                "layer " + layer.digest.str() + " of type " + quoted(layer.media_type, 200) + " is not at " + place +
                    ": nothing can tell what is in it",
                question_.gated ? remedy : remedy + ", or use `verify: Standard`");
  }

  /// A layer that a licence keeps where it is may be missing at the source. One of a finished publication went up with
  /// it or never will.
  Result<bool> is_at_source(const content::Descriptor& layer) {
    if (question_.published) return false;
    bool begun = false;
    const auto enough = [&](std::span<const std::byte>) -> Result<void> {
      begun = true;
      return fail(ErrorClass::Cancelled, "it is there");
    };
    auto read = source_.read_blob(layer, 0, enough, stop_);
    if (read || begun) return true;
    if (read.error().cls == ErrorClass::NotFound) return false;
    return while_doing("source " + source_.name(), std::move(read.error()));
  }

  Result<void> add_blob(const content::Descriptor& blob) {
    const auto [known, added] = sizes_.emplace(blob.digest, blob.size);
    if (auto few = check_blob_count(sizes_.size() + withheld_.size()); !few) return few;
    if (added) content().blobs.push_back(content::kept_blob(blob));
    if (known->second == blob.size) return {};
    return fail(ErrorClass::Integrity,
                "blob " + blob.digest.str() + " is named with " + std::to_string(known->second) + " and with " +
                    std::to_string(blob.size) + " bytes",
                "build and push the source image again");
  }

  /// Stays valid as long as this reader.
  Result<const std::string*> config_bytes(const content::Descriptor& config) {
    auto known = content().small_blobs.find(config.digest);
    if (known == content().small_blobs.end()) {
      auto bytes = read_config(config);
      if (!bytes) return std::unexpected(std::move(bytes.error()));
      if (auto taken = budget_.take(bytes->size()); !taken) return std::unexpected(std::move(taken.error()));
      known = content().small_blobs.emplace(config.digest, std::move(*bytes)).first;
    }
    return &known->second;
  }

  Result<content::ImageConfig> config_of(const content::ImageManifest& manifest) {
    auto bytes = config_bytes(manifest.config);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    auto config = content::parse_config(**bytes);
    if (!config) return while_doing("config " + manifest.config.digest.str(), std::move(config.error()));
    return config;
  }

  /// What was published is read where it is: the source may be gone.
  Result<std::string> read_config(const content::Descriptor& config) {
    if (question_.published && root_is_there()) {
      auto bytes = destination_.small_blob(config, content::kMaxManifestBytes, stop_);
      if (bytes || bytes.error().cls != ErrorClass::NotFound) return bytes;
    }
    auto bytes = source_.small_blob(config, content::kMaxManifestBytes, stop_);
    if (!bytes) return while_doing("source " + source_.name(), std::move(bytes.error()));
    return bytes;
  }

  Result<void> add_config(const content::ImageManifest& manifest, const content::Descriptor& named) {
    auto config = config_of(manifest);
    if (!config) return std::unexpected(std::move(config.error()));
    if (config->diff_ids.size() != manifest.layers.size())
      return fail(ErrorClass::Integrity,
                  "config " + manifest.config.digest.str() + " of image " + named.digest.str() + " speaks of " +
                      std::to_string(config->diff_ids.size()) + " layers, its manifest of " +
                      std::to_string(manifest.layers.size()),
                  "build and push the source image again");
    for (std::size_t i = 0; i < manifest.layers.size(); ++i)
      if (auto added = add_diff_id(manifest.layers[i].digest, config->diff_ids[i]); !added) return added;
    const bool says = named.platform && !content::has_unknown_platform(named);
    answer_.subject.images.push_back({.platform = says ? *named.platform : config->platform,
                                      .digest = named.digest,
                                      .config_digest = manifest.config.digest,
                                      .diff_ids = std::move(config->diff_ids)});
    return {};
  }

  /// A layer has one content: a config that says otherwise is another image's.
  Result<void> add_diff_id(const Digest& layer, const std::string& diff_id) {
    const auto [known, added] = content().diff_ids.emplace(layer, diff_id);
    if (added || known->second == diff_id) return {};
    return fail(
        ErrorClass::Integrity,
        "layer " + layer.str() + " has the diff id " + known->second + " in one config and " + diff_id + " in another",
        "build and push the source image again");
  }

  /// Only where the image is: of one that is not, whoever sends the blobs asks for each anyway.
  Result<void> look_at_blobs() {
    if (!root_is_there()) {
      name_unasked();
      return {};
    }
    for (const auto& blob : content().blobs) {
      auto there = destination_.has_blob(blob, stop_);
      if (!there) return std::unexpected(std::move(there.error()));
      if (*there) content().present.insert(blob.digest);
    }
    return {};
  }

  /// An image's config is as new as its manifest, and where nothing is, no small blob is worth a question.
  void name_unasked() {
    const std::int64_t limit = question_.into_nothing ? kMaxUnaskedIntoNothing : 0;
    for (const auto& blob : content().blobs)
      if (blob.size <= limit || (is_image_config(blob.media_type) && blob.size <= kMaxUnaskedConfig))
        content().unasked.insert(blob.digest);
    if (question_.into_nothing) content().unasked.insert(content::empty_blob().digest);
  }

  const ContentQuestion& question_;
  ImageSource& source_;
  ImageStore& destination_;
  std::stop_token stop_;
  ContentAnswer answer_;
  ByteBudget budget_;
  StatementReader statements_;
  std::map<Digest, std::int64_t> sizes_;  ///< Of the blobs.
  std::map<Digest, Digest> subjects_;     ///< Of the manifests that refer to something.
  std::set<Digest> withheld_;             ///< Foreign layers that are not at the source.
};

}  // namespace

Result<ContentAnswer> read_content(const ContentQuestion& question, ImageSource& source, ImageStore& destination,
                                   std::stop_token stop) {
  return ContentReader(question, source, destination, std::move(stop)).read();
}

}  // namespace slipway::publish
