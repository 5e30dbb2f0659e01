#pragma once

#include <string>
#include <string_view>

#include "controller/http/message.h"

namespace slipway::registry {

/// The registry's own words in an error answer (distribution specification, "Error codes").
struct ServerWords {
  std::string code;
  std::string message;
};
ServerWords server_words(const http::Response& response);

/// What an unwanted answer means: class by status and code, the message with method, URL without query, status, the
/// server's code and message and its request id, and a remedy. `identity` is who asked.
Error error_of(const http::Request& request, const http::Response& response, std::string_view identity);

}  // namespace slipway::registry
