#pragma once

#include <optional>
#include <string>

#include "crds/base/image_reference.h"
#include "crds/base/result.h"
#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/access.h"
#include "reconcilers/ports/object_store.h"
#include "reconcilers/publish/settings.h"

namespace slipway::publish {

/// What a publication may do: proof that it was asked for before anything is read from a registry.
struct Admission {
  ContainerRegistry registry;
  Tenant tenant;
  AccessGrant grant;
  std::optional<ImageReference> source;              ///< Of a registry; absent for files.
  std::optional<ContainerRegistry> source_registry;  ///< Whose credentials read the source, if one's do.
  bool lends_credentials = false;                    ///< Those of the environment may read it, if no other's do.
};

/// Reads the registry and the namespace, and judges access, addresses and what this version can't do. Sends nothing.
/// Forbidden shows the entry that is needed; Refused for an address that is not called and for files in a cluster;
/// Invalid with reason NotSupported for a guard that this version can't carry out.
Result<Admission> admit(const Loaded<ImagePublication>& publication, const Settings& settings, ObjectReader& reader);

/// As admit(), for taking tags away: Publish on the repository is all that is asked for.
Result<Admission> admit_withdrawal(const ImagePublication& publication, ObjectReader& reader);

/// Whether access lets this publication publish, as its namespace and its ContainerRegistry are now. Where they can't
/// be read it may: who asks leaves others what may be theirs.
bool may_publish(const ImagePublication& publication, ObjectReader& reader);

/// Whether the publisher may mount blobs from that repository of the destination's registry.
bool may_read(const Admission& admission, const std::string& repository);

/// Where the source is, as records and people name it: "ghcr.io/team/app", or the path of a file.
std::string location_of(const SourceSpec& source);

}  // namespace slipway::publish
