#pragma once

#include <chrono>
#include <string>

#include "controller/cluster/object_store.h"
#include "controller/kube/collection.h"
#include "reconcilers/json.h"
#include "tests/catch.h"
#include "tests/support/builders.h"
#include "tests/support/in_memory_api_server.h"

namespace slipway::tests {

inline constexpr const char* kApi = "/apis/slipway.dev/v1alpha1/";

inline std::string path_of(const ObjectKey& key) {
  const std::string place = key.namespace_name.empty() ? "" : "namespaces/" + key.namespace_name + "/";
  return kApi + place + std::string(kube::resource_of(key.kind).plural) + "/" + key.name;
}

/// What a person applies: no status, and of the metadata what a person writes.
template <class T>
nlohmann::json to_json(const T& object) {
  auto json = nlohmann::json::parse(to_json_text(to_node(object)));
  json.erase("status");
  return json;
}

/// Caches over an API server in memory, filled by list when the test says so.
struct ClusterWorld {
  InMemoryApiServer server;
  kube::ApiClient client{server};
  cluster::ObjectCaches caches{"slipway-system"};

  template <class T>
  ObjectKey apply(const T& object) {
    const ObjectKey key = key_of(object);
    server.create(path_of(key), to_json(object));
    return key;
  }

  /// A status by another process. The caches hear nothing of it.
  template <class T>
  void write_as_another(const T& object) {
    const ObjectKey key = key_of(object);
    const Node patch =
        json::MapBuilder().add("metadata", json::MapBuilder().build()).add("status", to_node(object.status)).build();
    REQUIRE(client.find(kube::apply({kube::resource_of(key.kind), key.namespace_name, key.name, "status"}, patch), {}));
  }

  /// As a reflector's list.
  void list_all() { list_all(caches); }
  void list_all(cluster::ObjectCaches& into) {
    list(kube::resource_of(ResourceKind::ImagePublication), into.publications);
    list(kube::resource_of(ResourceKind::ContainerRegistry), into.registries);
    list(kube::resource_of(ResourceKind::RetentionPolicy), into.retention_policies);
    list(kube::kNamespaces, into.namespaces);
  }

 private:
  void list(const kube::ApiResource& resource, runtime::ReflectedObjects& objects) {
    kube::Collection collection(client, {.resource = resource, .namespace_name = {}, .label_selector = {}});
    objects.begin_list(runtime::EarlierVersions::Passed);
    REQUIRE(collection.list({.continue_token = {}, .whole = true},
                            [&](const Node& node) -> Result<void> {
                              REQUIRE(objects.put(node));
                              return {};
                            },
                            {}));
    objects.end_list();
  }
};

}  // namespace slipway::tests
