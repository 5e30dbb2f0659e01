#include "controller/manifests/resource_identity.h"

#include <array>
#include <variant>

namespace slipway::manifests {

namespace {

constexpr std::array<const char*, std::variant_size_v<Resource>> kKinds = {
    "ContainerRegistry", "ImagePublication", "RetentionPolicy", "Namespace", "Secret", "ConfigMap"};

struct NameOf {
  ResourceIdentity operator()(const NamespaceObject& object) const { return {.name = object.name}; }
  ResourceIdentity operator()(const SecretObject& object) const { return {0, object.namespace_name, object.name}; }
  ResourceIdentity operator()(const ConfigMapObject& object) const { return {0, object.namespace_name, object.name}; }
  template <class T>
  ResourceIdentity operator()(const T& object) const {
    return {0, object.metadata.namespace_name, object.metadata.name};
  }
};

}  // namespace

ResourceIdentity identity_of(const Resource& resource) {
  ResourceIdentity identity = std::visit(NameOf{}, resource);
  identity.kind = resource.index();
  return identity;
}

std::string to_string(const ResourceIdentity& identity) {
  const std::string namespace_name = identity.namespace_name.empty() ? "" : identity.namespace_name + '/';
  return std::string{kKinds.at(identity.kind)} + ' ' + namespace_name + identity.name;
}

}  // namespace slipway::manifests
