#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "controller/cluster/object_caches.h"
#include "controller/cluster/reference_namespaces.h"
#include "controller/kube/api_client.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::cluster {

/// The ports over an API server. Objects of ours and namespaces are read from the caches, Secrets and ConfigMaps, and
/// publications that are too large to be kept, are fetched each time and never kept. Thread-safe; a write and the
/// reading of a Secret or ConfigMap wait for the server.
///
/// Reading: before the caches are filled nothing is there. Errors besides those of kube::ApiClient:
///   registry() of one whose spec can't be used   Invalid; in registries() it is there with its hosts and no access
///   a Secret or ConfigMap of a namespace that    Forbidden, with the entry of `watchNamespaces` or the RBAC rule
///   may not be read                              that grants it; without a request where it was not granted at start
///   file()                                       Refused: a file here would be one of the controller's own
///
/// Writing: what was decided on is the object's uid and generation, and the status that the cache has. Where the cache
/// has another of the first two, or nothing, it is gone or newer: Conflict, without a request. An edit that the cache
/// does not have yet does not keep the status of the generation before from being written, which says by its
/// observedGeneration what it is about; another status does: Conflict, and the cache has that one. The answer goes into
/// the cache, unless an edit came with it: that is for the watch to bring.
class ObjectStore final : public ObjectReader, public ObjectWriter {
 public:
  struct Rules {
    ReferenceNamespaces references;
    /// Asked before each try of a write; its error is the answer then. Null: always.
    std::function<Result<void>(const ObjectKey&)> may_write{};
    /// Requests that wait end with Cancelled; later than the end of work, because what was done is still to be written
    /// then.
    std::stop_token give_up{};
  };
  /// `caches` and `client` outlive the store.
  ObjectStore(ObjectCaches& caches, kube::ApiClient& client, Rules rules);

  Result<std::optional<Loaded<ImagePublication>>> publication(const ObjectKey& key) override;
  Result<std::optional<ContainerRegistry>> registry(const std::string& name) override;
  Result<std::vector<ContainerRegistry>> registries() override;
  Result<std::optional<RetentionPolicy>> retention_policy(const ObjectKey& key) override;
  Result<std::map<std::string, std::string>> namespace_labels(const std::string& namespace_name) override;
  Result<std::optional<SecretObject>> secret(const std::string& namespace_name, const std::string& name) override;
  Result<std::optional<ConfigMapObject>> config_map(const std::string& namespace_name,
                                                    const std::string& name) override;
  Result<std::string> file(const std::string& base_folder, const std::string& path, std::size_t limit) override;
  /// One whose spec can't be used wants the tags that it has.
  Result<SharedPublications> publications_to(const std::string& repository) override;

  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  /// Others' finalizers stay, whoever sets one meanwhile. Forbidden has the RBAC rule that grants it, and says when to
  /// try again.
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override;
  Result<void> remove(const ImagePublication& object) override;

 private:
  template <class T>
  Result<void> write(const T& object);
  template <class T>
  Result<void> write_over(const runtime::Reflected<T>& kept, const T& object);
  Result<void> may_write(const ObjectKey& key) const {
    return rules_.may_write ? rules_.may_write(key) : Result<void>{};
  }
  Result<void> check_may_read(std::string_view what, const std::string& namespace_name) const;
  template <class T>
  Result<runtime::Reflected<T>> apply_status(const runtime::Reflected<T>& present, const decltype(T::status)& status);
  Result<std::optional<std::string>> apply_whole(const ObjectKey& key, const kube::ApiRequest& request,
                                                 const Node& wanted);
  void take_away(const ObjectKey& key, ObjectMeta& metadata, const Node& rest);
  template <class T>
  Result<std::optional<T>> fetch(const kube::Target& target, Result<T> (*decode)(const Node&));
  /// Nothing when it is not there.
  Result<std::optional<ObjectMeta>> whole_metadata(const ObjectKey& key);
  Result<void> patch_finalizer(const ObjectKey& key, const ObjectMeta& seen, bool wanted);

  ObjectCaches& caches_;
  kube::ApiClient& client_;
  const Rules rules_;
};

}  // namespace slipway::cluster
