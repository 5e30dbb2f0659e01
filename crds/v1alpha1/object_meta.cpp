#include "crds/v1alpha1/object_meta.h"

#include "crds/base/text.h"

namespace slipway {

std::string_view to_string(ResourceKind kind) {
  switch (kind) {
    case ResourceKind::ContainerRegistry:
      return "ContainerRegistry";
    case ResourceKind::ImagePublication:
      return "ImagePublication";
    case ResourceKind::RetentionPolicy:
      return "RetentionPolicy";
  }
  return "ImagePublication";
}

std::string to_string(const ObjectKey& key) {
  const std::string name = key.namespace_name.empty() ? key.name : key.namespace_name + '/' + key.name;
  return std::string(to_string(key.kind)) + ' ' + name;
}

std::optional<std::string> reconcile_request(const ObjectMeta& metadata) {
  constexpr std::size_t kMostKept = 1024;
  const auto asked = metadata.annotations.find(std::string(kReconcileRequestedAt));
  if (asked == metadata.annotations.end()) return std::nullopt;
  return beginning_of(asked->second, kMostKept);
}

}  // namespace slipway
