#include "reconcilers/publish/observe.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "reconcilers/observed.h"
#include "reconcilers/publish/content_reader.h"
#include "reconcilers/publish/neighbours.h"
#include "reconcilers/publish/publication_identity.h"
#include "reconcilers/publish/record_reader.h"
#include "reconcilers/publish/report_reader.h"
#include "reconcilers/publish/tags_on_record.h"
#include "reconcilers/reasons.h"

namespace slipway::publish {
namespace {

constexpr std::chrono::hours kFullCheckEvery{24};

/// The digest that the spec itself names, which needs no asking.
Result<std::optional<Digest>> pinned_digest(const Situation& situation) {
  const auto& source = situation.publication.object.spec.source;
  std::optional<Digest> pinned;
  if (situation.admission.source) pinned = situation.admission.source->digest;
  if (!source.digest) return pinned;
  auto digest = Digest::parse(*source.digest);
  if (!digest) return while_doing("source.digest", std::move(digest.error()));
  if (!pinned || *pinned == *digest) return std::optional(*digest);
  return fail(ErrorClass::Invalid, "source.digest and the digest of source.image.reference differ",
              "name the digest in one place");
}

std::string tag_of(const Situation& situation) {
  const auto& source = situation.publication.object.spec.source;
  if (situation.admission.source) return situation.admission.source->tag;
  if (source.oci_layout) return source.oci_layout->image;
  if (source.oci_archive) return source.oci_archive->image;
  return source.docker_archive ? source.docker_archive->image : "";
}

class Observer {
 public:
  Observer(const Situation& situation, const Eyes& eyes, std::stop_token stop)
      : situation_(situation), eyes_(eyes), stop_(std::move(stop)) {}

  Result<Observation> observe() {
    if (auto resolved = identify(); !resolved) return std::unexpected(std::move(resolved.error()));
    if (auto looked = look_at_file(); !looked) return std::unexpected(std::move(looked.error()));
    if (is_finished(object(), seen_.ids) && !wants_full_check()) {
      auto looked = look_at_tags(Digest::parse(object().status.published->digest));
      if (!looked) return std::unexpected(std::move(looked.error()));
      look_who_moved_tags();
      if (std::ranges::all_of(seen_.present, [](const auto& tag) { return tag.second.has_value(); }))
        return std::move(seen_);
    }
    if (auto looked = look_at_everything(); !looked) return std::unexpected(std::move(looked.error()));
    return std::move(seen_);
  }

 private:
  const ImagePublication& object() const { return situation_.publication.object; }
  const ImagePublicationSpec& spec() const { return object().spec; }

  /// Which publication this is: needs the source's digest.
  Result<void> identify() {
    const auto& admission = situation_.admission;
    seen_.publisher = {situation_.settings.publisher_id, object().metadata.namespace_name, object().metadata.name};
    seen_.slipway_version = situation_.settings.version;
    seen_.for_a_person = situation_.for_a_person;
    seen_.registry = admission.registry.spec.login_server;
    seen_.source_host = admission.source ? admission.source->registry : "";
    seen_.source_location = location_of(spec().source);
    seen_.grant = admission.grant;
    seen_.ids = {
        .request = request_hash(spec()), .publication = "", .gates = gates_hash(spec().gates, admission.grant.floors)};
    auto digest = source_digest();
    if (!digest) return std::unexpected(std::move(digest.error()));
    seen_.source_digest = *digest;
    seen_.ids.publication = publication_hash(spec(), seen_.registry, *digest);
    return {};
  }

  /// Resolved once per publication; a source that is followed is asked each time.
  Result<Digest> source_digest() {
    auto pinned = pinned_digest(situation_);
    if (!pinned) return std::unexpected(std::move(pinned.error()));
    if (*pinned) {
      seen_.source = {.digest = (*pinned)->str(), .resolved_at = std::nullopt};
      return **pinned;
    }
    const auto& known = object().status.source;
    if (known && object().status.source_hash == seen_.ids.request && !spec().source.follow) {
      seen_.source = *known;
      return Digest::parse(known->digest);
    }
    auto found = resolve_source();
    if (!found) return while_doing("source " + eyes_.source.name(), std::move(found.error()));
    if (!*found) return source_is_missing();
    const auto same = known && known->digest == (*found)->str() && known->resolved_at;
    seen_.source = {.digest = (*found)->str(), .resolved_at = same ? *known->resolved_at : situation_.now};
    return **found;
  }

  /// Of one that is followed, most likely nothing is needed but its digest.
  Result<std::optional<Digest>> resolve_source() {
    if (object().status.published && spec().source.follow) {
      auto found = eyes_.source.resolve(tag_of(situation_), stop_);
      if (!found) return std::unexpected(std::move(found.error()));
      return *found ? std::optional((*found)->digest) : std::nullopt;
    }
    auto found = eyes_.source.tagged_manifest(tag_of(situation_), stop_);
    if (!found) return std::unexpected(std::move(found.error()));
    source_bytes_ = std::move(*found);
    return source_bytes_ ? std::optional(source_bytes_->descriptor.digest) : std::nullopt;
  }

  Result<Digest> source_is_missing() const {
    const auto tag = tag_of(situation_);
    return fail(ErrorClass::NotFound,
                "source " + eyes_.source.name() + (tag.empty() ? " holds no image" : " has no image " + tag),
                situation_.admission.source ? "push the source image first, or name one that is there"
                                            : "write the image there, or name a file in spec.source that holds one");
  }

  /// What is built anew stands behind the same path, and only an edit makes a publication of it.
  Result<void> look_at_file() {
    if (situation_.admission.source || source_bytes_ || spec().source.digest) return {};
    const bool finished = is_finished(object(), seen_.ids);
    if (finished && !situation_.for_a_person && !wants_full_check()) return {};
    if (!finished && holds_what_was_resolved()) return {};
    const auto held = eyes_.source.resolve(tag_of(situation_), stop_);
    if (!held || !*held || (*held)->digest == seen_.source_digest) return {};
    seen_.file_holds = (*held)->digest;
    if (finished) return {};
    const std::string other = (*held)->digest.str();
    return fail(ErrorClass::NotFound,
                "source " + eyes_.source.name() + " does not hold " + seen_.source_digest.str() + ", which " +
                    who_asks() + "; it holds " + other,
                "put that image there, set spec.source.digest: " + other + ", or " + std::string(kForTheNewBuild));
  }

  /// What can't be read is told by whoever reads the content.
  bool holds_what_was_resolved() {
    const auto there = eyes_.source.find_manifest(seen_.source_digest, stop_);
    return !there || there->has_value();
  }

  bool wants_full_check() const {
    const auto& status = object().status;
    const bool interrupted = status.attempt && !status.attempt->error;
    const auto checked = status.published->last_full_check_at;
    // A time to come was written while the clock was ahead: it tells nothing.
    return interrupted || !checked || *checked > situation_.now || situation_.now - *checked >= kFullCheckEvery ||
           !is_observed(object()) || reads_all_layers(object(), seen_.ids);
  }

  Result<void> look_at_tags(const Result<Digest>& published) {
    if (!published) return std::unexpected(published.error());
    auto tags = expand_tags(spec().tags, {spec().build, spec().environment, *published});
    if (!tags) return std::unexpected(std::move(tags.error()));
    seen_.tags = std::move(*tags);
    for (const auto& tag : seen_.tags) {
      if (tag.state != ExpansionState::Expanded) continue;
      if (listed_ && !listed_->contains(tag.tag)) {
        seen_.present[tag.tag] = std::nullopt;
        continue;
      }
      auto names = eyes_.destination.resolve(tag.tag, stop_);
      if (!names) return while_doing("tag " + tag.tag, std::move(names.error()));
      seen_.present[tag.tag] = *names ? std::optional((*names)->digest) : std::nullopt;
    }
    return {};
  }

  Result<void> look_at_everything() {
    const bool finished = is_finished(object(), seen_.ids);
    if (auto listed = list_tags(); !listed) return listed;
    if (auto read = read_content_of(finished); !read) return read;
    const auto root = seen_.content->root.digest;
    if (!finished && root.algorithm() != "sha256") return named_otherwise(root);
    if (seen_.tags.empty())
      if (auto looked = look_at_tags(root); !looked) return looked;
    if (auto read = read_records_of(finished); !read) return read;
    if (finished) {
      look_who_moved_tags();
      return {};
    }
    auto reports = read_reports(situation_.publication, seen_.subject, eyes_.reader, eyes_.report_at_hand, stop_);
    if (!reports) return std::unexpected(std::move(reports.error()));
    seen_.reports = std::move(*reports);
    if (auto looked = look_at_rollback(); !looked) return looked;
    return look_for_rivals();
  }

  /// What a tag is said to name could not be compared with it.
  static Result<void> named_otherwise(const Digest& root) {
    return fail_because(std::string(reason::kNotSupported),
                        {.cls = ErrorClass::Invalid,
                         .message = "the source names the image " + root.str() +
                                    ", and registries name what a tag stands for by sha256",
                         .remedy = "name the image by its sha256 digest, or copy it to a registry that names it so"});
  }

  /// Tells at first sight which tags are free. Where an attempt went before, each tag is asked for: what set one sees
  /// it.
  Result<void> list_tags() {
    if (object().status.published || object().status.attempt) return {};
    auto listed = eyes_.destination.tags(stop_);
    if (!listed) return while_doing("tags of " + spec().repository, std::move(listed.error()));
    listed_ = std::move(*listed);
    return {};
  }

  std::string who_asks() const {
    if (spec().source.digest) return "spec.source.digest asks for";
    const auto& image = situation_.admission.source;
    if (image && image->digest) return "spec.source.image.reference asks for";
    const auto& at = seen_.source.resolved_at;
    return "it was resolved to" + (at ? " at " + slipway::to_string(*at) : "");
  }

  Result<void> read_content_of(bool finished) {
    const auto tag = tag_of(situation_);
    const bool gated = !finished && !gates::scan_questions(spec().gates, seen_.grant.floors).empty();
    ContentQuestion question{.source = seen_.source_digest,
                             .asked_by = who_asks(),
                             .tag = tag.empty() && situation_.admission.source ? std::nullopt : std::optional(tag),
                             .source_bytes = std::move(source_bytes_),
                             .platforms = spec().source.platforms,
                             .referrers = !finished && spec().source.referrers == ReferrersMode::All,
                             .configs = !finished || spec().verify == Verify::Deep,
                             .gated = gated,
                             .all_layers = gated || reads_all_layers(object(), seen_.ids),
                             .into_nothing = listed_ && listed_->empty()};
    if (finished) {
      auto published = Digest::parse(object().status.published->digest);
      if (!published) return std::unexpected(std::move(published.error()));
      question.published = *published;
    }
    auto answer = read_content(question, eyes_.source, eyes_.destination, stop_);
    if (!answer) return std::unexpected(std::move(answer.error()));
    seen_.content = std::move(answer->content);
    seen_.subject = std::move(answer->subject);
    seen_.subject.source_host = seen_.source_host;
    return {};
  }

  /// All of them where one that was not read might keep this object out: it moves a tag that it did not set.
  std::size_t most_records_on(const Digest& digest) const {
    const bool is_image = digest == seen_.content->root.digest;
    const auto asks_whose = [&](const ExpandedTag& tag) {
      const auto found = seen_.present.find(tag.tag);
      return tag.mutability == Mutability::Moving && found != seen_.present.end() && found->second == digest &&
             !is_set_by(object(), tag.tag, digest);
    };
    return (!is_image || spec().rollback) && std::ranges::any_of(seen_.tags, asks_whose) ? kAllRecords : kSomeRecords;
  }

  /// On the image, and on what its tags name: for the order of builds, and to say whose a tag is.
  Result<void> read_records_of(bool finished) {
    const auto& root = seen_.content->root.digest;
    if (seen_.content->present.contains(root) || published_here(root))
      if (auto read = read_records_on(root); !read) return read;
    if (finished) return {};
    for (const auto& [tag, present] : seen_.present)
      if (present && *present != root)
        if (auto read = read_records_on(*present); !read) return read;
    return {};
  }

  /// Of a finished publication: who moved the tags that it had set, as long as that was not told. For the words alone.
  void look_who_moved_tags() {
    for (const auto& tag : object().status.published->tags) {
      const auto found = seen_.present.find(tag.tag);
      if (tag.state != TagState::Set || found == seen_.present.end() || !found->second) continue;
      if (found->second->str() == tag.digest || seen_.records.contains(*found->second)) continue;
      if (auto records = read_records(eyes_.destination, *found->second, {kSomeRecords, record_bytes_left_}, stop_))
        seen_.records.emplace(*found->second, std::move(*records));
    }
  }

  /// A record can outlive the image that it is about.
  bool published_here(const Digest& digest) const {
    return std::ranges::find(object().status.history, digest.str(), &HistoryEntry::digest) !=
           object().status.history.end();
  }

  Result<void> read_records_on(const Digest& digest) {
    if (seen_.records.contains(digest)) return {};
    auto records = read_records(eyes_.destination, digest, {most_records_on(digest), record_bytes_left_}, stop_);
    if (!records) return std::unexpected(std::move(records.error()));
    seen_.records.emplace(digest, std::move(*records));
    return {};
  }

  Result<void> look_at_rollback() {
    if (!spec().rollback) return {};
    auto digest = Digest::parse(spec().rollback->digest);
    if (!digest) return while_doing("rollback.digest", std::move(digest.error()));
    auto there = eyes_.destination.find_manifest(*digest, stop_);
    if (!there) return while_doing("rollback " + digest->str(), std::move(there.error()));
    seen_.rollback_present = there->has_value();
    return there->has_value() ? read_records_on(*digest) : Result<void>{};
  }

  Result<void> look_for_rivals() {
    std::set<std::string> tags;
    for (const auto& [tag, digest] : seen_.present) tags.insert(tag);
    auto wanted = wanted_by_neighbours(object(), tags, eyes_.reader);
    if (!wanted) return while_doing("other publications", std::move(wanted.error()));
    seen_.rivals = std::move(*wanted);
    return {};
  }

  const Situation& situation_;
  const Eyes& eyes_;
  std::stop_token stop_;
  std::optional<content::ManifestBytes> source_bytes_;  ///< Where they came with the digest.
  std::optional<std::set<std::string>> listed_;         ///< Tags of the destination, where it tells them.
  std::size_t record_bytes_left_ = kMostOfRecords;
  Observation seen_;
};

}  // namespace

Result<Observation> observe(const Situation& situation, const Eyes& eyes, std::stop_token stop) {
  return Observer(situation, eyes, std::move(stop)).observe();
}

bool is_finished(const ImagePublication& publication, const PublicationIds& ids) {
  return publication.status.published && publication.status.published->publication_hash == ids.publication;
}

bool is_set_by(const ImagePublication& publication, const std::string& tag, const Digest& digest) {
  return set_last(publication.status, tag) == digest.str();
}

bool reads_all_layers(const ImagePublication& publication, const PublicationIds& ids) {
  if (publication.spec.verify != Verify::Deep) return false;
  return !is_finished(publication, ids) || publication.status.attempt || !is_observed(publication);
}

}  // namespace slipway::publish
