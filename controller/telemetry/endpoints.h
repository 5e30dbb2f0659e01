#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "crds/base/result.h"

namespace slipway::telemetry {

/// What the endpoints answer. Each is called from the listener's threads and returns at once.
struct EndpointAnswers {
  std::function<std::string()> metrics;
  /// Why the program is not alive or not able to work, or absent when it is.
  std::function<std::optional<std::string>()> not_alive;
  std::function<std::optional<std::string>()> not_ready;
  /// What a person should know of one that is ready; null: nothing ever.
  std::function<std::optional<std::string>()> note = {};
};

/// The only listener: GET and HEAD of /metrics, /healthz and /readyz, everything else 404 or 405. Stops when destroyed.
class Endpoints {
  struct Server;
  struct Private {};

 public:
  Endpoints(Private, std::unique_ptr<Server> server);
  /// `address` is HOST:PORT (port 0: any free one; an IPv6 host in brackets). Invalid when it is not such an address,
  /// Unavailable when it cannot be bound.
  static Result<std::unique_ptr<Endpoints>> listen(const std::string& address, EndpointAnswers answers);
  ~Endpoints();
  Endpoints(const Endpoints&) = delete;
  Endpoints& operator=(const Endpoints&) = delete;

  std::uint16_t port() const;

 private:
  std::unique_ptr<Server> server_;
};

}  // namespace slipway::telemetry
