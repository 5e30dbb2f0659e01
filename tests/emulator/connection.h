#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "tests/emulator/message.h"
#include "tests/emulator/requests_log.h"
#include "tests/emulator/stream.h"

namespace slipway::emulator {

/// What a connection needs of the registry behind it.
struct Service {
  std::function<Disturbance(const Request&)> disturb;  ///< Called once a request, before answer().
  std::function<Answer(Request&, const std::stop_token&)> answer;
  RequestsLog& log;
  std::string scheme;
};

/// Serves the requests of one connection, one after the other, until either side ends it. Blocks.
void serve(Stream& stream, const Service& service, const std::stop_token& stop);

}  // namespace slipway::emulator
