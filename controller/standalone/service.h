#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "controller/runtime/nudge.h"
#include "controller/standalone/installation.h"

namespace slipway::standalone {

struct ServiceOptions {
  std::string listen;  ///< HOST:PORT of the endpoints; empty: none.
  std::size_t workers = 8;
  std::chrono::milliseconds look_at_folder_every{1000};
  std::chrono::milliseconds ask_git_every{60'000};
  runtime::Nudge* ask_git_now = nullptr;  ///< Null: nobody asks. Outlives serve().
};

/// Watches the folder and keeps the registries as it says until `stop` asks; what runs then is finished or left so
/// that the next start goes on. An error is one that keeps it from starting: a folder that cannot be read, an address
/// that is taken. Later ones are logged, and what was in force stays.
/// Of a Git repository only what a person has to mend keeps it from starting, and only while no commit is in force.
Result<void> serve(Installation& installation, const ServiceOptions& options,
                   const assembly::Surroundings& surroundings, std::stop_token stop);

}  // namespace slipway::standalone
