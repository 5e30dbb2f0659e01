#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/registry/connection.h"
#include "controller/registry/noted_changes.h"
#include "controller/runtime/guarded.h"
#include "reconcilers/ports/image_store.h"

namespace slipway::registry {

struct ClientOptions {
  std::string repository;
  bool read_only = false;  ///< Asks for tokens that cannot push.
  std::string request_id;  ///< Of the visit, sent as X-Request-Id; may be empty.
  AuditedBy audited = {};  ///< Of what changes the repository.
};

/// One repository of a registry over the OCI distribution protocol 1.1, for one visit. Thread-safe.
class RegistryClient final : public ImageStore {
 public:
  RegistryClient(std::shared_ptr<Connection> connection, ClientOptions options);

  std::string name() const override { return host() + "/" + options_.repository; }
  std::string host() const override { return connection_->name(); }
  std::string repository() const override { return options_.repository; }

  Result<std::optional<content::Descriptor>> resolve(const std::string& tag, std::stop_token stop) override;
  Result<std::optional<content::ManifestBytes>> tagged_manifest(const std::string& tag, std::stop_token stop) override;
  /// Asked once: referrers() knows afterwards which fallback tags there are not.
  Result<std::optional<std::set<std::string>>> tags(std::stop_token stop) override;
  Result<std::optional<content::Descriptor>> find_manifest(const Digest& digest, std::stop_token stop) override;
  Result<content::ManifestBytes> manifest(const Digest& digest, std::stop_token stop) override;
  Result<std::string> small_blob(const content::Descriptor& blob, std::size_t limit, std::stop_token stop) override;
  Result<void> read_blob(const content::Descriptor& blob, std::int64_t offset, const BlobSink& sink,
                         std::stop_token stop) override;
  Result<std::vector<content::Descriptor>> referrers(const Digest& subject, std::stop_token stop) override;

  Result<bool> has_blob(const content::Descriptor& blob, std::stop_token stop) override;
  Result<bool> mount_blob(const Digest& digest, const std::string& from_repository, std::stop_token stop) override;
  Result<std::unique_ptr<BlobUpload>> start_upload(const Digest& digest, std::stop_token stop) override;
  Result<void> announce(const std::vector<ComingChange>& changes) override { return changes_.announce(changes); }
  Result<void> put_manifest(const content::ManifestBytes& manifest, std::stop_token stop) override;
  Result<void> put_tag(const std::string& tag, const content::ManifestBytes& manifest, std::stop_token stop) override;
  Result<void> put_referrer(const content::ManifestBytes& manifest, const content::Descriptor& subject,
                            std::stop_token stop) override;
  Result<void> remove_tag(const std::string& tag, std::stop_token stop) override;

  /// Deletes the manifest, and with it every tag that names it. NotFound when it is not there; Refused where the
  /// registry deletes nothing.
  Result<void> remove_manifest(const Digest& digest, std::stop_token stop);

 private:
  std::string url(const std::string& rest) const { return connection_->url("/v2/" + options_.repository + rest); }
  Errand errand_for(std::string scope) const;
  std::string url_to_untag(const std::string& tag) const;
  Result<http::Response> send(const http::Request& request, std::stop_token stop);
  /// Of an answer that is none of those that are wanted.
  std::unexpected<Error> unwanted(const http::Request& request, const http::Response& response) const;
  Result<http::Response> expect(const http::Request& request, int status, std::stop_token stop);
  Result<std::optional<content::Descriptor>> look_up(const std::string& reference, std::stop_token stop);
  /// `wanted`: what its bytes have to be, in the caller's hash.
  Result<std::optional<content::ManifestBytes>> read(const std::string& reference, std::stop_token stop,
                                                     const Digest* wanted = nullptr);
  /// The two that change manifests and tags; nothing else does.
  Result<http::Response> put(const std::string& tag, const content::ManifestBytes& manifest, std::stop_token stop);
  Result<void> remove(const ComingChange& change, const std::stop_token& stop);
  Result<http::Response> send_put(const std::string& reference, const content::ManifestBytes& manifest,
                                  std::stop_token stop);
  Result<void> send_delete(const std::string& url, const std::stop_token& stop);
  Result<std::vector<content::Descriptor>> listed_referrers(const Digest& subject, std::stop_token stop);
  bool takes_from_allowance();  ///< False when lists of referrers have cost as many requests as they may.
  Result<void> fill_in_type(content::Descriptor& referrer, std::stop_token stop);
  Result<void> add_to_fallback(const content::Descriptor& referrer, const Digest& subject, std::stop_token stop);
  bool is_listed(const std::string& tag);  ///< False only where tags() said so.
  Result<std::vector<content::Descriptor>> known_fallback(const Digest& subject, std::stop_token stop);
  Result<std::optional<content::ManifestBytes>> fallback_index(const Digest& subject, std::stop_token stop);

  const std::shared_ptr<Connection> connection_;  // Shared by all repositories of one registry and identity.
  const ClientOptions options_;
  const Errand errand_;
  NotedChanges changes_;
  std::atomic<int> allowance_ = 2000;  ///< Of requests for further pages and for the types of referrers.
  runtime::Guarded<std::map<Digest, std::string>> opened_by_mount_;
  runtime::Guarded<std::optional<std::set<std::string>>> listed_tags_;
};

}  // namespace slipway::registry
