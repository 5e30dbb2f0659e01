#include "controller/registry/token_shelf.h"

namespace slipway::registry {
namespace {

/// The scope stands in the map and in the list, and each has its node.
std::size_t weight_of(const std::string& scope, const TokenShelf::Token& token) {
  constexpr std::size_t kNodes = 256;
  return token.header.size() + 2 * scope.size() + kNodes;
}

}  // namespace

void TokenShelf::State::drop(std::map<Key, Kept>::iterator token) {
  bytes -= weight_of(token->first.second, token->second.token);
  uses.erase(token->second.use);
  tokens.erase(token);
}

TokenShelf::Part::Part(std::shared_ptr<TokenShelf> shelf)
    : shelf_(std::move(shelf)), number_(++shelf_->state_.lock()->parts) {}

TokenShelf::Part::~Part() {
  auto state = shelf_->state_.lock();
  for (auto token = state->tokens.lower_bound({number_, ""});
       token != state->tokens.end() && token->first.first == number_;)
    state->drop(token++);
}

std::optional<TokenShelf::Token> TokenShelf::Part::find(const std::string& scope) {
  auto state = shelf_->state_.lock();
  const auto found = state->tokens.find({number_, scope});
  if (found == state->tokens.end()) return std::nullopt;
  state->uses.splice(state->uses.begin(), state->uses, found->second.use);
  return found->second.token;
}

void TokenShelf::Part::keep(const std::string& scope, Token token) {
  const Key key{number_, scope};
  auto state = shelf_->state_.lock();
  if (const auto former = state->tokens.find(key); former != state->tokens.end()) state->drop(former);
  state->uses.push_front(key);
  state->bytes += weight_of(scope, token);
  state->tokens.emplace(key, Kept{.token = std::move(token), .use = state->uses.begin()});
  while (state->bytes > shelf_->most_bytes_ && state->uses.size() > 1)
    state->drop(state->tokens.find(state->uses.back()));
}

}  // namespace slipway::registry
