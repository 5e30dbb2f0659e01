#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controller/http/message.h"

namespace slipway::registry {

/// The registry's own words in an error answer (distribution specification, "Error codes").
struct ServerWords {
  std::string code;
  std::string message;
};
ServerWords server_words(const http::Response& response);

/// Puts "***" in the place of each of `secrets` in them: some registries repeat what they were sent. One of fewer than
/// four characters stays, because it is part of too many words.
void hide_in_words(http::Response& response, std::vector<std::string> secrets);

/// Who asked, and for what.
struct Asker {
  std::string identity;     ///< See Credentials::who().
  std::string scope;        ///< Token scopes parted by a space, e.g. "repository:a/b:pull,push"; may be empty.
  std::string advice = {};  ///< See Credentials::advice.
};

/// What an unwanted answer means: class by status and code, the message with method, URL without query, status, the
/// server's code and message, and a remedy: the same for the same fault, so that a status stays as it is. A 401 that
/// comes although the sign-in itself went well is Forbidden, or Unauthorized for who did not sign in; it and a 403 name
/// repository and action.
Error error_of(const http::Request& request, const http::Response& response, const Asker& asker);

}  // namespace slipway::registry
