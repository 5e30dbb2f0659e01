#pragma once

#include <stop_token>

#include "tests/emulator/configuration.h"
#include "tests/emulator/message.h"
#include "tests/emulator/repositories.h"
#include "tests/emulator/tokens.h"
#include "tests/emulator/uploads.h"

namespace slipway::emulator {

/// What the handlers work on. The references outlive it.
struct Registry {
  const Configuration& configuration;
  Repositories& repositories;
  Uploads& uploads;
  const Tokens& tokens;
};

// Each answers one resource of the distribution specification 1.1; names in requests were checked before.

Answer answer_blob(const Registry& registry, Request& request);
/// Where a redirect of answer_blob() points: no sign-in, a signature in the address instead.
Answer answer_blob_content(const Registry& registry, Request& request);
Answer answer_upload_start(const Registry& registry, Request& request);
Answer answer_upload(const Registry& registry, Request& request, const std::stop_token& stop);
Answer answer_manifest(const Registry& registry, Request& request);
Answer answer_tags(const Registry& registry, Request& request);
Answer answer_catalog(const Registry& registry, Request& request);
Answer answer_referrers(const Registry& registry, Request& request);
/// Everything under /acr/v1 but its catalog: attributes, locks, lists with times (wire reference, section 2).
Answer answer_acr(const Registry& registry, Request& request);

// Shared answers.

Answer name_unknown(const std::string& repository);
Answer manifest_unknown(const std::string& reference);
Answer method_not_allowed();
/// What ACR says to locks, quarantine and a full registry alike (wire reference, section 2.5).
Answer disallowed();
Answer digest_invalid(const std::string& text);

}  // namespace slipway::emulator
