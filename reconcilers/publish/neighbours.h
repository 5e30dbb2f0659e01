#pragma once

#include <map>
#include <set>
#include <string>

#include "crds/v1alpha1/image_publication.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::publish {

/// The other publications to the repository of `publication` that are not being deleted, whether they may publish or
/// not. Two ContainerRegistries with one loginServer, however it is written, or that are one by their aliases
/// (RegistryNames), are one registry, also where one of them can't be used.
Result<SharedPublications> neighbours_of(const ImagePublication& publication, ObjectReader& reader);

/// Which of `tags`, of the repository of `publication`, a neighbour wants too, and which one: that published the tag,
/// or asks for it and has access to publish (may_publish()). Tags with {{digest}} only as far as its digest is known.
Result<std::map<std::string, ObjectKey>> wanted_by_neighbours(const ImagePublication& publication,
                                                              const std::set<std::string>& tags, ObjectReader& reader);

}  // namespace slipway::publish
