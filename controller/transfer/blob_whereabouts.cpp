#include "controller/transfer/blob_whereabouts.h"

#include <algorithm>

namespace slipway::transfer {
namespace {

constexpr std::size_t kMostRepositories = 4;

}  // namespace

BlobWhereabouts::BlobWhereabouts(std::size_t most_known)
    : state_(State{.repositories = decltype(State::repositories)(most_known), .sendings = {}}) {}

std::vector<std::string> BlobWhereabouts::repositories_with(const BlobAt& blob) {
  const auto state = state_.lock();
  const auto* known = state->repositories.find(blob);
  return known == nullptr ? std::vector<std::string>{} : *known;
}

void BlobWhereabouts::remember(const BlobAt& blob, const std::string& repository) {
  const auto state = state_.lock();
  auto& repositories = state->repositories.at(blob);
  std::erase(repositories, repository);
  repositories.insert(repositories.begin(), repository);
  if (repositories.size() > kMostRepositories) repositories.pop_back();
}

void BlobWhereabouts::forget(const BlobAt& blob, const std::string& repository) {
  const auto state = state_.lock();
  if (auto* known = state->repositories.find(blob)) std::erase(*known, repository);
}

BlobWhereabouts::Claim BlobWhereabouts::claim(const BlobAt& blob, const std::string& repository, const Worth& worth) {
  auto state = state_.lock();
  const auto [first, last] = state->sendings.equal_range(blob);
  const auto useful = std::find_if(first, last, [&](const auto& sending) { return worth(*sending.second); });
  if (useful != last) return {.other = useful->second};
  auto ticket = std::make_shared<Ticket>(repository);
  state->sendings.emplace(blob, ticket);
  return {.sending = std::make_unique<Sending>(*this, blob, std::move(ticket))};
}

void BlobWhereabouts::end(const BlobAt& blob, const std::shared_ptr<Ticket>& ticket) {
  {
    auto state = state_.lock();
    const auto [first, last] = state->sendings.equal_range(blob);
    const auto own = std::find_if(first, last, [&](const auto& sending) { return sending.second == ticket; });
    if (own != last) state->sendings.erase(own);
  }
  ticket->ended.request_stop();
}

std::shared_ptr<const BlobWhereabouts::Ticket> BlobWhereabouts::Sending::begin(const Worth& worth) {
  auto state = owner_.state_.lock();
  const auto [first, last] = state->sendings.equal_range(blob_);
  const auto useful = std::find_if(first, last, [&](const auto& sending) {
    return sending.second != ticket_ && sending.second->streams && worth(*sending.second);
  });
  if (useful != last) return useful->second;
  ticket_->streams = true;
  return nullptr;
}

void BlobWhereabouts::Sending::succeeded() {
  owner_.remember(blob_, ticket_->repository);
  ticket_->succeeded = true;
}

}  // namespace slipway::transfer
