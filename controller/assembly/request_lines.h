#pragma once

#include "controller/http/tracing_transport.h"
#include "controller/telemetry/log.h"

namespace slipway::assembly {

/// A line for a request, of the visit that the server was told. What is tried again, and may keep a visit going for
/// minutes, is a warning: the log says why.
void log_request(const http::RequestSeen& seen, telemetry::Log& log);

}  // namespace slipway::assembly
