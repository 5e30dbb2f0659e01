#pragma once

#include <utility>

#include "controller/assembly/publication_at_hand.h"
#include "controller/telemetry/metrics.h"
#include "reconcilers/ports/blob_transfer.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::assembly {

/// Counts what a transfer moved, also one that failed.
class MeteredTransfer final : public BlobTransfer {
 public:
  MeteredTransfer(BlobTransfer& next, telemetry::Metrics& metrics) : next_(next), metrics_(metrics) {}
  Result<BlobTransferReport> transfer(ImageSource& from, ImageStore& to, const BlobTransferRequest& request,
                                      std::stop_token stop) override;

 private:
  BlobTransfer& next_;
  telemetry::Metrics& metrics_;
};

/// Counts what a written status says that the one before did not: publications, refusals, verdicts, tags.
class MeteredWriter final : public ObjectWriter {
 public:
  MeteredWriter(ObjectWriter& next, PublicationAtHand at_hand, telemetry::Metrics& metrics)
      : next_(next), at_hand_(std::move(at_hand)), metrics_(metrics) {}
  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override { return next_.write_status(object); }
  Result<void> write_status(const RetentionPolicy& object) override { return next_.write_status(object); }
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override { return next_.set_finalizer(key, wanted); }
  Result<void> remove(const ImagePublication& object) override { return next_.remove(object); }

 private:
  ObjectWriter& next_;
  const PublicationAtHand at_hand_;
  telemetry::Metrics& metrics_;
};

/// What `after` adds to `before`, counted in `metrics`.
void count_changes(const ImagePublicationStatus& before, const ImagePublicationStatus& after,
                   telemetry::Metrics& metrics);

}  // namespace slipway::assembly
