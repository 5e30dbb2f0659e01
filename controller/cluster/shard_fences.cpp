#include "controller/cluster/shard_fences.h"

#include <functional>
#include <utility>

#include "controller/cluster/shard_keys.h"
#include "reconcilers/registry_name.h"

namespace slipway::cluster {
namespace {

using Fence = std::function<Result<void>()>;

Result<void> fence(const Shards& shards, const std::string& shard) {
  if (shards.owns(shard)) return {};
  return fail(ErrorClass::Cancelled, "another replica works on " + shard + " now");
}

template <class Write>
Result<void> when(Result<void> allowed, const Write& write) {
  return allowed ? write() : allowed;
}

/// Reads and blobs pass; manifests and tags only through the fence.
class FencedStore final : public ImageStore {
 public:
  FencedStore(std::unique_ptr<ImageStore> next, Fence fence) : next_(std::move(next)), fence_(std::move(fence)) {}

  std::string name() const override { return next_->name(); }
  std::string host() const override { return next_->host(); }
  std::string repository() const override { return next_->repository(); }
  Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token stop) override {
    return next_->resolve(tag, std::move(stop));
  }
  Result<std::optional<content::ManifestBytes>> tagged_manifest(const std::string& tag, std::stop_token stop) override {
    return next_->tagged_manifest(tag, std::move(stop));
  }
  Result<std::optional<std::set<std::string>>> tags(std::stop_token stop) override {
    return next_->tags(std::move(stop));
  }
  Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) override {
    return next_->find_manifest(digest, std::move(stop));
  }
  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) override {
    return next_->manifest(digest, std::move(stop));
  }
  Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token stop) override {
    return next_->small_blob(blob, limit, std::move(stop));
  }
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override {
    return next_->read_blob(blob, offset, sink, std::move(stop));
  }
  Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token stop) override {
    return next_->referrers(subject, std::move(stop));
  }
  Result<bool> has_blob(const content::Descriptor& blob, std::stop_token stop) override {
    return next_->has_blob(blob, std::move(stop));
  }
  Result<bool> mount_blob(const Digest& digest, const std::string& from_repository, std::stop_token stop) override {
    return next_->mount_blob(digest, from_repository, std::move(stop));
  }
  Result<std::unique_ptr<BlobUpload>> start_upload(const Digest& digest, std::stop_token stop) override {
    return next_->start_upload(digest, std::move(stop));
  }

  Result<void> announce(const std::vector<ComingChange>& changes) override {
    return when(fence_(), [&] { return next_->announce(changes); });
  }
  Result<void> put_manifest(const content::ManifestBytes& manifest, std::stop_token stop) override {
    return when(fence_(), [&] { return next_->put_manifest(manifest, std::move(stop)); });
  }
  Result<void> put_tag(const std::string& tag, const content::ManifestBytes& manifest, std::stop_token stop) override {
    return when(fence_(), [&] { return next_->put_tag(tag, manifest, std::move(stop)); });
  }
  Result<void> put_referrer(const content::ManifestBytes& manifest, const content::Descriptor& subject,
                            std::stop_token stop) override {
    return when(fence_(), [&] { return next_->put_referrer(manifest, subject, std::move(stop)); });
  }
  Result<void> remove_tag(const std::string& tag, std::stop_token stop) override {
    return when(fence_(), [&] { return next_->remove_tag(tag, std::move(stop)); });
  }

 private:
  const std::unique_ptr<ImageStore> next_;
  const Fence fence_;
};

}  // namespace

Outcome ShardedReconciler::reconcile(const ObjectKey& key, std::stop_token stop) {
  const auto shard = hands_.shard_of(key);
  const auto work = shard ? hands_.shards.begin(*shard, std::move(stop)) : nullptr;
  if (!work) {
    fetched_.lock()->erase(key);
    return {};
  }
  const auto fetched = catch_up(key, *work);
  const Outcome again{.kind = Outcome::Kind::Retry, .delay = fetched ? std::nullopt : fetched.error().retry_after};
  const Outcome outcome = fetched ? next_.reconcile(key, work->stop_token()) : again;
  return work->is_lost() ? Outcome{} : outcome;
}

Result<void> ShardedReconciler::catch_up(const ObjectKey& key, const Shards::Work& work) {
  const std::uint64_t era = work.era();
  if (era == Shards::kAlone) return {};
  const auto is_fetched = [&] {
    const auto fetched = fetched_.lock();
    const auto known = fetched->find(key);
    return known != fetched->end() && known->second == era;
  };
  if (is_fetched()) return {};
  auto done = hands_.refresh(key, work.stop_token());
  if (done) fetched_.lock()->insert_or_assign(key, era);
  return done;
}

std::function<Result<void>(const ObjectKey&)> fence_of(const Shards& shards, ShardOf shard_of) {
  return [&shards, shard_of = std::move(shard_of)](const ObjectKey& key) -> Result<void> {
    const auto shard = shard_of(key);
    // What is gone is refused by whoever writes.
    return shard ? fence(shards, *shard) : Result<void>{};
  };
}

Result<std::unique_ptr<ImageStore>> FencedRegistries::open_to_change(const ContainerRegistry& registry,
                                                                     const std::string& repository,
                                                                     const AuditSubject& who) {
  auto opened = next_.open_to_change(registry, repository, who);
  if (!opened) return opened;
  // Asked at each write: an edit of aliases moves the repository to another shard.
  return std::make_unique<FencedStore>(std::move(*opened), [this, name = registry_name(registry), repository] {
    return fence(shards_, repository_shard(names_()->one_name_of(name), repository));
  });
}

}  // namespace slipway::cluster
