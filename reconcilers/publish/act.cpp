#include "reconcilers/publish/act.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "reconcilers/publish/remembering_source.h"
#include "reconcilers/publish/tag_setter.h"

namespace slipway::publish {
namespace {

Error missing(const content::Descriptor& named, const Digest& image) {
  return {.cls = ErrorClass::Unavailable,
          .message = named.digest.str() + " of image " + image.str() + " is not at the registry after it was sent",
          .remedy = "look whether something deletes from that repository; it is tried again",
          .reason = "",
          .retry_after = std::nullopt};
}

/// Of what is kept under a tag, layer beside layer: each signature is one, told apart by its annotations.
bool holds_all_of(const content::ManifestBytes& one, const content::ManifestBytes& other) {
  const auto mine = content::parse_manifest(one);
  const auto theirs = content::parse_manifest(other);
  const auto* image = mine ? std::get_if<content::ImageManifest>(&*mine) : nullptr;
  const auto* before = theirs ? std::get_if<content::ImageManifest>(&*theirs) : nullptr;
  if (image == nullptr || before == nullptr || before->layers.empty()) return false;
  const auto is_kept = [&](const auto& layer) {
    return std::ranges::find(image->layers, layer) != image->layers.end();
  };
  return image->artifact_type == before->artifact_type && image->config.media_type == before->config.media_type &&
         image->annotations == before->annotations && std::ranges::all_of(before->layers, is_kept);
}

class Act {
 public:
  Act(const Content& content, const Hands& hands, const Manner& manner, std::stop_token stop)
      : content_(content), hands_(hands), manner_(manner), stop_(std::move(stop)), confirmed_(content.present) {}

  ActReport carry_out(const std::vector<Step>& steps) {
    coming_ = changes_in(steps);
    report_.transfer.blobs_present = blobs_there(content_);
    for (const auto& step : steps) {
      auto done = std::visit([this](const auto& one) { return carry_out(one); }, step);
      if (!done) {
        report_.failure = Refusal{Stage::Transfer, std::move(done.error())};
        return std::move(report_);
      }
      ++report_.steps_done;
    }
    if (!tags_.empty()) TagSetter(content_, hands_, manner_.is_still_wanted, stop_).set(std::move(tags_), report_);
    return std::move(report_);
  }

 private:
  Result<void> carry_out(const SendBlobs& step) { return bring(step.blobs, step.deep); }

  /// What is there is read there; what went away meanwhile is brought again.
  Result<void> carry_out(const CheckLayers& step) { return bring(step.layers, /*deep=*/true); }

  Result<void> bring(const std::vector<content::Descriptor>& blobs, bool deep) {
    RememberingSource source(hands_.source, content_.small_blobs);
    auto request = request_for(blobs);
    request.mount_from = manner_.mount_from;
    request.deep = deep;
    if (deep) request.diff_ids = content_.diff_ids;
    request.on_progress = manner_.on_progress;
    // Of one that fails, too: whoever finds there what it brought tells of all.
    request.on_end = [this](const BlobTransferReport& moved) { count(moved); };
    auto sent = hands_.transfer.transfer(source, hands_.store, request, stop_);
    if (!sent) return std::unexpected(std::move(sent.error()));
    for (const auto& [digest, outcome] : sent->outcomes) confirmed_.insert(digest);
    return {};
  }

  BlobTransferRequest request_for(std::vector<content::Descriptor> blobs) const {
    BlobTransferRequest request;
    request.tenant = manner_.tenant;
    request.blobs = std::move(blobs);
    request.may_mount_from = manner_.may_mount_from;
    request.unasked = content_.unasked;
    request.concurrency = manner_.concurrency;
    request.max_bytes_per_second = manner_.max_bytes_per_second;
    return request;
  }

  void count(const BlobTransferReport& moved) {
    auto& transfer = report_.transfer;
    transfer.bytes_sent += moved.bytes_sent;
    for (const auto& [digest, outcome] : moved.outcomes) {
      if (outcome == BlobOutcome::Present && !content_.present.contains(digest)) ++transfer.blobs_present;
      if (outcome == BlobOutcome::Mounted) ++transfer.blobs_mounted;
      if (outcome == BlobOutcome::Sent) ++transfer.blobs_sent;
    }
  }

  /// Manifests by digest; what a tag is to name is looked at before it is announced.
  std::vector<ComingChange> changes_in(const std::vector<Step>& steps) {
    std::vector<ComingChange> changes;
    for (const auto& step : steps) {
      std::optional<Digest> digest;
      if (const auto* const put = std::get_if<PutManifest>(&step)) digest = put->manifest.digest;
      if (const auto* const put = std::get_if<PutReferrer>(&step)) digest = put->referrer.digest;
      if (const auto* const put = std::get_if<PutRecord>(&step)) digest = built(*put).descriptor.digest;
      if (digest) changes.push_back({.tag = {}, .manifest = std::move(digest)});
    }
    return changes;
  }

  /// Once: its digest is announced before it is sent.
  const content::ManifestBytes& built(const PutRecord& step) {
    const auto [record, is_new] = records_.try_emplace(&step);
    if (is_new) record->second = build_record(step.record, step.subject);
    return record->second;
  }

  /// All of them with the first.
  Result<void> announce() {
    if (coming_.empty()) return {};
    return hands_.store.announce(std::exchange(coming_, {}));
  }

  Result<void> carry_out(const PutManifest& step) {
    if (auto announced = announce(); !announced) return announced;
    auto put = hands_.store.put_manifest(content_.bytes.at(step.manifest.digest), stop_);
    if (!put) return while_doing("manifest " + step.manifest.digest.str(), std::move(put.error()));
    confirmed_.insert(step.manifest.digest);
    return {};
  }

  /// What the registry itself confirmed in this round is not asked for again.
  Result<void> carry_out(const CheckContent& step) {
    for (const auto& blob : step.blobs) {
      if (confirmed_.contains(blob.digest)) continue;
      auto there = hands_.store.has_blob(blob, stop_);
      if (!there) return while_doing("checking blob " + blob.digest.str(), std::move(there.error()));
      if (!*there) return std::unexpected(missing(blob, step.image));
    }
    for (const auto& manifest : step.manifests) {
      if (confirmed_.contains(manifest.digest)) continue;
      auto there = hands_.store.find_manifest(manifest.digest, stop_);
      if (!there) return while_doing("checking manifest " + manifest.digest.str(), std::move(there.error()));
      if (!*there) return std::unexpected(missing(manifest, step.image));
    }
    return {};
  }

  Result<void> carry_out(const PutReferrer& step) {
    if (auto announced = announce(); !announced) return announced;
    auto put = hands_.store.put_referrer(content_.bytes.at(step.referrer.digest), step.subject, stop_);
    if (!put) return while_doing("referrer " + step.referrer.digest.str(), std::move(put.error()));
    return {};
  }

  Result<void> carry_out(const PutAttachedTag& step) {
    auto turn = hands_.turns.take(hands_.store.host(), hands_.store.repository(), stop_);
    if (!turn) return std::unexpected(std::move(turn.error()));
    auto found = hands_.store.resolve(step.tag, stop_);
    if (!found) return while_doing("tag " + step.tag, std::move(found.error()));
    if (*found) {
      const auto adds = adds_to(step, (*found)->digest);
      if (!adds) return while_doing("tag " + step.tag, adds.error());
      if (!*adds) return {};
    }
    auto put = hands_.store.put_tag(step.tag, content_.bytes.at(step.manifest.digest), stop_);
    if (!put && *found && !may_have_been_made(put.error().cls)) {
      leave(step, "can't be moved (" + put.error().message + ")");
      return {};
    }
    if (!put) return while_doing("tag " + step.tag, std::move(put.error()));
    return {};
  }

  /// Whether it holds something that what the tag names has not, and all that it has.
  Result<bool> adds_to(const PutAttachedTag& step, const Digest& named) {
    if (named == step.manifest.digest) return false;
    auto there = hands_.store.manifest(named, stop_);
    const bool is_lost = !there && there.error().cls == ErrorClass::NotFound;
    if (!there && !is_lost && there.error().cls != ErrorClass::Integrity)
      return std::unexpected(std::move(there.error()));
    const auto& ours = content_.bytes.at(step.manifest.digest);
    if (there && holds_all_of(*there, ours)) return false;
    const bool adds = there && holds_all_of(ours, *there);
    if (adds && step.why_not_moved.empty()) return true;
    leave(step, is_lost ? "names a manifest that is not there"
                        : (adds ? step.why_not_moved : "has content that the source's has not"));
    return false;
  }

  /// Whoever signs there adds to what the tag names.
  void leave(const PutAttachedTag& step, const std::string& why) {
    report_.notes.push_back("tag " + step.tag + " " + why +
                            ", and was left as it is: what was added at the source stays behind; to have it here too, "
                            "attach it to the image in " +
                            hands_.store.name());
  }

  Result<void> carry_out(const PutRecord& step) {
    const auto& manifest = built(step);
    auto put = announce();
    if (put) put = place_empty_blob();
    if (put) put = hands_.store.put_referrer(manifest, step.subject, stop_);
    if (!put) return while_doing("publication record", std::move(put.error()));
    report_.record = manifest.descriptor.digest;
    return {};
  }

  /// Mounted mostly: every repository with a record has it.
  Result<void> place_empty_blob() {
    const auto empty = content::empty_blob();
    const std::map<Digest, std::string> known{{empty.digest, std::string(content::kEmptyBlob)}};
    RememberingSource source(hands_.source, known);
    auto placed = hands_.transfer.transfer(source, hands_.store, request_for({empty}), stop_);
    if (!placed) return std::unexpected(std::move(placed.error()));
    return {};
  }

  /// Tags are the last steps of a plan, and are set together.
  Result<void> carry_out(const SetTag& step) {
    tags_.push_back(step);
    return {};
  }

  Result<void> carry_out(const RemoveTag& step) {
    auto turn = hands_.turns.take(hands_.store.host(), hands_.store.repository(), stop_);
    if (!turn) return std::unexpected(std::move(turn.error()));
    auto found = hands_.store.resolve(step.tag, stop_);
    if (!found) return while_doing("tag " + step.tag, std::move(found.error()));
    if (!*found) return {};
    if ((*found)->digest != step.present) {
      report_.moved.insert(step.tag);
      return {};
    }
    auto removed = hands_.store.remove_tag(step.tag, stop_);
    if (!removed && removed.error().cls != ErrorClass::NotFound)
      return while_doing("tag " + step.tag, std::move(removed.error()));
    report_.tags.insert(step.tag);
    return {};
  }

  Result<void> carry_out(const LookAtTag& step) {
    auto found = hands_.store.resolve(step.tag, stop_);
    if (!found) return while_doing("tag " + step.tag, std::move(found.error()));
    if (*found && (*found)->digest == step.wanted) report_.left.insert(step.tag);
    return {};
  }

  const Content& content_;
  const Hands& hands_;
  const Manner& manner_;
  std::stop_token stop_;
  std::set<Digest> confirmed_;  ///< Manifests and blobs that the registry said it has.
  std::map<const PutRecord*, content::ManifestBytes> records_;
  std::vector<ComingChange> coming_;  ///< That are not announced yet.
  std::vector<SetTag> tags_;
  ActReport report_;
};

}  // namespace

std::int64_t blobs_there(const Content& content) {
  return std::ranges::count_if(content.blobs, [&](const auto& blob) { return content.present.contains(blob.digest); });
}

ActReport act(const PublishPlan& plan, const Content& content, const Hands& hands, const Manner& manner,
              std::stop_token stop) {
  return Act(content, hands, manner, std::move(stop)).carry_out(plan.steps);
}

}  // namespace slipway::publish
