#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "reconcilers/ports/object_store.h"
#include "reconcilers/ports/progress_watcher.h"
#include "reconcilers/ports/recorder.h"

namespace slipway::tests {

/// Resources in maps, with generations and conflicts. One thread. What the test changes in the maps itself is nobody's
/// write.
class InMemoryObjects : public ObjectReader, public ObjectWriter {
 public:
  /// Adds or edits; the generation counts edits of the spec, the status stays.
  void apply(ImagePublication object);
  void apply(ContainerRegistry object) { kept_registries[object.metadata.name] = std::move(object); }
  /// As a person who deletes: with our finalizer on it the object stays, with its deletion time.
  void remove(const ObjectKey& key, Timestamp now);
  Result<void> remove(const ImagePublication& object) override;
  /// As another process: who loaded the object before writes no status over this one.
  void write_as_another(const ObjectKey& key, ImagePublicationStatus status);
  ImagePublication& stored(const ObjectKey& key) { return published.at(key); }

  std::map<ObjectKey, ImagePublication> published;
  std::map<std::string, ContainerRegistry> kept_registries;
  std::map<std::string, std::map<std::string, std::string>> labels;  ///< Of namespaces.
  std::map<std::pair<std::string, std::string>, ConfigMapObject> config_maps;
  std::map<std::pair<std::string, std::string>, SecretObject> secrets;
  std::optional<Error> config_maps_fail;  ///< Whoever reads one meets that.
  std::map<std::string, std::string> files;
  std::vector<ImagePublicationStatus> written;  ///< Every status that was stored, in order.
  /// Called before each write; an error is the answer.
  std::function<Result<void>()> before_write;
  /// As before_write, of finalizers alone.
  std::function<Result<void>()> before_finalizer;
  /// Called before labels are read; an error is the answer.
  std::function<Result<void>()> before_labels;

  Result<std::optional<Loaded<ImagePublication>>> publication(const ObjectKey& key) override;
  Result<std::optional<ContainerRegistry>> registry(const std::string& name) override;
  Result<std::vector<ContainerRegistry>> registries() override;
  Result<std::optional<RetentionPolicy>> retention_policy(const ObjectKey& key) override;
  Result<std::map<std::string, std::string>> namespace_labels(const std::string& name) override;
  Result<std::optional<SecretObject>> secret(const std::string& namespace_name, const std::string& name) override;
  Result<std::optional<ConfigMapObject>> config_map(const std::string& namespace_name,
                                                    const std::string& name) override;
  Result<std::string> file(const std::string& base_folder, const std::string& path, std::size_t limit) override;
  Result<SharedPublications> publications_to(const std::string& repository) override;

  Result<void> write_status(const ImagePublication& object) override;
  Result<void> write_status(const ContainerRegistry& object) override;
  Result<void> write_status(const RetentionPolicy& object) override;
  Result<void> set_finalizer(const ObjectKey& key, bool wanted) override;

 private:
  void count_write(ObjectMeta& metadata) { metadata.resource_version = std::to_string(++revision_); }

  std::int64_t revision_ = 0;
  std::map<ObjectKey, std::int64_t> by_others_;  ///< The revision of what another process wrote last.
};

/// Keeps what people were told.
class InMemoryRecorder final : public Recorder {
 public:
  struct Event {
    ObjectKey object;
    EventType type;
    std::string reason;
    std::string message;
  };
  void event(const ObjectKey& object, EventType type, const std::string& reason, const std::string& message) override {
    events.push_back({object, type, reason, message});
  }
  std::vector<std::string> reasons() const {
    std::vector<std::string> all;
    for (const auto& one : events) all.push_back(one.reason);
    return all;
  }
  std::vector<Event> events;
};

/// Keeps the progress of transfers.
class InMemoryProgress final : public ProgressWatcher {
 public:
  void progress(const ObjectKey&, const TransferProgress& progress) override { seen.push_back(progress); }
  std::vector<TransferProgress> seen;
};

}  // namespace slipway::tests
