#include <cstdint>
#include <cstdlib>
#include <variant>

#include "crds/base/document.h"
#include "crds/v1alpha1/resources.h"

namespace {

using namespace slipway;

/// A resource of ours that is written is read back as the same.
void check_round_trip(const Resource& resource, const ParseOptions& options) {
  std::visit(
      [&](const auto& object) {
        if constexpr (requires { to_node(object); }) {
          const auto again = parse_resources(to_json_text(to_node(object)), "again", options);
          if (again.resources.size() != 1 || again.resources[0].resource != resource) std::abort();
        }
      },
      resource);
}

void check(std::string_view text, const ParseOptions& options) {
  const auto parsed = parse_resources(text, "f", options);
  for (const auto& problem : parsed.problems)
    if (problem.message.empty() || to_string(problem).empty()) std::abort();
  ParseOptions as_they_are;
  as_they_are.from_api_server = options.from_api_server;
  for (const auto& each : parsed.resources) check_round_trip(each.resource, as_they_are);
}

}  // namespace

/// A file of resources as people write it, with --set, and as an API server sends them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check(text, {});
  ParseOptions set;
  set.keep_roots = true;
  set.overrides = {{.path = "spec.build.version", .value = "2.5.0"}};
  set.fallbacks = {{.path = "spec.environment", .value = "staging"}};
  check(text, set);
  ParseOptions served;
  served.from_api_server = true;
  check(text, served);
  return 0;
}
