#pragma once

#include <string_view>

#include "crds/base/result.h"
#include "reconcilers/reasons.h"

namespace slipway {

/// The host has no certificate that is trusted, or shows none. Whoever is on the way can make it look so once, and only
/// a person can mend it where it is so: no reason to try on, nor to leave it until the interval.
inline bool is_about_trust(std::string_view reason) {
  return reason == reason::kCertificateNotTrusted || reason == reason::kAnsweredInClear;
}

/// Of a request that was sent: the host is not trusted, or speaks TLS where it is asked without.
inline bool is_of_untrusted_host(const Error& error) {
  return error.cls == ErrorClass::Invalid || is_about_trust(error.reason);
}

}  // namespace slipway
