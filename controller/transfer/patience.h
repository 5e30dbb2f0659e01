#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/transfer/rules.h"
#include "crds/base/digest.h"
#include "crds/base/result.h"

namespace slipway::transfer {

/// Says whether a failed step is tried again, and waits until it is time. One thread at a time.
class Patience {
 public:
  enum class Answer {
    Again,    ///< The time has come.
    Spent,    ///< Used up, or the error is none that passes, or of a silent host that another visit asks.
    Stopped,  ///< `stop` asked: the error says nothing about whoever gave it.
  };
  /// Told before each wait.
  using Listener = std::function<void(std::chrono::milliseconds delay, const Error& error)>;

  Patience(const TransferRules& rules, const TransferHands& hands, Listener waits = {})
      : rules_(rules), hands_(hands), waits_(std::move(waits)) {}

  /// Again only after what is_passing().
  Answer again(const Error& error, const std::stop_token& stop);
  /// Something was gained since: the next failure is the first.
  void renew() { failures_ = 0; }

 private:
  const TransferRules& rules_;
  const TransferHands& hands_;
  const Listener waits_;
  int failures_ = 0;
  int total_ = 0;
};

/// What a listener shows of a wait for the sake of that layer.
std::string while_waiting(const Digest& layer, std::chrono::milliseconds delay, const Error& error);

}  // namespace slipway::transfer
