#include "crds/v1alpha1/bindings.h"

namespace slipway {

const Binding<ResolvedSource>& Bound<ResolvedSource>::get() {
  static const auto binding = Binding<ResolvedSource>()
                                  .field("digest", &ResolvedSource::digest, {.description = "What the source names."})
                                  .field("resolvedAt", &ResolvedSource::resolved_at, {.description = "Since when."});
  return binding;
}

const Binding<TagStatus>& Bound<TagStatus>::get() {
  static const auto binding =
      Binding<TagStatus>()
          .field("name", &TagStatus::name, {.description = "Name of the template.", .required = true})
          .field("tag", &TagStatus::tag, {.description = "The tag."})
          .field("state", &TagStatus::state, {.description = "What became of it."})
          .field("digest", &TagStatus::digest, {.description = "What it names for this publication."})
          .field("owned", &TagStatus::owned,
                 {.description = "Whether this object set it; one that was right before is never removed."});
  return binding;
}

const Binding<VerdictStatus>& Bound<VerdictStatus>::get() {
  static const auto binding =
      Binding<VerdictStatus>()
          .field("gate", &VerdictStatus::gate, {.description = "Gate that judged.", .required = true})
          .field("passed", &VerdictStatus::passed, {.description = "Its verdict.", .always = true})
          .field("critical", &VerdictStatus::critical, {.description = "Critical findings."})
          .field("high", &VerdictStatus::high, {.description = "High findings."})
          .field("medium", &VerdictStatus::medium, {.description = "Medium findings."})
          .field("low", &VerdictStatus::low, {.description = "Low findings."})
          .field("unknown", &VerdictStatus::unknown, {.description = "Findings of unknown severity."})
          .field("ignored", &VerdictStatus::ignored, {.description = "Findings without a fix that do not count."})
          .field("excepted", &VerdictStatus::excepted, {.description = "Findings under an exception."});
  return binding;
}

const Binding<TransferStatus>& Bound<TransferStatus>::get() {
  static const auto binding =
      Binding<TransferStatus>()
          .field("bytesSent", &TransferStatus::bytes_sent, {.description = "Bytes that were sent.", .always = true})
          .field("blobsSent", &TransferStatus::blobs_sent, {.description = "Blobs that were sent.", .always = true})
          .field("blobsMounted", &TransferStatus::blobs_mounted,
                 {.description = "Blobs that were mounted.", .always = true})
          .field("blobsPresent", &TransferStatus::blobs_present,
                 {.description = "Blobs that were there.", .always = true});
  return binding;
}

const Binding<PublishedStatus>& Bound<PublishedStatus>::get() {
  using Status = PublishedStatus;
  static const auto binding =
      Binding<Status>()
          .field("generation", &Status::generation, {.description = "Generation that was published.", .always = true})
          .field("digest", &Status::digest, {.description = "Digest at the destination."})
          .field("sourceDigest", &Status::source_digest, {.description = "Digest at the source."})
          .field("recordDigest", &Status::record_digest, {.description = "Digest of the publication record."})
          .field("publicationHash", &Status::publication_hash, {.description = "Which publication it is."})
          .field("gatesHash", &Status::gates_hash, {.description = "Which gates judged it."})
          .field("at", &Status::at, {.description = "When it was done."})
          .field("lastFullCheckAt", &Status::last_full_check_at,
                 {.description = "When all its content was last looked at."})
          .field("transfer", &Status::transfer, {.description = "How the content came."})
          .field("verdicts", &Status::verdicts,
                 {.description = "What the gates said.", .max_items = 512, .list_map_key = "gate"})
          .field("tags", &Status::tags, {.description = "The tags.", .list_map_key = "name"});
  return binding;
}

const Binding<AttemptError>& Bound<AttemptError>::get() {
  static const auto binding =
      Binding<AttemptError>()
          .field("class", &AttemptError::cls, {.description = "What the caller can do about it."})
          .field("message", &AttemptError::message, {.description = "What happened.", .max_length = 32'768})
          .field("remedy", &AttemptError::remedy, {.description = "What to do.", .max_length = 32'768});
  return binding;
}

const Binding<ProgressStatus>& Bound<ProgressStatus>::get() {
  static const auto binding =
      Binding<ProgressStatus>()
          .field("bytesDone", &ProgressStatus::bytes_done,
                 {.description = "Bytes that are there or on their way: the registry may not have taken all of them.",
                  .always = true})
          .field("bytesTotal", &ProgressStatus::bytes_total, {.description = "Bytes of the image.", .always = true})
          .field("at", &ProgressStatus::at, {.description = "When this was so."});
  return binding;
}

const Binding<EarlierTag>& Bound<EarlierTag>::get() {
  static const auto binding =
      Binding<EarlierTag>()
          .field("tag", &EarlierTag::tag, {.description = "The tag.", .required = true})
          .field("digest", &EarlierTag::digest, {.description = "What it was given, or was to be given."})
          .field("owned", &EarlierTag::owned,
                 {.description = "Whether this object set it; one that it may have set is never removed."});
  return binding;
}

const Binding<AttemptStatus>& Bound<AttemptStatus>::get() {
  using Status = AttemptStatus;
  static const auto binding =
      Binding<Status>()
          .field("generation", &Status::generation, {.description = "Generation that is tried.", .always = true})
          .field("publicationHash", &Status::publication_hash, {.description = "Which publication it is."})
          .field("gatesHash", &Status::gates_hash, {.description = "Which gates judge it."})
          .field("gatesPassed", &Status::gates_passed, {.description = "Whether they let it pass."})
          .field("digest", &Status::digest, {.description = "Digest that is published."})
          .field("sent", &Status::sent,
                 {.description = "Whether the registry may hold something of it, or of an attempt before it."})
          .field("number", &Status::number, {.description = "Number of the try.", .always = true})
          .field("startedAt", &Status::started_at, {.description = "Of the first try."})
          .field("nextRetryAt", &Status::next_retry_at, {.description = "When it is tried again."})
          .field("tags", &Status::tags,
                 {.description = "The tags that it set (owned) or is about to set.", .list_map_key = "name"})
          .field("earlierTags", &Status::earlier_tags,
                 {.description = "What attempts before it set or may have set; the 64 that matter most are kept.",
                  .max_items = kMostEarlierTags,
                  .atomic = true})
          .field("progress", &Status::progress, {.description = "How far it is."})
          .field("error", &Status::error, {.description = "Why the last try failed."});
  return binding;
}

const Binding<HistoryEntry>& Bound<HistoryEntry>::get() {
  using Entry = HistoryEntry;
  static const auto binding =
      Binding<Entry>()
          .field("digest", &Entry::digest, {.description = "What was published.", .required = true})
          .field("environment", &Entry::environment, {.description = "For which environment."})
          .field("version", &Entry::version, {.description = "Its version."})
          .field("commit", &Entry::commit, {.description = "Its commit."})
          .field("number", &Entry::number, {.description = "Its run."})
          .field("builtAt", &Entry::built_at, {.description = "When it was built."})
          .field("publishedAt", &Entry::published_at, {.description = "When it was published."});
  return binding;
}

const Binding<DisplayStatus>& Bound<DisplayStatus>::get() {
  static const auto binding =
      Binding<DisplayStatus>()
          .field("digest", &DisplayStatus::digest, {.description = "Short digest."})
          .field(
              "tags", &DisplayStatus::tags,
              {.description = "The first of its tags in one text; all are in published.tags.", .max_length = 16'384});
  return binding;
}

const Binding<ImagePublicationStatus>& Bound<ImagePublicationStatus>::get() {
  using Status = ImagePublicationStatus;
  static const auto binding =
      status_binding<Status>()
          .field("source", &Status::source, {.description = "What the source named."})
          .field("sourceHash", &Status::source_hash, {.description = "For which publication."})
          .field("published", &Status::published, {.description = "What is published."})
          .field("attempt", &Status::attempt, {.description = "What is tried."})
          .field("history", &Status::history,
                 {.description = "What was published, the present one first.", .max_items = 10, .atomic = true})
          .field("display", &Status::display, {.description = "For columns."});
  return binding;
}

}  // namespace slipway
