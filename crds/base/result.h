#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace slipway {

/// Named by what the caller does next, never by where the failure came from.
enum class ErrorClass {
  Invalid,        ///< The resource, option or file is wrong; a person must edit it.
  NotFound,       ///< What was named does not exist.
  Conflict,       ///< Something else is there and is not overwritten.
  Unauthorized,   ///< Credentials are missing, wrong or expired.
  Forbidden,      ///< Credentials are fine, a permission or an access entry is missing.
  Throttled,      ///< Come back later; `retry_after` says when if the server did.
  QuotaExceeded,  ///< A storage or rate quota of the registry is used up.
  Integrity,      ///< Content is not what its digest, size or media type says.
  Refused,        ///< A gate or a safety rule said no.
  Unavailable,    ///< The outside failed (network, 5xx, time-out); trying again can help.
  Cancelled,      ///< We are stopping. Never reaches a status.
  Internal,       ///< A bug of ours.
};

/// The class as users read it, e.g. "QuotaExceeded".
std::string_view to_string(ErrorClass cls);

/// A failure as a value.
struct Error {
  ErrorClass cls = ErrorClass::Internal;
  std::string message;  ///< What happened and to which thing. Lower case, no full stop.
  std::string remedy;   ///< What a person can do about it. May be empty only for Cancelled.
  std::string reason;   ///< Condition reason (CamelCase) where the class alone is too coarse; else empty.
  std::optional<std::chrono::seconds> retry_after;  ///< The server's own word on when to come back.

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

/// A failure, ready to be returned from any function that gives a Result.
[[nodiscard]] std::unexpected<Error> fail(ErrorClass cls, std::string message, std::string remedy = {});

/// As fail(), with the condition reason that users see instead of the class.
[[nodiscard]] std::unexpected<Error> fail_because(std::string reason, Error error);

/// Passes an error on with what this level was doing in front: "doing: message".
[[nodiscard]] std::unexpected<Error> while_doing(std::string_view doing, Error error);

}  // namespace slipway
