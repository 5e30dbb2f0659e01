#include "crds/base/result.h"

namespace slipway {

std::string_view to_string(ErrorClass cls) {
  switch (cls) {
    case ErrorClass::Invalid:
      return "Invalid";
    case ErrorClass::NotFound:
      return "NotFound";
    case ErrorClass::Conflict:
      return "Conflict";
    case ErrorClass::Unauthorized:
      return "Unauthorized";
    case ErrorClass::Forbidden:
      return "Forbidden";
    case ErrorClass::Throttled:
      return "Throttled";
    case ErrorClass::QuotaExceeded:
      return "QuotaExceeded";
    case ErrorClass::Integrity:
      return "Integrity";
    case ErrorClass::Refused:
      return "Refused";
    case ErrorClass::Unavailable:
      return "Unavailable";
    case ErrorClass::Cancelled:
      return "Cancelled";
    case ErrorClass::Internal:
      return "Internal";
  }
  return "Internal";
}

std::unexpected<Error> fail(ErrorClass cls, std::string message, std::string remedy) {
  return std::unexpected(
      Error{.cls = cls, .message = std::move(message), .remedy = std::move(remedy), .reason = {}, .retry_after = {}});
}

std::unexpected<Error> fail_because(std::string reason, Error error) {
  error.reason = std::move(reason);
  return std::unexpected(std::move(error));
}

std::unexpected<Error> while_doing(std::string_view doing, Error error) {
  error.message = std::string(doing) + ": " + error.message;
  return std::unexpected(std::move(error));
}

}  // namespace slipway
