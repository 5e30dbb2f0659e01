#pragma once

#include "crds/v1alpha1/container_registry.h"
#include "crds/v1alpha1/field_reader.h"
#include "crds/v1alpha1/image_publication.h"
#include "crds/v1alpha1/retention_policy.h"

namespace slipway {

/// What is wrong with an object beyond the form of its fields. `root` is the document it was read from, for places.
void validate(const ContainerRegistry& object, const Node& root, FieldReader& reader);
void validate(const ImagePublication& object, const Node& root, FieldReader& reader);
void validate(const RetentionPolicy& object, const Node& root, FieldReader& reader);

/// Warns of each field under spec that is written without a value (null) and was not refused for it.
void warn_of_nothing(const Node& root, FieldReader& reader);

/// Files are read outside a cluster only: a `path` or an archive in an object of an API server is Refused.
void refuse_files(const ImagePublication& object, const Node& root, FieldReader& reader);

}  // namespace slipway
