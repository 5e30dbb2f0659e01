#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "controller/transfer/blob_whereabouts.h"
#include "controller/transfer/rate_limit.h"
#include "controller/transfer/rules.h"

namespace slipway::transfer {

/// What who wants one blob makes of others in this process who send it: waits for them while they get on, so that it is
/// sent once, and for nobody's slow source longer than that, nor once for each of an image's blobs. One thread at a
/// time.
class OtherSenders {
 public:
  using Ticket = BlobWhereabouts::Ticket;

  /// What the blobs of one request have learned of others together. Thread-safe.
  class OfRequest {
   public:
    /// Somebody waited from `began` to `ended`; what several wait at once counts once.
    void waited(std::chrono::nanoseconds began, std::chrono::nanoseconds ended);
    std::chrono::nanoseconds waited() const { return state_.lock()->waited; }
    /// Who sends to that repository is slow.
    void found_slow(const std::string& repository) { state_.lock()->slow.insert(repository); }
    bool is_slow(const std::string& repository) const { return state_.lock()->slow.contains(repository); }

   private:
    struct State {
      std::chrono::nanoseconds waited{};
      std::chrono::nanoseconds until{};  ///< All before is counted.
      std::set<std::string> slow;
    };
    runtime::Guarded<State> state_;
  };

  struct Parts {
    const TransferRules& rules;
    const TransferHands& hands;
    const RateLimit& limit;  ///< Of the registry that it goes to.
    std::int64_t blob_size = 0;
    OfRequest& request;
  };
  explicit OtherSenders(Parts parts) : parts_(parts) {}

  /// Whether to wait for that one now; false for whom wait_for() left, for whom the request has found slow with another
  /// blob, for everybody after a few in vain or a time that is long in all, and for those who have not begun after
  /// several that did not.
  bool is_worth_waiting(const Ticket& other) const;
  /// Whether to wait for that one, who has begun, rather than to begin too.
  bool is_worth_yielding(const Ticket& other) const;
  /// It has begun since it was left.
  void take_back(const std::shared_ptr<const Ticket>& other) { std::erase(queued_, other); }

  /// Waits until the other has ended, or `stop` asks. False when it is left because it does not get on.
  bool wait_for(const std::shared_ptr<const Ticket>& other, const std::stop_token& stop);

 private:
  enum class Pace { Slow, Fair, Quick };
  struct Gain {
    std::int64_t bytes = 0;
    std::chrono::nanoseconds in{};
    std::chrono::nanoseconds starved{};  ///< Of it the source gave nothing.
  };

  bool has_patience() const;
  bool ends_in_time(const Ticket& other, const std::stop_token& stop);
  Pace pace_of(const Ticket& other, const Gain& gain) const;
  bool is_pace(const Gain& gain, std::int64_t per_second) const;

  const Parts parts_;
  std::vector<std::shared_ptr<const Ticket>> slow_;    ///< Left while they sent.
  std::vector<std::shared_ptr<const Ticket>> queued_;  ///< Left before they had begun.
  std::chrono::nanoseconds waited_{};                  ///< But for those who were quick meanwhile.
  int failed_ = 0;
  int not_begun_ = 0;  ///< Left, or ended, before they had begun.
};

}  // namespace slipway::transfer
