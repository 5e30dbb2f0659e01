#include "controller/assembly/metered_ports.h"

#include <algorithm>

#include "crds/base/error_class.h"
#include "reconcilers/publish/status.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::assembly {

namespace {

bool is_new_publication(const Boxed<PublishedStatus>& before, const PublishedStatus& after) {
  return !before || before->publication_hash != after.publication_hash || before->digest != after.digest;
}

std::size_t newly_set(const Boxed<PublishedStatus>& before, const PublishedStatus& after) {
  const auto is_news = [&](const TagStatus& tag) {
    return tag.owned && tag.state == TagState::Set &&
           (!before || std::ranges::find(before->tags, tag) == before->tags.end());
  };
  return static_cast<std::size_t>(std::ranges::count_if(after.tags, is_news));
}

/// What a try that did not publish means to who watches: somebody has to act (refused), a report has to come (waiting),
/// time may help (retrying), or it is a bug of ours (failed).
std::string outcome_of(const ImagePublicationStatus& status, ErrorClass failure) {
  if (find_condition(status.conditions, kStalled) != nullptr) return "refused";
  switch (failure) {
    case ErrorClass::NotFound:
      return "waiting";
    case ErrorClass::Throttled:
    case ErrorClass::QuotaExceeded:
    case ErrorClass::Unavailable:
      return "retrying";
    default:
      return "failed";
  }
}

void count_failure(const ImagePublicationStatus& before, const ImagePublicationStatus& after,
                   telemetry::Metrics& metrics) {
  const auto failure = publish::failure_of(after);
  if (!failure || publish::failure_of(before) == failure) return;
  const Condition* ready = find_condition(after.conditions, kReady);
  const bool is_stalled = find_condition(after.conditions, kStalled) != nullptr;
  metrics.publication(outcome_of(after, failure->cls),
                      ready ? ready->reason : std::string(slipway::to_string(failure->cls)));
  // A gate's refusal begins with its name.
  const Condition* gates = find_condition(after.conditions, publish::kGatesPassed);
  if (is_stalled && gates && gates->status == "False")
    metrics.gate_verdict(gates->message.substr(0, gates->message.find_first_of(" :")), false);
}

bool has_something_to_count(const ImagePublicationStatus& after) {
  return after.published || publish::failure_of(after);
}

}  // namespace

void count_changes(const ImagePublicationStatus& before, const ImagePublicationStatus& after,
                   telemetry::Metrics& metrics) {
  count_failure(before, after, metrics);
  if (!after.published || before.published == after.published) return;
  metrics.tags_set(newly_set(before.published, *after.published));
  if (!is_new_publication(before.published, *after.published)) return;
  metrics.publication("published", std::string{reason::kSucceeded});
  for (const VerdictStatus& verdict : after.published->verdicts)
    metrics.gate_verdict(verdict.gate.substr(0, verdict.gate.find(' ')), verdict.passed);
}

Result<BlobTransferReport> MeteredTransfer::transfer(ImageSource& from, ImageStore& to,
                                                     const BlobTransferRequest& request, std::stop_token stop) {
  BlobTransferRequest counted = request;
  counted.on_end = [&](const BlobTransferReport& report) {
    metrics_.transferred(report);
    if (request.on_end) request.on_end(report);
  };
  return next_.transfer(from, to, counted, std::move(stop));
}

Result<void> MeteredWriter::write_status(const ImagePublication& object) {
  if (!has_something_to_count(object.status)) return next_.write_status(object);
  const auto before = at_hand_(key_of(object));
  auto written = next_.write_status(object);
  if (written && before) count_changes(before->status, object.status, metrics_);
  return written;
}

}  // namespace slipway::assembly
