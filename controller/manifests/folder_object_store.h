#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/manifests/folder_world.h"
#include "controller/manifests/manifest_folder.h"
#include "controller/manifests/state_database.h"
#include "reconcilers/ports/clock.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::manifests {

/// What a reading changed.
struct FolderChange {
  /// As WorldNews has them; of the first reading edited is what nobody has looked at since it was edited or deleted.
  std::set<ObjectKey> edited;
  std::set<ObjectKey> again;
  std::vector<GoneObject> gone;   ///< Deleted by it, because no file has them any more.
  std::vector<Problem> problems;  ///< All of the latest reading.
  bool is_settled = false;
  std::set<std::filesystem::path> folders;  ///< Where what was read may change: of manifests, reports and sources.
};

/// What a reading makes of objects whose file is gone.
enum class Absence {
  DeletesWhenSettled,
  ChangesNothing,
};

/// The ports over a manifest folder, with status, generation, uid and deletions in the state database. What is read is
/// what the last refresh() saw, so that one reconcile sees one world. Thread-safe.
class FolderObjectStore final : public ObjectReader, public ObjectWriter {
 public:
  /// Everything given outlives the store.
  FolderObjectStore(ManifestFolder folder, StateDatabase& state, const Clock& clock);
  ~FolderObjectStore() override;

  /// Reads the folder again. An object absent from a settled reading is deleted, if it came from this folder: it stays
  /// readable with its deletion time as long as it has our finalizer, and one of that name is new only after that. What
  /// stood in a file that is broken since before this process started is in force as the database has it. Errors are
  /// those of ManifestFolder::read() and of the database; what was in force stays.
  Result<FolderChange> refresh(Absence absence = Absence::DeletesWhenSettled);
  /// Every object of ours, those being deleted included.
  std::vector<ObjectKey> keys() const;
  /// What is stored of every publication and policy, for `get` and counts.
  Result<std::vector<ImagePublication>> publications() const;
  Result<std::vector<RetentionPolicy>> retention_policies() const;
  /// At least one refresh() succeeded.
  bool has_read() const;

  Result<std::optional<Loaded<ImagePublication>>> publication(const ObjectKey& key) override;
  Result<std::optional<ContainerRegistry>> registry(const std::string& name) override;
  Result<std::vector<ContainerRegistry>> registries() override;
  Result<std::optional<RetentionPolicy>> retention_policy(const ObjectKey& key) override;
  Result<std::map<std::string, std::string>> namespace_labels(const std::string& namespace_name) override;
  Result<std::optional<SecretObject>> secret(const std::string& namespace_name, const std::string& name) override;
  Result<std::optional<ConfigMapObject>> config_map(const std::string& namespace_name,
                                                    const std::string& name) override;
  Result<std::string> file(const std::string& base_folder, const std::string& path, std::size_t limit) override;
  Result<SharedPublications> publications_to(const std::string& repository) override;

  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override;
  Result<void> remove(const ImagePublication& object) override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace slipway::manifests
