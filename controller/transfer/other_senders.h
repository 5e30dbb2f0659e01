#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <vector>

#include "controller/transfer/blob_whereabouts.h"
#include "controller/transfer/rate_limit.h"
#include "controller/transfer/rules.h"

namespace slipway::transfer {

/// What who wants one blob makes of others in this process who send it: waits for them while they get on, so that it is
/// sent once, and for nobody's slow source longer than that. One thread at a time.
class OtherSenders {
 public:
  using Ticket = BlobWhereabouts::Ticket;
  struct Parts {
    const TransferRules& rules;
    const TransferHands& hands;
    const RateLimit& limit;  ///< Of the registry that it goes to.
    std::int64_t blob_size = 0;
  };
  explicit OtherSenders(Parts parts) : parts_(parts) {}

  /// Whether to wait for that one now; false for whom wait_for() left, for everybody after a few in vain or a time that
  /// is long in all, and for those who have not begun after several that did not.
  bool is_worth_waiting(const Ticket& other) const;
  /// Whether to wait for that one, who has begun, rather than to begin too.
  bool is_worth_yielding(const Ticket& other) const;
  /// It has begun since it was left.
  void take_back(const std::shared_ptr<const Ticket>& other) { std::erase(queued_, other); }

  /// Waits until the other has ended, or `stop` asks. False when it is left because it does not get on.
  bool wait_for(const std::shared_ptr<const Ticket>& other, const std::stop_token& stop);

 private:
  enum class Pace { Slow, Fair, Quick };

  bool ends_in_time(const Ticket& other, const std::stop_token& stop);
  Pace pace_of(const Ticket& other, std::int64_t from, std::chrono::nanoseconds in) const;

  const Parts parts_;
  std::vector<std::shared_ptr<const Ticket>> slow_;    ///< Left while they sent.
  std::vector<std::shared_ptr<const Ticket>> queued_;  ///< Left before they had begun.
  std::chrono::nanoseconds waited_{};                  ///< But for those who were quick meanwhile.
  int failed_ = 0;
  int not_begun_ = 0;  ///< Left, or ended, before they had begun.
};

}  // namespace slipway::transfer
