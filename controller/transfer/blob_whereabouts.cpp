#include "controller/transfer/blob_whereabouts.h"

#include <algorithm>

namespace slipway::transfer {
namespace {

constexpr std::size_t kMostRepositories = 4;

}  // namespace

BlobWhereabouts::BlobWhereabouts(std::size_t most_known) : most_known_(std::max<std::size_t>(most_known, 1)) {}

std::vector<std::string> BlobWhereabouts::repositories_with(const BlobAt& blob) {
  auto state = state_.lock();
  const auto place = state->places.find(blob);
  if (place == state->places.end()) return {};
  state->known.splice(state->known.begin(), state->known, place->second);
  return place->second->repositories;
}

void BlobWhereabouts::remember(const BlobAt& blob, const std::string& repository) {
  auto state = state_.lock();
  auto place = state->places.find(blob);
  if (place == state->places.end()) {
    state->known.push_front({.blob = blob, .repositories = {}});
    place = state->places.emplace(blob, state->known.begin()).first;
  }
  auto& repositories = place->second->repositories;
  std::erase(repositories, repository);
  repositories.insert(repositories.begin(), repository);
  if (repositories.size() > kMostRepositories) repositories.pop_back();
  state->known.splice(state->known.begin(), state->known, place->second);
  if (state->known.size() <= most_known_) return;
  state->places.erase(state->known.back().blob);
  state->known.pop_back();
}

void BlobWhereabouts::forget(const BlobAt& blob, const std::string& repository) {
  auto state = state_.lock();
  const auto place = state->places.find(blob);
  if (place != state->places.end()) std::erase(place->second->repositories, repository);
}

BlobWhereabouts::Claim BlobWhereabouts::claim(const BlobAt& blob, const std::string& repository, const MayUse& may_use,
                                              const std::stop_token& stop) {
  auto state = state_.lock();
  const auto [first, last] = state->sendings.equal_range(blob);
  const auto useful = std::find_if(first, last, [&](const auto& sending) {
    return sending.second->repository == repository || may_use(sending.second->repository);
  });
  if (useful == last) {
    auto ticket = std::make_shared<Ticket>(Ticket{.repository = repository});
    state->sendings.emplace(blob, ticket);
    return {.sending = std::make_unique<Sending>(*this, blob, std::move(ticket))};
  }
  const std::shared_ptr<Ticket> other = useful->second;
  state.wait(ended_, stop, [&] { return other->ended; });
  return {.there = other->ended && other->succeeded, .repository = other->repository};
}

void BlobWhereabouts::end(const BlobAt& blob, const std::shared_ptr<Ticket>& ticket) {
  auto state = state_.lock();
  ticket->ended = true;
  const auto [first, last] = state->sendings.equal_range(blob);
  const auto own = std::find_if(first, last, [&](const auto& sending) { return sending.second == ticket; });
  if (own != last) state->sendings.erase(own);
  ended_.notify_all();
}

void BlobWhereabouts::Sending::succeeded() {
  owner_.remember(blob_, ticket_->repository);
  auto state = owner_.state_.lock();
  ticket_->succeeded = true;
}

}  // namespace slipway::transfer
