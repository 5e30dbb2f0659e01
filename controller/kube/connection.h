#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "controller/http/transport.h"
#include "controller/http/transport_factory.h"
#include "controller/kube/cluster_access.h"
#include "reconcilers/ports/clock.h"

namespace slipway::kube {

/// One API server, signed in to. Requests carry paths ("/api/v1/…"); the address and the credentials of the moment are
/// put to them here. Certificates, authorities and tokens that lie in files are read again as they rotate (a minute at
/// most, and after a 401); an exec plugin runs when what it gave has ended or was refused. After a 401 a request is
/// sent once more when that gave other credentials. Connections that are in use keep what they were opened with.
/// Thread-safe.
class Connection final : public http::HttpTransport {
 public:
  struct Options {
    http::TransportSettings transport;  ///< `rates` may be null; redirects to other hosts are never followed.
  };

  /// Invalid for a server or proxy-url that is none. Reads no file and asks nobody yet. `clock` outlives it.
  static Result<std::unique_ptr<Connection>> open(ClusterAccess access, const Clock& clock, const Options& options);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// As HttpTransport::send(); `request.url` is a path with its query. Unauthorized or Invalid when there are no
  /// credentials to send (no file, no PEM, a plugin that fails), with what to do; a 401 is returned as it is.
  Result<http::Response> send(const http::Request& request, std::stop_token stop) override;

  const ClusterAccess& access() const;

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slipway::kube
