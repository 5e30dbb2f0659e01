#include "controller/cluster/waiting_events.h"

#include <algorithm>
#include <utility>

namespace slipway::cluster {

bool WaitingEvents::put(kube::EventDraft draft) {
  auto& own = waiting_[draft.object.namespace_name];
  own.push_back(std::move(draft));
  if (++size_ <= most_) return true;
  drop_newest(std::ranges::max_element(waiting_, {}, [](const auto& each) { return each.second.size(); }));
  return false;
}

void WaitingEvents::drop_newest(OfNamespaces::iterator where) {
  where->second.pop_back();
  if (where->second.empty()) waiting_.erase(where);
  --size_;
}

std::optional<kube::EventDraft> WaitingEvents::take() {
  if (waiting_.empty()) return std::nullopt;
  auto turn = waiting_.upper_bound(last_turn_);
  if (turn == waiting_.end()) turn = waiting_.begin();
  last_turn_ = turn->first;
  kube::EventDraft draft = std::move(turn->second.front());
  turn->second.pop_front();
  if (turn->second.empty()) waiting_.erase(turn);
  --size_;
  return draft;
}

}  // namespace slipway::cluster
