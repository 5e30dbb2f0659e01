#pragma once

#include "crds/base/result.h"
#include "reconcilers/reasons.h"

namespace slipway {

/// Of a request that was sent: the host has no certificate that is trusted, or speaks TLS where it is asked without.
inline bool is_of_untrusted_host(const Error& error) {
  return error.cls == ErrorClass::Invalid || error.reason == reason::kCertificateNotTrusted;
}

}  // namespace slipway
