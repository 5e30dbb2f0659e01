#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/emulator/access.h"

namespace slipway::emulator {

/// What a token says (JWT, signed with HS256 by a key of this process).
struct Claims {
  std::string subject;
  std::string grant_type;      ///< "access_token" or "refresh_token".
  std::vector<Access> access;  ///< Of an access token.
  std::string audience;
};

class Tokens {
 public:
  Tokens();
  std::string issue(const Claims& claims, std::chrono::seconds lifetime) const;
  /// Nothing when the signature is not ours, the kind is another, or the time is over.
  std::optional<Claims> verify(std::string_view token, std::string_view grant_type) const;
  /// A keyed hash as hex: for signed addresses.
  std::string sign(std::string_view text) const;

 private:
  std::string key_;
};

/// Seconds since 1970.
std::int64_t now_seconds();

}  // namespace slipway::emulator
