#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "controller/cluster/kept_registry_names.h"
#include "controller/cluster/shards.h"
#include "controller/runtime/guarded.h"
#include "reconcilers/ports/registries.h"
#include "reconcilers/reconciler.h"

namespace slipway::cluster {

/// The shard key of an object as it is now; absent when it is not there.
using ShardOf = std::function<std::optional<std::string>(const ObjectKey&)>;
/// Brings what is kept of an object up to what the API server has now.
using Refresh = std::function<Result<void>(const ObjectKey&, const std::stop_token&)>;

/// Visits only what this replica owns, and stops a visit whose shard is lost: Done then, because the shard's next owner
/// looks at all that it gained. What another replica may have written to an object before its shard came here is
/// fetched before the first visit: a watch may bring it later than the shard. Thread-safe.
class ShardedReconciler final : public Reconciler {
 public:
  struct Hands {
    Shards& shards;
    ShardOf shard_of;
    Refresh refresh;
  };
  /// What `hands` refers to and `next` outlive it.
  ShardedReconciler(Reconciler& next, Hands hands) : next_(next), hands_(std::move(hands)) {}
  Outcome reconcile(const ObjectKey& key, std::stop_token stop) override;
  /// The object is gone: nothing is kept of it.
  void forget(const ObjectKey& key) { fetched_.lock()->erase(key); }

 private:
  Result<void> catch_up(const ObjectKey& key, const Shards::Work& work);

  Reconciler& next_;
  const Hands hands_;
  runtime::Guarded<std::map<ObjectKey, std::uint64_t>> fetched_;  ///< In which era each object was.
};

/// Whether an object may be written: while this replica owns its shard, else Cancelled. `shards` outlives it.
/// Thread-safe.
std::function<Result<void>(const ObjectKey&)> fence_of(const Shards& shards, ShardOf shard_of);

/// Opens repositories in which manifests and tags are written only while this replica owns the repository's shard, else
/// Cancelled. Blobs may go on: they are nobody's before a manifest names them. Thread-safe.
class FencedRegistries final : public Registries {
 public:
  /// What is given outlives it and what it opens.
  FencedRegistries(Registries& next, const Shards& shards, RegistryNamesNow names)
      : next_(next), shards_(shards), names_(std::move(names)) {}
  Result<std::unique_ptr<ImageStore>> open(const ContainerRegistry& registry, const std::string& repository) override {
    return next_.open(registry, repository);
  }
  Result<std::unique_ptr<ImageStore>> open_to_change(const ContainerRegistry& registry, const std::string& repository,
                                                     const AuditSubject& who) override;
  Result<std::unique_ptr<ImageSource>> open_source(const RegistrySource& source, const SourceSignIn& sign_in) override {
    return next_.open_source(source, sign_in);
  }
  Result<std::unique_ptr<ImageSource>> open_file(const SourceSpec& source, const std::string& base_folder) override {
    return next_.open_file(source, base_folder);
  }
  SignIn sign_in(const ContainerRegistry& registry, std::stop_token stop) override {
    return next_.sign_in(registry, std::move(stop));
  }

 private:
  Registries& next_;
  const Shards& shards_;
  const RegistryNamesNow names_;
};

}  // namespace slipway::cluster
