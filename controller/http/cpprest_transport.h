#pragma once

#include <memory>
#include <string>

#include "controller/http/proxy.h"
#include "controller/http/transport.h"

namespace slipway::http {

struct CpprestOptions {
  std::string ca_pem;   ///< Certificates trusted beside the system's own; empty: only those.
  std::string ca_file;  ///< Path of a PEM file trusted too; empty: none.
  ProxySettings proxy;
};

/// Carries what is small over cpprestsdk: bodies in memory both ways. One pooled client per scheme and host, TLS always
/// verified. A streamed request body is refused (Internal): blobs go over libcurl. connect_timeout takes in TLS and
/// ends when the request goes out; the idle_timeout of a host's first request is that of all its requests. The
/// library's thread pool is the process's and is bounded to four threads by the first transport.
class CpprestTransport final : public HttpTransport {
 public:
  explicit CpprestTransport(CpprestOptions options);
  ~CpprestTransport() override;
  Result<Response> send(const Request& request, std::stop_token stop) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::http
