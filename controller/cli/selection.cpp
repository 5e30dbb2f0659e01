#include "controller/cli/selection.h"

#include <algorithm>

#include "controller/cli/messages.h"
#include "crds/base/text.h"
#include "crds/v1alpha1/manifests.h"

namespace slipway::cli {

namespace {

template <class Object>
std::vector<Object> wanted_of(std::vector<Object> objects, const Wanted& wanted) {
  if (wanted.kind && *wanted.kind != Object::kKind) return {};
  std::erase_if(objects, [&](const Object& object) {
    const ObjectMeta& metadata = object.metadata;
    const bool elsewhere = !wanted.namespace_name.empty() && !metadata.namespace_name.empty() &&
                           metadata.namespace_name != wanted.namespace_name;
    return elsewhere || (!wanted.name.empty() && metadata.name != wanted.name);
  });
  std::ranges::sort(objects, {}, [](const Object& object) {
    return std::pair{object.metadata.namespace_name, object.metadata.name};
  });
  return objects;
}

template <class Object>
void add_nodes(std::vector<Node>& nodes, const std::vector<Object>& objects) {
  for (const auto& object : objects) nodes.push_back(to_node(object));
}

}  // namespace

Result<Selection> select(manifests::FolderObjectStore& objects, const Wanted& wanted) {
  auto publications = objects.publications();
  if (!publications) return std::unexpected{publications.error()};
  auto registries = objects.registries();
  if (!registries) return std::unexpected{registries.error()};
  auto policies = objects.retention_policies();
  if (!policies) return std::unexpected{policies.error()};
  Selection selection{wanted_of(std::move(*registries), wanted), wanted_of(std::move(*publications), wanted),
                      wanted_of(std::move(*policies), wanted)};
  if (selection.size() > 0 || wanted.name.empty()) return selection;
  const std::string kind = wanted.kind ? std::string{to_string(*wanted.kind)} : "resource";
  return fail(ErrorClass::NotFound, "there is no " + kind + " " + slipway::quoted(wanted.name),
              "list what is there with slipway get, or correct -f and -n");
}

Node data_of(const Selection& selection, const Wanted& wanted) {
  std::vector<Node> nodes;
  add_nodes(nodes, selection.registries);
  add_nodes(nodes, selection.publications);
  add_nodes(nodes, selection.policies);
  const bool is_one = !wanted.name.empty() && nodes.size() == 1;
  return is_one ? std::move(nodes.front()) : list_of(std::move(nodes));
}

}  // namespace slipway::cli
