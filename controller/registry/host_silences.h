#pragma once

#include <memory>
#include <string>

#include "controller/registry/host_silence.h"
#include "controller/runtime/guarded.h"
#include "controller/runtime/shared_by_name.h"

namespace slipway::registry {

/// Which hosts answer, registries and token services alike: all that ask one share what is known of it, for as long as
/// one of them is there. Thread-safe.
class HostSilences {
 public:
  /// Nobody is told of them.
  HostSilences();
  explicit HostSilences(const HostSilence::Hands& hands) : hands_(hands) {}

  /// `host` is in the one spelling of registry_name().
  std::shared_ptr<HostSilence> of(const std::string& host);

 private:
  const HostSilence::Hands hands_;
  runtime::Guarded<runtime::SharedByName<HostSilence>> hosts_;
};

}  // namespace slipway::registry
