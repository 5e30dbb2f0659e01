#pragma once

#include <cstdlib>
#include <string>

#include "tests/catch.h"

namespace slipway::tests {

/// Whether a test can't be made because a program that it needs is not installed: a warning, and a failure under
/// tests/run.sh, which installs them all.
inline bool lacks(bool is_there, const std::string& what) {
  if (is_there) return false;
  if (std::getenv("SLIPWAY_EVERY_TOOL") != nullptr) FAIL(what << " is not installed");
  WARN(what << " is not installed: not tried");
  SUCCEED();
  return true;
}

}  // namespace slipway::tests
