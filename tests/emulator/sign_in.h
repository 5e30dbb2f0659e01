#pragma once

#include <optional>
#include <string>

#include "tests/emulator/configuration.h"
#include "tests/emulator/message.h"
#include "tests/emulator/tokens.h"

namespace slipway::emulator {

/// Who may do what: challenges, and the token endpoints (wire reference, sections 1.6 to 1.9). Safe from every thread.
class SignIn {
 public:
  SignIn(const Configuration& configuration, const Tokens& tokens) : configuration_(configuration), tokens_(tokens) {}

  /// The refusal, or nothing when the request may go on.
  std::optional<Answer> refuse(const Request& request) const;
  /// 401 with the challenge of this request; `error` is "invalid_token" or empty.
  Answer challenge(const Request& request, const std::string& error) const;
  /// GET and POST /oauth2/token.
  Answer token(Request& request) const;
  /// POST /oauth2/exchange.
  Answer exchange(Request& request) const;

 private:
  std::optional<Answer> refuse_basic(const Request& request, const std::string& encoded) const;
  const Credential* by_password(const std::string& username, const std::string& password) const;
  const Credential* by_basic(const std::string& encoded) const;
  const Credential* by_refresh_token(const std::string& token) const;
  Answer issue(const Credential* who, const std::vector<Access>& asked, const std::string& service) const;
  const Configuration& configuration_;
  const Tokens& tokens_;
};

}  // namespace slipway::emulator
