#pragma once

#include <string>
#include <vector>

#include "crds/base/digest.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/access.h"

namespace slipway::publish {

// Design, section 2: a publication is what `source` (resolved), `platforms`, `referrers`, `build`, `environment`,
// `tags`, `attach` and `rollback` say, at one place: another repository may have other floors. Credentials of the
// source (pullSecretRef, registryRef, plainHTTP) and `follow` are how, not what: they are in no hash. Every hash is
// "sha256:…" of canonical JSON, the same in every later version.

/// Of everything but what the source resolves to: as long as it stays, a source named by tag is not resolved again
/// (kept as status.sourceHash beside status.source).
std::string request_hash(const ImagePublicationSpec& spec);

/// Of the publication: as request_hash(), with the `login_server` it goes to, the source's place (registry and
/// repository, or kind and path) and `source`, what it resolved to, instead of the tag or digest that was written.
std::string publication_hash(const ImagePublicationSpec& spec, const std::string& login_server, const Digest& source);

/// Of the gates that judge: the publication's own and all floors.
std::string gates_hash(const Gates& own, const std::vector<GateFloor>& floors);

}  // namespace slipway::publish
