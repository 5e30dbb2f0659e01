#pragma once

#include <exception>
#include <string>

#include "crds/base/result.h"

namespace slipway::cli {

/// What `work` gives. What it throws is a bug of ours that ends here, as Internal, so that other objects go on.
template <class Work>
auto without_throwing(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& thrown) {
    return fail(ErrorClass::Internal, std::string("a bug of slipway: ") + thrown.what(), "please report it");
  }
}

}  // namespace slipway::cli
