#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controller/runtime/guarded.h"
#include "reconcilers/ports/clock.h"

namespace slipway::registry {

/// The tokens of all registries of a process, within a bound of bytes: those that were used longest ago go first,
/// whoever's they are. Thread-safe.
class TokenShelf {
 public:
  struct Token {
    std::string header;
    Timestamp good_until{};
  };
  class Part;

  /// `most_bytes`: the token that was kept last stays in any case.
  explicit TokenShelf(std::size_t most_bytes = std::size_t{16} << 20) : most_bytes_(most_bytes) {}

  /// With what it takes to keep them, about.
  std::size_t bytes() const { return state_.lock()->bytes; }

 private:
  using Key = std::pair<std::uint64_t, std::string>;  // Whose, and the scope.
  struct Kept {
    Token token;
    std::list<Key>::iterator use;
  };
  struct State {
    std::map<Key, Kept> tokens;
    std::list<Key> uses;  ///< The last first.
    std::size_t bytes = 0;
    std::uint64_t parts = 0;
    void drop(std::map<Key, Kept>::iterator token);
  };

  const std::size_t most_bytes_;
  runtime::Guarded<State> state_;
};

/// The tokens of one identity at one registry, by scope. They go when it does. Thread-safe.
class TokenShelf::Part {
 public:
  explicit Part(std::shared_ptr<TokenShelf> shelf);
  ~Part();
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  /// It is used now. Nothing when there is none; one that has ended is given too.
  std::optional<Token> find(const std::string& scope);
  void keep(const std::string& scope, Token token);

 private:
  const std::shared_ptr<TokenShelf> shelf_;  // Of all parts together, the last of which may outlive whoever made it.
  const std::uint64_t number_;
};

}  // namespace slipway::registry
