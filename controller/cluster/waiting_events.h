#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "controller/kube/events.h"

namespace slipway::cluster {

/// Events that wait to be sent, in turns of their namespaces: however many wait in one, another's is next but one.
/// Those of one namespace stay in order. One thread at a time.
class WaitingEvents {
 public:
  explicit WaitingEvents(std::size_t most) : most_(most) {}

  /// False when there were too many: the newest of the namespace in which most wait is left out, which may be this one.
  bool put(kube::EventDraft draft);
  std::optional<kube::EventDraft> take();
  std::size_t size() const { return size_; }

 private:
  using OfNamespaces = std::map<std::string, std::deque<kube::EventDraft>>;
  void drop_newest(OfNamespaces::iterator where);

  const std::size_t most_;
  OfNamespaces waiting_;  ///< None is empty.
  std::string last_turn_;
  std::size_t size_ = 0;
};

}  // namespace slipway::cluster
