#include "controller/transfer/turn_row.h"

#include <algorithm>
#include <utility>

namespace slipway::transfer {

/// Who had a turn and comes again is as one who comes for the first time: behind all who wait.
void TurnRow::join(OfRequest& request) {
  waiting_.push_back(&request);
  since_.try_emplace(request.tenant, ended_);
}

void TurnRow::leave(OfRequest& request) {
  waiting_.erase(std::ranges::find(waiting_, &request));
  forget_if_gone(request.tenant);
}

bool TurnRow::is_next(const OfRequest& request) const {
  if (holder_ != nullptr || waiting_.empty()) return false;
  const auto rank = [this](const OfRequest* each) { return std::pair(since_.at(each->tenant), each->last); };
  return *std::ranges::min_element(waiting_, {}, rank) == &request;
}

void TurnRow::begin(OfRequest& request) {
  waiting_.erase(std::ranges::find(waiting_, &request));
  holder_ = &request;
}

void TurnRow::end() {
  OfRequest* const had = std::exchange(holder_, nullptr);
  had->last = ++ended_;
  since_[had->tenant] = ended_;
  forget_if_gone(had->tenant);
}

bool TurnRow::has_others_than(const OfRequest& request) const {
  return std::ranges::any_of(waiting_, [&request](const OfRequest* each) { return each != &request; });
}

bool TurnRow::is_here(const std::string& tenant) const {
  const auto is_its = [&tenant](const OfRequest* each) { return each->tenant == tenant; };
  return (holder_ != nullptr && is_its(holder_)) || std::ranges::any_of(waiting_, is_its);
}

void TurnRow::forget_if_gone(const std::string& tenant) {
  if (!is_here(tenant)) since_.erase(tenant);
}

}  // namespace slipway::transfer
