#pragma once

#include "controller/runtime/object_cache.h"
#include "crds/base/document.h"
#include "crds/v1alpha1/resources.h"

/// What an API server gives, as typed objects. Of annotations only those that we read are kept (kubectl's copy of what
/// was applied is as large as the object), of finalizers ours, of labels those of a Namespace: whoever may write
/// objects could else fill the memory with few. Integrity for what has no name, all else that is wrong with a spec is
/// in Reflected::problems; then of the spec only what identifies the object is given (registryRef, repository,
/// loginServer, aliases). A status that can't be read counts as none. Wrong with a spec is also what kubectl's copy
/// says that the API server dropped (dropped_fields.h).
namespace slipway::kube {

/// To be kept: one with more than kMostInline of reports in it comes without their text, and is not whole. Whoever may
/// write objects could else fill the memory with some hundred of them.
Result<runtime::Reflected<ImagePublication>> decode_publication(const Node& object);
Result<runtime::Reflected<ImagePublication>> decode_whole_publication(const Node& object);
inline constexpr std::size_t kMostInline = 16u << 10;  ///< Bytes, of all reports of one publication.
Result<runtime::Reflected<ContainerRegistry>> decode_registry(const Node& object);
Result<runtime::Reflected<RetentionPolicy>> decode_retention_policy(const Node& object);

/// A Secret, ConfigMap or Namespace of which only the metadata is known.
struct MetadataObject {
  ObjectMeta metadata;
};
/// Every new version counts as an edit; neither labels nor annotations are kept.
Result<runtime::Reflected<MetadataObject>> decode_metadata(const Node& object);
/// With labels; only they and the deletion time count as an edit.
Result<runtime::Reflected<MetadataObject>> decode_namespace(const Node& object);

/// Of a whole Secret or ConfigMap; an error never shows a value.
Result<SecretObject> secret_from(const Node& object);
Result<ConfigMapObject> config_map_from(const Node& object);

}  // namespace slipway::kube
