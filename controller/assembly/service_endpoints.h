#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "controller/assembly/health.h"
#include "controller/telemetry/endpoints.h"
#include "controller/telemetry/metrics.h"
#include "crds/base/result.h"

namespace slipway::assembly {

/// What a service answers. Each is called from the listener's threads and returns at once.
struct ServiceAnswers {
  std::function<HealthFacts()> facts;
  std::function<std::string()> metrics;
  /// What a person should know of one that is ready; null: nothing ever.
  std::function<std::optional<std::string>()> note = {};
};

/// The endpoints of a service, as telemetry::Endpoints::listen(); null where no address is given. `metrics` learns
/// whether it can work before they are asked for; it outlives them.
Result<std::unique_ptr<telemetry::Endpoints>> listen(const std::string& address, const ServiceAnswers& answers,
                                                     telemetry::Metrics& metrics);

}  // namespace slipway::assembly
