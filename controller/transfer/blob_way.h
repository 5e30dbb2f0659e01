#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/transfer/image_layers.h"
#include "controller/transfer/other_senders.h"
#include "controller/transfer/running_transfer.h"

namespace slipway::transfer {

/// The way of one blob to the destination, the cheapest first: found there, mounted, waited for while others in this
/// process send it, sent. Used once, by one thread.
class BlobWay {
 public:
  /// What is given outlives this.
  BlobWay(RunningTransfer& running, ImageLayers& layers, const content::Descriptor& blob, const std::stop_token& stop);

  /// It is there, with the bytes that its digest says; not looked into.
  Result<BlobOutcome> go();

 private:
  /// How it came there; nothing while it is not.
  using Outcome = Result<std::optional<BlobOutcome>>;

  Outcome send_or_wait();
  Outcome send_if_missing(BlobWhereabouts::Sending& sending);

  Outcome mount_from_last(std::vector<std::string> known);
  Outcome find_here();
  Result<bool> is_there();
  Outcome mount_from_known();
  Outcome mount_from_given();
  Outcome mount_from_any(const std::vector<std::string>& repositories);

  Outcome wait_for(const std::shared_ptr<const BlobWhereabouts::Ticket>& other);
  bool is_of_use(const BlobWhereabouts::Ticket& other) const;

  Outcome send_in_slot(BlobWhereabouts::Sending& sending);
  Result<void> send(BlobWhereabouts::Sending& sending);

  std::vector<std::string> known_repositories() const { return running_.means.whereabouts.repositories_with(at_); }
  bool is_own(const std::string& repository) const { return repository == running_.to.repository(); }
  bool is_in_own(const std::vector<std::string>& repositories) const;
  bool may_use(const std::string& repository) const;
  void keep_usable(std::vector<std::string>& repositories) const;

  RunningTransfer& running_;
  ImageLayers& layers_;
  const content::Descriptor& blob_;
  const std::stop_token& stop_;
  const BlobAt at_;
  OtherSenders others_;
  bool mounts_ = true;  ///< Nothing is known against using what others sent to another repository.
  bool asked_ = false;  ///< Before a wait, whether it is here already.
};

}  // namespace slipway::transfer
