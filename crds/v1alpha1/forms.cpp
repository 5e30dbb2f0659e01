#include "crds/v1alpha1/forms.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/time.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/glob_pattern.h"
#include "crds/v1alpha1/label_selector.h"
#include "crds/v1alpha1/time_zone_pattern.h"

namespace slipway {

std::string_view form_of(std::string_view pattern) {
  using Form = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<Form, 20> kForms{{
      {kDurationPattern, "write whole numbers with a unit, largest unit first, e.g. 90s, 1h30m, 30d, 7y"},
      {kSemverPattern, "write three numbers with dots between them and no letter in front, e.g. 1.10.0"},
      {kRepositoryPattern, "write lower-case letters and digits, parted by '/', '.', '-', '_' or '__', e.g. team/app"},
      {kReferencePattern,
       "write host/repository:tag or host/repository@digest, e.g. ghcr.io/team/app:1.2; leave out what stands before "
       "the "
       "host"},
      {kHostPattern, "write the host with an optional port, e.g. contoso.azurecr.io, localhost:5000"},
      {kDigestPattern, "a digest is sha256: and 64 hex digits, or sha512: and 128, in lower case"},
      {kPlatformPattern, "write os/architecture or os/architecture/variant, e.g. linux/amd64"},
      {kUntilPattern,
       "write a date (2026-12-31, through the end of that day UTC) or an RFC 3339 time (2026-12-31T18:00:00Z)"},
      {kGlobPattern,
       "'*' stands for anything but '/', '**' crosses it, everything else is itself; write letters, digits, '.', '_', "
       "'-', '/' and ':' besides"},
      {kNamePattern, "write lower-case letters and digits, parted by '-' or '.'"},
      {kEnvironmentPattern, "write lower-case letters and digits, parted by '-', e.g. staging"},
      {kCommitPattern, "write the letters and digits of the commit, e.g. 4f2a91c0"},
      {kWebAddressPattern, "write an address that begins with https:// or http://"},
      {kQuantityPattern, "write a number above 0 and, if need be, a unit, e.g. 500000, 50M, 1.5Gi"},
      {kAmountPattern, "write a decimal number with at most two places, in quotes, e.g. \"250.00\""},
      {kCurrencyPattern, "write the three capital letters of the currency (ISO 4217), e.g. EUR"},
      {kResourceIdPattern, "write the registry's ARM id, as 'az acr show --query id' prints it: /subscriptions/…"},
      {kLabelKeyPattern, kLabelKeyForm},
      {kLabelValuePattern, kLabelValueForm},
      {kTimeZonePattern, "write an IANA name, e.g. Europe/Berlin or UTC"},
  }};
  const auto* const found = std::ranges::find(kForms, pattern, &Form::first);
  return found == kForms.end() ? std::string_view{} : found->second;
}

}  // namespace slipway
