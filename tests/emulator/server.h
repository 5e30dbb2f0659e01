#pragma once

#include <functional>
#include <memory>
#include <string>

#include "crds/base/result.h"
#include "tests/emulator/connection.h"
#include "tests/emulator/stream.h"

namespace slipway::emulator {

/// Listens, and serves each connection on a thread of its own.
class Server {
 public:
  virtual ~Server() = default;
  /// "127.0.0.1:5000", with the port that was really taken.
  virtual std::string address() const = 0;
  /// Serves until SIGINT or SIGTERM, then ends every connection.
  virtual void run() = 0;
};

/// `listen` is "ADDRESS:PORT"; port 0 takes a free one.
Result<std::unique_ptr<Server>> make_server(const std::string& listen, StreamMaker& streams, const Service& service);

}  // namespace slipway::emulator
