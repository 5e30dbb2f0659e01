#include "controller/assembly/service_endpoints.h"

namespace slipway::assembly {

Result<std::unique_ptr<telemetry::Endpoints>> listen(const std::string& address, const ServiceAnswers& answers,
                                                     telemetry::Metrics& metrics) {
  if (address.empty()) return nullptr;
  return telemetry::Endpoints::listen(address, {.metrics =
                                                    [answers, &metrics] {
                                                      metrics.set_able(!why_not_ready(answers.facts()));
                                                      return answers.metrics();
                                                    },
                                                .not_alive = [facts = answers.facts] { return why_not_alive(facts()); },
                                                .not_ready = [facts = answers.facts] { return why_not_ready(facts()); },
                                                .note = answers.note});
}

}  // namespace slipway::assembly
