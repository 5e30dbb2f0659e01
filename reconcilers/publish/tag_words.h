#pragma once

#include <string>

#include "crds/v1alpha1/image_publication_status.h"

namespace slipway::publish {

/// The tags that name what is published, e.g. "1.8.2, staging"; empty where none does.
std::string tags_on(const PublishedStatus& published);

/// As tags_on(), for a column: of more than a few the first, e.g. "1.8.2, 1.8, 1, latest and 2 more".
std::string tags_in_brief(const PublishedStatus& published);

/// Which tags a rollback made name an earlier digest, e.g. "rolled back: staging names sha256:0123456789ab"; empty
/// where none does.
std::string rolled_back(const PublishedStatus& published);

/// " as 1.8.2; rolled back: …", what follows the digest in a sentence.
std::string as_tagged(const PublishedStatus& published);

}  // namespace slipway::publish
