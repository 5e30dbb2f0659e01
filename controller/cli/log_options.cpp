#include "controller/cli/log_options.h"

namespace slipway::cli {

telemetry::Log::Options log_options(const LogOptions& options, const Console& console) {
  const bool is_text = options.format == "text" || (options.format == "auto" && console.errors_is_terminal);
  return {.format = is_text ? telemetry::LogFormat::Text : telemetry::LogFormat::Json,
          .level = telemetry::log_level_from(options.level).value_or(telemetry::LogLevel::Info)};
}

}  // namespace slipway::cli
