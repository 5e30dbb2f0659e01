#pragma once

#include <compare>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "crds/base/result.h"

namespace slipway {

/// A content digest that was checked once, e.g. "sha256:" and 64 lower-case hex digits (sha512: 128).
class Digest {
 public:
  /// Invalid, with what was found and what is expected, unless `text` is a digest of sha256 or sha512.
  static Result<Digest> parse(std::string_view text);
  /// The sha256 digest of `bytes`.
  static Digest of(std::string_view bytes);

  const std::string& str() const { return text_; }
  std::string_view algorithm() const { return std::string_view(text_).substr(0, text_.find(':')); }
  std::string_view hex() const { return std::string_view(text_).substr(text_.find(':') + 1); }
  /// The first `length` hex digits, e.g. 12 of them for people.
  std::string short_hex(std::size_t length = 12) const { return std::string(hex().substr(0, length)); }

  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}
  friend class Hasher;
  std::string text_;
};

/// Hashes a stream piece by piece. One thread at a time. A call after finish() or on one that was moved from is a bug
/// and ends the process.
class Hasher {
 public:
  /// `algorithm` is "sha256" or "sha512".
  explicit Hasher(std::string_view algorithm = "sha256");
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);
  /// The digest of everything given so far. Ends this hasher.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway
