#include "reconcilers/publish/decide.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "reconcilers/brief_digest.h"
#include "reconcilers/gates/scan_gate.h"
#include "reconcilers/publish/observe.h"
#include "reconcilers/publish/own_record.h"
#include "reconcilers/publish/publication_identity.h"
#include "reconcilers/publish/rollback.h"
#include "reconcilers/publish/tag_conflict.h"
#include "reconcilers/publish/tag_order.h"
#include "reconcilers/publish/tags_on_record.h"

namespace slipway::publish {
namespace {

class Decision {
 public:
  Decision(const ImagePublication& publication, const Observation& seen, Timestamp now)
      : publication_(publication),
        spec_(publication.spec),
        seen_(seen),
        now_(now),
        finished_(is_finished(publication, seen.ids)),
        digest_(image()) {}

  PublishPlan make() {
    plan_.ids = seen_.ids;
    plan_.source = seen_.source;
    plan_.digest = digest_;
    plan_.full_check = seen_.content.has_value();
    decide_tags();
    finished_ ? keep_verdicts() : judge_gates();
    plan_.gates_passed = !gate_refused_ && !gate_awaits_;
    plan_.gate_fault = gate_refused_ ? gate_refused_ : gate_awaits_;
    tell_own_tags();
    note();
    if (refuse()) return std::move(plan_);
    if (seen_.content) add_content();
    if (seen_.content) add_record();
    add_tags();
    conclude();
    return std::move(plan_);
  }

 private:
  Digest image() const {
    if (seen_.content) return seen_.content->root.digest;
    return *Digest::parse(publication_.status.published->digest);
  }

  TagPublisher publisher() const {
    return {seen_.publisher, spec_.environment, spec_.build, publication_.status.history};
  }

  std::vector<gates::ScanQuestion> questions() const { return gates::scan_questions(spec_.gates, seen_.grant.floors); }

  void keep_verdicts() {
    const auto& published = *publication_.status.published;
    plan_.verdicts = published.verdicts;
    plan_.unjudged = !questions().empty() && published.gates_hash != seen_.ids.gates;
  }

  /// An attempt that passed these gates and put its record: a report that aged meanwhile changes nothing. A record of
  /// an earlier act on the same image tells nothing: it may have been judged by other gates, or by none.
  bool passed_before() {
    const auto& attempt = publication_.status.attempt;
    if (!is_continued(publication_, seen_.ids) || !attempt->gates_passed) return false;
    if (attempt->gates_hash != seen_.ids.gates) return false;
    const auto* found = find_record(
        seen_, record(), [&](const PublicationRecord& one) { return one.started_at == attempt->started_at; });
    if (found != nullptr) plan_.verdicts = found->verdicts;
    return found != nullptr;
  }

  /// Published by this very act, as its record says, under these gates, and all of it in place: that it was finished is
  /// known again where the status was lost. Nothing is sent then and no tag set, so there is nothing that a gate could
  /// let pass; as soon as something is to be done, such a record tells nothing.
  bool is_found_published() {
    if (!immutable_.empty() || !moving_.empty() || conflict_ || !is_all_there()) return false;
    const auto* found = find_record(seen_, record(), [&](const PublicationRecord& one) {
      return one.gates_hash == seen_.ids.gates && std::ranges::all_of(one.verdicts, &VerdictStatus::passed);
    });
    if (found == nullptr) return false;
    plan_.verdicts = found->verdicts;
    plan_.found_published_at = std::min(found->published_at, now_);
    return true;
  }

  void judge_gates() {
    auto asked = questions();
    if (asked.empty() || passed_before() || is_found_published()) return;
    for (auto& question : asked) {
      question.judge_age = !goes_back();
      question.list_up_to = seen_.for_a_person ? kMostFindings - plan_.findings.size() : 0;
      auto verdict = gates::judge_scan(question, seen_.subject, seen_.reports, now_);
      plan_.verdicts.push_back(verdict.status);
      if (!verdict.note.empty()) plan_.gate_notes.push_back(question.gate + ": " + verdict.note);
      if (verdict.state == gates::GateState::Passed) continue;
      if (seen_.for_a_person) plan_.more_findings += verdict.above_in_all - verdict.above.size();
      std::ranges::move(verdict.above, std::back_inserter(plan_.findings));
      auto& fault = verdict.state == gates::GateState::Refused ? gate_refused_ : gate_awaits_;
      if (!fault) fault = gates::to_error(verdict);
    }
  }

  /// To a digest that this object published for this environment, and not as a new release: no immutable tag is new. By
  /// its history alone: a record is put before the tags, and says nothing of whether it came to them.
  bool goes_back() const {
    const auto is_new = [&](const ExpandedTag& tag) {
      if (tag.state != ExpansionState::Expanded || tag.mutability != Mutability::Immutable) return false;
      const auto found = seen_.present.find(tag.tag);
      return found == seen_.present.end() || found->second != digest_;
    };
    return published_before(digest_, {}, publisher()) && std::ranges::none_of(seen_.tags, is_new);
  }

  /// What a tag shall name. A finished publication goes on with what it decided.
  Digest wanted_by(const ExpandedTag& tag) {
    const auto* before = done_before(tag);
    const auto given = before ? Digest::parse(before->digest) : Digest::parse("");
    if (given) return *given;
    if (!is_rolled_back(tag)) return digest_;
    const auto digest = Digest::parse(spec_.rollback->digest);
    return digest ? *digest : digest_;
  }

  bool rolls_back() const { return spec_.rollback && !rollback_is_over(*spec_.rollback, now_); }

  bool is_rolled_back(const ExpandedTag& tag) const {
    return !finished_ && tag.mutability == Mutability::Moving && rolls_back();
  }

  /// A rollback that is over moves nothing by itself, also where the status that told of it is lost: an act before this
  /// one has this very publication on record, rolled back, and the tag names what it went back to.
  bool stays_rolled_back(const ExpandedTag& tag, const std::optional<Digest>& present) const {
    const auto& status = publication_.status;
    if (status.published || !present || tag.mutability != Mutability::Moving || !spec_.rollback) return false;
    if (!rollback_is_over(*spec_.rollback, now_)) return false;
    if (present->str() != spec_.rollback->digest || *present == digest_) return false;
    const bool continued = is_continued(publication_, seen_.ids);
    auto own = record();
    own.rollback = recorded(*spec_.rollback);
    return find_record(seen_, std::move(own), [&](const PublicationRecord& one) {
             return !continued || one.started_at != status.attempt->started_at;
           }) != nullptr;
  }

  /// What a finished publication did to a tag, or null.
  const TagStatus* done_before(const ExpandedTag& tag) const {
    if (!finished_) return nullptr;
    const auto& tags = publication_.status.published->tags;
    const auto found = std::ranges::find(tags, tag.tag, &TagStatus::tag);
    return found == tags.end() ? nullptr : &*found;
  }

  /// Found right without that, it is somebody else's. One that was about to be set when the attempt was last heard of
  /// counts when the record of that publication is there: it is put just before the tags.
  bool is_own(const ExpandedTag& tag, const Digest& wanted) const {
    if (has_set(publication_.status, tag.tag, wanted.str())) return true;
    const auto names_it = [&](const TagStatus& known) { return known.tag == tag.tag && known.digest == wanted.str(); };
    const auto& attempt = publication_.status.attempt;
    return is_continued(publication_, seen_.ids) && std::ranges::any_of(attempt->tags, names_it) &&
           records_on(seen_, digest_).identities.contains(record_identity(record()));
  }

  void decide_tags() {
    plan_.rollback_ended = finished_ && follows_rollback(*publication_.status.published) && spec_.rollback &&
                           rollback_is_over(*spec_.rollback, now_);
    for (const auto& tag : seen_.tags) {
      TagDecision decision{.name = tag.name, .tag = tag.tag, .mutability = tag.mutability};
      if (tag.state != ExpansionState::Expanded) {
        decision.state = TagState::Skipped;
        decision.why = tag.why;
      } else {
        decide_tag(tag, decision);
      }
      plan_.tags.push_back(std::move(decision));
    }
  }

  /// Once the verdicts are known, which are part of a record.
  void tell_own_tags() {
    for (std::size_t i = 0; i < plan_.tags.size(); ++i)
      if (auto& decision = plan_.tags[i]; decision.wanted) decision.owned = is_own(seen_.tags[i], *decision.wanted);
  }

  void decide_tag(const ExpandedTag& tag, TagDecision& decision) {
    const auto found = seen_.present.find(tag.tag);
    const auto present = found == seen_.present.end() ? std::nullopt : found->second;
    const bool stays = stays_rolled_back(tag, present);
    const auto wanted = stays ? *present : wanted_by(tag);
    plan_.rollback_ended |= stays;
    const auto* before = done_before(tag);
    const bool is_ours = present && is_set_by(publication_, tag.tag, *present);
    const auto judged = judge_tag({.tag = tag,
                                   .wanted = wanted,
                                   .present = present,
                                   .set_before = before && !before->digest.empty(),
                                   .left_before = before && before->digest.empty(),
                                   .is_ours = is_ours,
                                   .rollback = is_rolled_back(tag),
                                   .on_present = known_of(present, is_ours),
                                   .all_read = !present || records_on(seen_, *present).all_read,
                                   .on_wanted = records_on(seen_, wanted).records},
                                  publisher());
    decision.wanted = wanted;
    decision.why = judged.why;
    decision.order_unknown = judged.order_unknown;
    decision.goes_back = judged.goes_back;
    if (judged.move == TagMove::Superseded) decision.state = TagState::Superseded;
    const bool is_moved = before && !before->digest.empty() && before->owned;
    if (judged.move == TagMove::Conflict && !conflict_) {
      const ConflictPlace place{.repository = spec_.repository, .present = *present, .wanted = digest_};
      conflict_ = is_moved ? conflict_on_moved(place, tag.tag, judged) : conflict_on(place, tag, judged);
    }
    if (judged.move != TagMove::Set) return;
    auto& steps = tag.mutability == Mutability::Immutable ? immutable_ : moving_;
    steps.push_back(
        {.tag = tag.tag, .mutability = tag.mutability, .wanted = wanted, .present = present, .why = judged.why});
  }

  /// The records on what a tag names. Where not all were read, our own history tells of what we set it to.
  std::span<const PublicationRecord> known_of(const std::optional<Digest>& present, bool is_ours) {
    if (!present) return {};
    const auto& there = records_on(seen_, *present);
    if (!is_ours || there.all_read) return there.records;
    with_history_ = there.records;
    for (const auto& entry : publication_.status.history)
      if (entry.digest == present->str())
        with_history_.push_back({.publisher = seen_.publisher,
                                 .subject = *present,
                                 .environment = entry.environment,
                                 .build = {.commit = entry.commit,
                                           .version = entry.version,
                                           .number = entry.number,
                                           .built_at = entry.built_at}});
    return with_history_;
  }

  std::optional<Error> fault_of_rollback() const {
    return finished_ || !rolls_back() ? std::nullopt : rollback_fault(publication_, seen_, publisher());
  }

  bool refuse() {
    const std::pair<Stage, std::optional<Error>> faults[] = {{Stage::Gates, gate_refused_},
                                                             {Stage::Tags, fault_of_rollback()},
                                                             {Stage::Tags, conflict_},
                                                             {Stage::Gates, gate_awaits_}};
    for (const auto& [stage, error] : faults) {
      if (!error) continue;
      plan_.refusal = Refusal{.stage = stage, .error = *error};
      plan_.reason = error->message;
      return true;
    }
    return false;
  }

  bool is_present(const content::Descriptor& descriptor) const {
    return seen_.content->present.contains(descriptor.digest);
  }

  bool is_all_there() const {
    const auto is_there = [&](const auto& one) { return is_present(one); };
    return std::ranges::all_of(seen_.content->manifests, is_there) &&
           std::ranges::all_of(seen_.content->blobs, is_there);
  }

  /// Why layers are read wherever they are, or nothing. Passed before or not: what was read once is known to the
  /// process, and what another process read is not.
  std::string why_layers_are_read() const {
    if (reads_all_layers(publication_, seen_.ids)) return "spec.verify is Deep";
    const bool gated = !finished_ && !plan_.found_published_at && !questions().empty();
    return gated && gates::needs_layers_checked(seen_.subject, seen_.reports)
               ? "the scan report names the image by its config, so each layer is compared with that"
               : "";
  }

  void add_layer_check(const std::string& why) {
    if (why.empty()) return;
    CheckLayers check{.layers = {}, .why = why};
    std::ranges::copy_if(seen_.content->blobs, std::back_inserter(check.layers), [&](const auto& blob) {
      return is_present(blob) && seen_.content->diff_ids.contains(blob.digest);
    });
    if (!check.layers.empty()) plan_.steps.emplace_back(std::move(check));
  }

  void add_content() {
    const auto& content = *seen_.content;
    const bool root_is_there = is_present(content.root);
    const auto reads_layers = why_layers_are_read();
    if (plan_.found_published_at) return add_layer_check(reads_layers);
    SendBlobs send{.deep = spec_.verify == Verify::Deep || !reads_layers.empty(),
                   .why = root_is_there ? "they are missing at the registry" : "the image needs them"};
    const auto is_missing = [&](const auto& blob) { return !is_present(blob); };
    std::ranges::copy_if(content.blobs, std::back_inserter(send.blobs), is_missing);
    // Those of what is attached were not asked for.
    if (send.blobs.empty()) send.why = "what is attached needs them, where they are not there yet";
    std::ranges::copy_if(content.attached_blobs, std::back_inserter(send.blobs), is_missing);
    const bool sends = !send.blobs.empty();
    if (sends) plan_.steps.emplace_back(std::move(send));
    add_layer_check(reads_layers);
    bool puts = false;
    for (const auto& manifest : content.manifests) {
      if (is_present(manifest)) continue;
      puts = true;
      plan_.steps.emplace_back(PutManifest{
          .manifest = manifest,
          .why = root_is_there ? "it is missing at the registry"
                               : (manifest.digest == digest_ ? "it is the image" : "the image's index names it")});
    }
    if (sends || puts)
      plan_.steps.emplace_back(CheckContent{.image = digest_,
                                            .manifests = content.manifests,
                                            .blobs = content.blobs,
                                            .why = "a tag appears only over what is there"});
    for (const auto& attached : content.attached) add_attached(attached);
  }

  void add_attached(const Attached& attached) {
    if (is_present(attached.manifest) && attached.tag.empty()) return;
    const std::string reason = "it speaks of " + brief(attached.subject.digest) + " at the source";
    if (attached.tag.empty())
      plan_.steps.emplace_back(PutReferrer{.referrer = attached.manifest, .subject = attached.subject, .why = reason});
    else
      plan_.steps.emplace_back(PutAttachedTag{
          .tag = attached.tag, .manifest = attached.manifest, .why_not_moved = why_not_moved(attached), .why = reason});
  }

  /// Whoever publishes the same image from a source of their own could fill the tag with what they like. It moves where
  /// the records on the image tell that this namespace published it, and nobody else.
  std::string why_not_moved(const Attached& attached) const {
    if (attached.tag.ends_with(".sbom")) return "holds one SBOM, and is never moved";
    const auto& on = records_on(seen_, digest_);
    const auto is_of_another = [&](const PublicationRecord& record) {
      return record.publisher.id != seen_.publisher.id ||
             record.publisher.namespace_name != seen_.publisher.namespace_name;
    };
    if (std::ranges::any_of(on.records, is_of_another)) return "is of an image that another publisher has, too";
    if (attached.subject.digest != digest_ || !on.all_read || on.records.empty())
      return "is of an image whose publishers can't all be told";
    return "";
  }

  PublicationRecord record() const { return own_record(publication_, seen_, plan_, now_); }

  /// The record of a finished publication, where it is there and was not read.
  std::optional<Digest> put_before(const RecordsOn& there) const {
    if (!finished_ || there.all_read) return std::nullopt;
    auto known = Digest::parse(publication_.status.published->record_digest);
    if (!known || (!there.listed.empty() && !there.listed.contains(*known))) return std::nullopt;
    return *known;
  }

  void add_record() {
    auto wanted = record();
    const auto& there = records_on(seen_, digest_);
    const auto found = there.identities.find(record_identity(wanted));
    plan_.record = found != there.identities.end() ? found->second : put_before(there);
    if (plan_.record) return;
    plan_.steps.emplace_back(PutRecord{
        .record = std::move(wanted),
        .subject = seen_.content->root,
        .why = finished_ ? "it is missing at the registry" : "it says who published what, and why it may be"});
  }

  void add_tags() {
    for (auto* steps : {&immutable_, &moving_})
      for (auto& step : *steps) plan_.steps.emplace_back(std::move(step));
  }

  void note() {
    if (auto told = rollback_note(spec_, plan_, now_); !told.empty() && (moving_.empty() || !rolls_back()))
      plan_.notes.push_back(std::move(told));
    if (seen_.content)
      for (const auto& left : seen_.content->left_out)
        plan_.notes.push_back("stays behind: " + brief(left.digest) +
                              (left.platform ? " (" + content::to_string(*left.platform) + ")" : "") +
                              (left.artifact_type.empty() ? "" : " (" + left.artifact_type + ")"));
    if (seen_.content) plan_.notes.insert(plan_.notes.end(), seen_.content->notes.begin(), seen_.content->notes.end());
    for (const auto& [tag, rival] : seen_.rivals)
      plan_.notes.push_back("tag " + tag + " is wanted by " +
                            (rival.namespace_name == publication_.metadata.namespace_name
                                 ? to_string(rival)
                                 : "an object of another namespace") +
                            " too");
  }

  void conclude() {
    const auto image = brief(digest_) + " in " + seen_.registry + "/" + spec_.repository;
    if (!finished_) {
      plan_.purpose = Purpose::Publish;
      plan_.reason = plan_.found_published_at
                         ? image + " is published already: its record of " +
                               slipway::to_string(*plan_.found_published_at) + " is there, and so is all of it"
                         : "publish " + image;
    } else if (plan_.steps.size() == 1 && std::holds_alternative<CheckLayers>(plan_.steps.front())) {
      plan_.purpose = Purpose::Check;
      plan_.reason = "check the layers of " + image;
    } else if (!plan_.steps.empty()) {
      plan_.purpose = Purpose::Repair;
      plan_.reason = "repair " + image + ": something of it is missing";
    } else {
      plan_.reason = "nothing to do: " + image + " is as it should be";
    }
  }

  const ImagePublication& publication_;
  const ImagePublicationSpec& spec_;
  const Observation& seen_;
  const Timestamp now_;
  const bool finished_;
  const Digest digest_;
  PublishPlan plan_;
  std::vector<PublicationRecord> with_history_;  ///< As known_of() gave it last.
  std::optional<Error> gate_refused_, gate_awaits_, conflict_;
  std::vector<SetTag> immutable_, moving_;
};

}  // namespace

PublishPlan decide(const ImagePublication& publication, const Observation& seen, Timestamp now) {
  return Decision(publication, seen, now).make();
}

PublishPlan refuse(const ImagePublication& publication, const std::string& login_server, Refusal refusal) {
  PublishPlan plan{.ids = {.request = request_hash(publication.spec), .publication = "", .gates = ""}};
  const auto& status = publication.status;
  const bool resolved = status.source && status.source_hash == plan.ids.request;
  const auto source = Digest::parse(resolved ? status.source->digest : "");
  if (source) plan.ids.publication = publication_hash(publication.spec, login_server, *source);
  plan.reason = refusal.error.message;
  plan.refusal = std::move(refusal);
  return plan;
}

bool is_continued(const ImagePublication& publication, const PublicationIds& ids) {
  const auto& attempt = publication.status.attempt;
  if (!attempt) return false;
  const bool same_gates = attempt->gates_hash == ids.gates || attempt->gates_hash.empty() || ids.gates.empty();
  const bool same_publication =
      attempt->publication_hash == ids.publication || attempt->publication_hash == ids.request;
  return same_publication && same_gates;
}

}  // namespace slipway::publish
