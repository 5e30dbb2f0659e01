#include "controller/registry/challenge.h"

#include <cstdint>
#include <cstdlib>

/// Whatever a server sends as WWW-Authenticate is read within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto challenges = slipway::registry::parse_challenges({reinterpret_cast<const char*>(data), size});
  if (challenges.size() > 8) std::abort();
  for (const auto& challenge : challenges)
    if (challenge.scheme.empty() || challenge.parameters.size() > 16) std::abort();
  return 0;
}
