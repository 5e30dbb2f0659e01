#pragma once

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::publish {

/// The other publications to the repository of `publication` that are not being deleted: they may want its tags. Two
/// ContainerRegistries with one loginServer, however it is written, are one registry, also where one of them can't be
/// used.
Result<SharedPublications> neighbours_of(const ImagePublication& publication, ObjectReader& reader);

}  // namespace slipway::publish
