#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/runtime/guarded.h"
#include "crds/base/document.h"
#include "crds/base/result.h"

namespace slipway::emulator {

enum class FaultAction {
  DropResponse,  ///< The connection ends after `bytes` of the response's body.
  LoseResponse,  ///< Does what is asked, and the connection ends without an answer.
  DropRequest,   ///< The connection ends after `bytes` of the request's body were taken.
  Status,        ///< Answers `status` with `code` and `message`; Retry-After when given.
  Throttle,      ///< 429 as ACR says it, with Retry-After.
  Quota,         ///< 405 as ACR says it at its storage limit.
  Slow,          ///< Both bodies at `bytesPerSecond`.
  CorruptByte,   ///< Flips the byte at `bytes` of the response's body (GET) or of the request's body.
  ExpiredToken,  ///< 401 as to a token that is no longer valid.
  ForgetUpload,  ///< The upload that is named is gone.
  RefuseMount,   ///< A mount becomes an upload.
};

struct Fault {
  FaultAction action = FaultAction::Status;
  std::string method;       ///< Empty: every method.
  std::string path = ".*";  ///< RE2, matched anywhere in the decoded path.
  std::uint64_t skip = 0;   ///< Matching requests that pass before the first one is hit.
  std::uint64_t times = 1;  ///< Requests that are hit; 0: always.
  std::uint64_t bytes = 0;
  std::uint64_t bytes_per_second = 0;
  unsigned status = 500;
  std::string code = "UNKNOWN";
  std::string message = "a fault that was asked for";
  std::optional<std::uint64_t> retry_after;  ///< Seconds.
  bool operator==(const Fault&) const = default;
};

/// Reads one fault or a list of them. Unknown fields, wrong types and bad expressions are Invalid, with the field.
Result<std::vector<Fault>> parse_faults(const Node& node);

/// What the faults that hit one request do to it together.
struct Disturbance {
  std::optional<Fault> answer;  ///< Status, Throttle, Quota or ExpiredToken; the first one that hit.
  std::optional<std::uint64_t> cut_response;
  std::optional<std::uint64_t> cut_request;
  bool lose_response = false;
  std::optional<std::uint64_t> corrupt;
  std::uint64_t bytes_per_second = 0;  ///< 0: as fast as it goes.
  bool forget_upload = false;
  bool refuse_mount = false;
  bool operator==(const Disturbance&) const = default;
};

/// The faults in force. Safe from every thread.
class Faults {
 public:
  void add(std::vector<Fault> faults);
  void clear();
  /// Counts the request against every fault that matches it.
  Disturbance hit(const std::string& method, const std::string& path);

 private:
  struct Armed {
    Fault fault;
    std::unique_ptr<re2::RE2> path;
    std::uint64_t seen = 0;
    bool hits(const std::string& method, const std::string& path_of_request);
  };
  runtime::Guarded<std::vector<Armed>> armed_;
};

}  // namespace slipway::emulator
