#include <cstdint>
#include <cstdlib>

#include "crds/base/document.h"

namespace {

/// What was read can be written as JSON, and that is valid JSON which reads as the same text.
void check_round_trip(const slipway::Node& root) {
  const std::string json = slipway::to_json_text(root);
  const auto again = slipway::parse_json(json, "again");
  if (!again.problems.empty() || slipway::to_json_text(again.root) != json) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const slipway::DocumentLimits limits{.bytes = 1 << 16, .depth = 64, .nodes = 10'000};
  for (const auto& document : slipway::parse_documents(text, "f", limits)) {
    if (document.problems.empty()) check_round_trip(document.root);
    for (const auto& problem : document.problems)
      if (problem.message.empty() || slipway::to_string(problem).empty()) std::abort();
  }
  const auto json = slipway::parse_json(text, "f", limits);
  if (json.problems.empty()) check_round_trip(json.root);
  return 0;
}
