#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/resources.h"

namespace slipway {

namespace {

template <class T>
Node object_node(const T& object) {
  Node node = map_node();
  add(node, "apiVersion", string_node(kApiVersion));
  add(node, "kind", string_node(to_string(T::kKind)));
  add(node, "metadata", Bound<ObjectMeta>::get().write(object.metadata));
  add(node, "spec", Bound<std::remove_cvref_t<decltype(object.spec)>>::get().write(object.spec));
  using Status = std::remove_cvref_t<decltype(object.status)>;
  if (object.status != Status{}) add(node, "status", Bound<Status>::get().write(object.status));
  return node;
}

template <class Status>
Result<Status> status_from(const Node& node) {
  FieldReader reader("", true);
  Status status;
  Bound<Status>::get().read(node, reader, status);
  const auto problems = reader.take().kept();
  if (problems.empty()) return status;
  return fail(ErrorClass::Invalid, "a stored status can't be read: " + to_string(problems.front()),
              "remove the state database; the registry holds the truth");
}

}  // namespace

Node to_node(const ContainerRegistry& object) {
  return object_node(object);
}
Node to_node(const ImagePublication& object) {
  return object_node(object);
}
Node to_node(const RetentionPolicy& object) {
  return object_node(object);
}

Node to_node(const ImagePublicationStatus& status) {
  return Bound<ImagePublicationStatus>::get().write(status);
}
Node to_node(const ContainerRegistryStatus& status) {
  return Bound<ContainerRegistryStatus>::get().write(status);
}
Node to_node(const RetentionPolicyStatus& status) {
  return Bound<RetentionPolicyStatus>::get().write(status);
}

std::vector<std::string> changed_for_good(const Resource& before, const Resource& now) {
  return std::visit(
      [&now]<class T>(const T& old) {
        std::vector<std::string> fields;
        if constexpr (requires { old.spec; })
          if (const auto* object = std::get_if<T>(&now))
            for (const auto field : Bound<decltype(old.spec)>::get().changed_for_good(old.spec, object->spec))
              fields.push_back("spec." + std::string(field));
        return fields;
      },
      before);
}

Result<ImagePublicationStatus> publication_status_from(const Node& node) {
  return status_from<ImagePublicationStatus>(node);
}
Result<ContainerRegistryStatus> registry_status_from(const Node& node) {
  return status_from<ContainerRegistryStatus>(node);
}
Result<RetentionPolicyStatus> retention_status_from(const Node& node) {
  return status_from<RetentionPolicyStatus>(node);
}

}  // namespace slipway
