#pragma once

#include <stop_token>

#include "controller/transfer/rules.h"
#include "crds/base/result.h"

namespace slipway::transfer {

/// Says whether a failed step is tried again, and waits until it is time. One thread at a time.
class Patience {
 public:
  Patience(const TransferRules& rules, const TransferHands& hands) : rules_(rules), hands_(hands) {}

  /// Only after Unavailable and Throttled; false when it is used up, and when `stop` asks.
  bool again(const Error& error, const std::stop_token& stop);
  /// Something was gained since: the next failure is the first.
  void renew() { failures_ = 0; }

 private:
  const TransferRules& rules_;
  const TransferHands& hands_;
  int failures_ = 0;
  int total_ = 0;
};

}  // namespace slipway::transfer
