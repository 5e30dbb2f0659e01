#include "controller/kube/object_codec.h"

#include <utility>

#include "crds/base/text.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/core_objects.h"
#include "crds/v1alpha1/parse_resource.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

Result<ObjectMeta> metadata_of(const Node& object) {
  FieldReader reader("", true);
  ObjectMeta metadata;
  const Node& node = json::at(object, "metadata");
  if (node.kind == Node::Kind::Map) Bound<ObjectMeta>::get().read(node, reader, metadata);
  if (!metadata.name.empty()) return metadata;
  return fail(ErrorClass::Integrity, "an object without a name that can be read",
              "look at it with kubectl, and tell us of it");
}

/// The latest edit that is not of a subresource. Times are of one form and compare as text.
std::string editor_of(const Node& object) {
  std::string editor;
  std::string latest;
  for (const Node& entry : json::items_at(json::at(object, "metadata"), "managedFields")) {
    const std::string time = json::text_at(entry, "time");
    if (!json::text_at(entry, "subresource").empty() || time < latest) continue;
    latest = time;
    editor = json::text_at(entry, "manager");
  }
  return editor;
}

void keep_ours(std::map<std::string, std::string>& annotations) {
  std::erase_if(annotations, [](const auto& each) { return !each.first.starts_with(std::string(kGroup) + "/"); });
}

void read_status(const Node& object, ImagePublication& into) {
  if (auto status = publication_status_from(json::at(object, "status"))) into.status = std::move(*status);
}
void read_status(const Node& object, ContainerRegistry& into) {
  if (auto status = registry_status_from(json::at(object, "status"))) into.status = std::move(*status);
}
void read_status(const Node& object, RetentionPolicy& into) {
  if (auto status = retention_status_from(json::at(object, "status"))) into.status = std::move(*status);
}

/// What can be read of an object whose spec can't be used.
template <class T>
Result<runtime::Reflected<T>> broken(const Node& object, std::vector<Problem> problems) {
  Result<ObjectMeta> metadata = metadata_of(object);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  runtime::Reflected<T> kept{.object = {}, .problems = std::move(problems), .edited_by = {}};
  kept.object.metadata = std::move(*metadata);
  if (json::at(object, "status").kind == Node::Kind::Map) read_status(object, kept.object);
  return kept;
}

template <class T>
Result<runtime::Reflected<T>> decode(const Node& object) {
  ParsedResources parsed = parse_resource(object, "", {.from_api_server = true});
  std::erase_if(parsed.problems, [](const Problem& problem) { return problem.warning; });
  T* const found = parsed.resources.size() == 1 ? std::get_if<T>(&parsed.resources.front().resource) : nullptr;
  Result<runtime::Reflected<T>> kept =
      found != nullptr ? runtime::Reflected<T>{.object = std::move(*found), .problems = {}, .edited_by = {}}
                       : broken<T>(object, std::move(parsed.problems));
  if (!kept) return kept;
  kept->edited_by = editor_of(object);
  keep_ours(kept->object.metadata.annotations);
  return kept;
}

template <class T>
Result<T> core_object(const Node& object, T (*read)(const Node&, FieldReader&)) {
  FieldReader reader("", true);
  T read_object = read(object, reader);
  const std::vector<Problem> problems = reader.take().kept();
  if (problems.empty()) return read_object;
  return fail(ErrorClass::Invalid, to_string(problems.front()), "look at the object with kubectl");
}

}  // namespace

Result<runtime::Reflected<ImagePublication>> decode_publication(const Node& object) {
  return decode<ImagePublication>(object);
}

Result<runtime::Reflected<ContainerRegistry>> decode_registry(const Node& object) {
  return decode<ContainerRegistry>(object);
}

Result<runtime::Reflected<RetentionPolicy>> decode_retention_policy(const Node& object) {
  return decode<RetentionPolicy>(object);
}

Result<runtime::Reflected<MetadataObject>> decode_metadata(const Node& object) {
  Result<ObjectMeta> metadata = metadata_of(object);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  metadata->labels.clear();
  metadata->annotations.clear();
  metadata->generation = 0;
  return runtime::Reflected<MetadataObject>{.object = {std::move(*metadata)}, .problems = {}, .edited_by = {}};
}

Result<runtime::Reflected<MetadataObject>> decode_namespace(const Node& object) {
  Result<ObjectMeta> metadata = metadata_of(object);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  metadata->annotations.clear();
  // Namespaces count no generations; with one that stays, a new version alone is no edit.
  metadata->generation = 1;
  return runtime::Reflected<MetadataObject>{.object = {std::move(*metadata)}, .problems = {}, .edited_by = {}};
}

Result<SecretObject> secret_from(const Node& object) {
  return core_object<SecretObject>(object, read_secret);
}

Result<ConfigMapObject> config_map_from(const Node& object) {
  return core_object<ConfigMapObject>(object, read_config_map);
}

}  // namespace slipway::kube
