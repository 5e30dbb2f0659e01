#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "reconcilers/ports/blob_transfer.h"
#include "reconcilers/ports/registries.h"
#include "reconcilers/ports/repository_turns.h"

namespace slipway::tests {

/// What one repository holds.
struct InMemoryRepository {
  std::map<Digest, std::string> blobs;
  std::map<Digest, content::ManifestBytes> manifests;
  std::map<std::string, Digest> tags;
  std::map<Digest, std::vector<Digest>> also_listed;  ///< As its referrers: whoever writes a fallback tag says so.
  bool can_untag = true;
  bool can_list = true;  ///< Tells all of its tags at once.
  bool operator==(const InMemoryRepository&) const;
};

/// Registries in maps: every host and repository that is asked for exists. Remembers each request that a real client
/// would send at least ("HEAD reg/app:1.0", "PUT reg/app@sha256:…"). One thread.
class InMemoryRegistry final : public Registries {
 public:
  InMemoryRepository& at(const std::string& host, const std::string& repository) {
    return repositories_[host + "/" + repository];
  }
  /// Files of sources, by path.
  InMemoryRepository& file(const std::string& path) { return repositories_["file:" + path]; }

  /// Everything that was asked for, in order.
  std::vector<std::string> requests;
  /// What was announced, each time.
  std::vector<std::vector<ComingChange>> announced;
  /// Nothing can be accounted for.
  std::optional<Error> no_account;
  /// Whom repositories were opened for to be changed, in order.
  std::vector<AuditSubject> changed_for;
  /// How sources were signed in to, in order.
  std::vector<SourceSignIn> sources_opened;
  /// Called before each request is answered; an error is the answer. For faults and for what others do meanwhile.
  std::function<Result<void>(const std::string& request)> before;

  /// Those that start with one of `verbs`, e.g. {"PUT", "POST"}.
  std::vector<std::string> requests_of(const std::set<std::string>& verbs) const;
  std::vector<std::string> writes() const { return requests_of({"PUT", "POST", "DELETE"}); }
  std::vector<std::string> reads() const { return requests_of({"GET", "HEAD"}); }

  Result<std::unique_ptr<ImageStore>> open(const ContainerRegistry& registry, const std::string& repository) override;
  Result<std::unique_ptr<ImageStore>> open_to_change(const ContainerRegistry& registry, const std::string& repository,
                                                     const AuditSubject& who) override;
  Result<std::unique_ptr<ImageSource>> open_source(const RegistrySource& source, const SourceSignIn& sign_in) override;
  Result<std::unique_ptr<ImageSource>> open_file(const SourceSpec& source, const std::string& base_folder) override;
  SignIn sign_in(const ContainerRegistry& registry, std::stop_token stop) override;

  /// A store over one repository, for tests that need no ContainerRegistry.
  std::unique_ptr<ImageStore> store(const std::string& host, const std::string& repository, bool read_only = false);

  Result<void> request(std::string what);

 private:
  std::map<std::string, InMemoryRepository> repositories_;
};

/// Moves blobs one after the other; checks digests; honest about what was there.
class InMemoryTransfer final : public BlobTransfer {
 public:
  Result<BlobTransferReport> transfer(ImageSource& from, ImageStore& to, const BlobTransferRequest& request,
                                      std::stop_token stop) override;
  std::vector<BlobTransferRequest> asked;
  bool reads_layers = false;  ///< Holds layers against their diff ids, as make_image() gives them.

 private:
  Result<void> bring(ImageSource& from, ImageStore& to, const BlobTransferRequest& request, BlobTransferReport& report,
                     const std::stop_token& stop) const;
};

/// Turns of one process with one thread: taking one that is held is a bug.
class InMemoryTurns final : public RepositoryTurns {
 public:
  Result<std::unique_ptr<Turn>> take(const std::string& host, const std::string& repository,
                                     std::stop_token stop) override;
  bool is_held(const std::string& host, const std::string& repository) const {
    return held_.contains(host + "/" + repository);
  }
  int taken = 0;

 private:
  std::set<std::string> held_;
};

}  // namespace slipway::tests
