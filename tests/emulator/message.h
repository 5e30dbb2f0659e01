#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "crds/base/document.h"
#include "crds/base/result.h"
#include "tests/emulator/faults.h"
#include "tests/emulator/files.h"
#include "tests/emulator/route.h"
#include "tests/emulator/target.h"

namespace slipway::emulator {

/// The body of a request as it comes off the wire.
class RequestBody {
 public:
  virtual ~RequestBody() = default;
  /// Bytes put into `space`, 0 at the end; Unavailable when the connection was cut before it.
  virtual Result<std::size_t> read(std::span<char> space) = 0;
};

struct Request {
  std::string method;
  Target target;
  Route route;
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string scheme;                          ///< "http" or "https".
  Disturbance disturbance;
  RequestBody* body = nullptr;  ///< Never null while a request is handled.

  std::string header(const std::string& lower_case_name) const {
    const auto found = headers.find(lower_case_name);
    return found == headers.end() ? std::string() : found->second;
  }
  std::string host() const { return header("host"); }
};

/// Part of a file, sent without passing through this program where that is possible.
struct FilePart {
  FileDescriptor file;
  std::uint64_t offset = 0;
  std::uint64_t count = 0;
};

struct Answer {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::variant<std::string, FilePart> body;
  bool cut = false;  ///< Close the connection without answering.

  std::uint64_t size() const;
};

/// An answer with a JSON text.
Answer json_answer(unsigned status, std::string text);
/// The error body of the distribution specification, as section 2.5 of the wire reference has it.
Answer error_answer(unsigned status, const std::string& code, const std::string& message, const Node& detail = {});
/// 500 for what failed inside, or a cut when the client is gone.
Answer failure_answer(const Error& error);

/// The whole body as text; Invalid (too large) over `limit` bytes.
Result<std::string> read_text(RequestBody& body, std::size_t limit);

}  // namespace slipway::emulator
