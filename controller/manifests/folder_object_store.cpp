#include "controller/manifests/folder_object_store.h"

#include <charconv>
#include <utility>
#include <variant>

#include "controller/files/inside.h"
#include "controller/manifests/folder_refresh.h"
#include "controller/manifests/folder_world.h"
#include "controller/manifests/status_texts.h"
#include "controller/runtime/guarded.h"
#include "reconcilers/observed.h"
#include "reconcilers/readiness.h"
#include "reconcilers/reasons.h"

namespace slipway::manifests {

namespace {

/// What another version wrote and this one can't read is found again by looking.
Condition unreadable(const Error& error, std::int64_t generation) {
  Condition ready =
      make_condition(kReady, false, reason::kStatusUnreadable,
                     "the status that was kept can't be read and is found again: " + error.message, {generation, {}});
  ready.status = "Unknown";
  return ready;
}

/// The object with what the state database knows of it.
template <class T>
T merged(T object, const StateRow& row, StatusTexts& texts) {
  object.metadata.uid = row.uid;
  object.metadata.resource_version = std::to_string(row.revision);
  object.metadata.generation = row.generation;
  object.metadata.creation_timestamp = row.created_at;
  object.metadata.deletion_timestamp = row.deleted_at;
  if (row.has_finalizer) object.metadata.finalizers.emplace_back(kFinalizer);
  if (!row.status.empty()) {
    const auto status = texts.read(row.status, object);
    if (status)
      object.status = **status;
    else
      object.status.conditions.push_back(unreadable(status.error(), row.generation));
  }
  object.status.source_revision = row.source_revision;
  return object;
}

/// Another process may have seen a newer version of the file: the row's spec and generation belong together.
template <class T>
std::optional<Loaded<T>> loaded(const OwnedObject& object, const StateRow& row, StatusTexts& texts) {
  if (row.last_object == object.text)
    return Loaded<T>{merged(std::get<T>(object.resource), row, texts), object.base_folder};
  const auto newer = object_of(row);
  if (!newer) return std::nullopt;
  return Loaded<T>{merged(std::get<T>(newer->resource), row, texts), newer->base_folder};
}

/// Whether somebody has looked at it since it was edited, deleted or asked for.
bool is_seen(const OwnedObject& found, const StateRow& row, StatusTexts& texts) {
  const auto is_seen_as = [&]<class T>(const T&) {
    if constexpr (requires { T::kKind; }) {
      const auto object = loaded<T>(found, row, texts);
      return object && !row.deleted_at && is_observed(object->object);
    }
    return false;
  };
  return std::visit(is_seen_as, found.resource);
}

template <class T>
const T* find_in(const std::map<Reference, Resource>& others, const Reference& reference) {
  const auto found = others.find(reference);
  return found == others.end() ? nullptr : std::get_if<T>(&found->second);
}

/// Of what never was loaded none.
std::int64_t revision_of(const ObjectMeta& metadata) {
  std::int64_t revision = 0;
  const std::string& text = metadata.resource_version;
  std::from_chars(text.data(), text.data() + text.size(), revision);
  return revision;
}

/// The revision of its source is the row's to say: no status differs by it alone.
template <class T>
Result<void> write(StateDatabase& state, const T& object, StatusTexts& texts) {
  auto status = object.status;
  status.source_revision.clear();
  std::string text = to_json_text(to_node(status));
  if (const auto read = texts.read(text, object); !read)
    return fail(ErrorClass::Internal,
                "the status of " + to_string(key_of(object)) + " is out of its bounds: " + read.error().message,
                "report this as a bug");
  return state.write_status({.key = slipway::key_of(object),
                             .uid = object.metadata.uid,
                             .generation = object.metadata.generation,
                             .revision = revision_of(object.metadata),
                             .status = std::move(text)});
}

}  // namespace

struct FolderObjectStore::Parts {
  /// Who reads keeps the world that it found, whatever a refresh puts in its place.
  using Snapshot = std::shared_ptr<const FolderWorld>;

  Parts(ManifestFolder opened, StateDatabase& database, const Clock& time)
      : root(opened.root()),
        controller_namespace(opened.controller_namespace()),
        state(database),
        clock(time),
        folder(std::move(opened)) {}

  Snapshot world() const { return *current.lock(); }

  Result<FolderChange> refresh(Absence absence);
  Result<WorldNews> found_at_start(const FolderWorld& found);

  template <class T>
  Result<std::optional<Loaded<T>>> load(const ObjectKey& key);
  template <class T>
  Result<std::vector<T>> load_all();
  Result<std::vector<ContainerRegistry>> registries();
  Result<SharedPublications> publications_to(const std::string& repository);

  const std::filesystem::path root;
  const std::string controller_namespace;
  StateDatabase& state;
  StatusTexts texts;
  const Clock& clock;
  /// Held for the whole of a refresh: only another refresh waits for it.
  runtime::Guarded<ManifestFolder> folder;
  runtime::Guarded<Snapshot> current;
};

Result<FolderChange> FolderObjectStore::Parts::refresh(Absence absence) {
  const auto from = folder.lock();
  auto reading = from->read();
  if (!reading) return std::unexpected{reading.error()};
  if (absence == Absence::ChangesNothing) reading->is_settled = false;
  const Snapshot known = world();
  const FolderWorld nothing;
  const FolderWorld& before = known ? *known : nothing;
  FolderRefresh refreshed{*from, *reading, state, clock};
  auto now = refreshed.run(before);
  if (!now) return std::unexpected{now.error()};
  look_at_files(*now, from->is_checkout());
  index_publications(*now);
  auto concerned = known ? news(before, *now, controller_namespace) : found_at_start(*now);
  if (!concerned) return std::unexpected{concerned.error()};
  FolderChange change{.edited = std::move(concerned->edited),
                      .again = std::move(concerned->again),
                      .gone = std::move(refreshed).gone(),
                      .problems = std::move(reading->problems),
                      .is_settled = reading->is_settled,
                      .folders = std::move(reading->folders)};
  for (const auto& [reference, version] : now->files)
    change.folders.insert((std::filesystem::path{reference.scope} / reference.name).lexically_normal().parent_path());
  const Snapshot next = std::make_shared<const FolderWorld>(std::move(*now));
  *current.lock() = next;
  return change;
}

Result<WorldNews> FolderObjectStore::Parts::found_at_start(const FolderWorld& found) {
  const auto rows = state.all();
  if (!rows) return while_doing("reading what was looked at", rows.error());
  WorldNews news;
  for (const StateRow& row : *rows)
    if (const auto object = found.owned.find(row.key); object != found.owned.end())
      (is_seen(object->second, row, texts) ? news.again : news.edited).insert(row.key);
  return news;
}

template <class T>
Result<std::optional<Loaded<T>>> FolderObjectStore::Parts::load(const ObjectKey& key) {
  const Snapshot seen = world();
  if (!seen) return std::nullopt;
  const auto found = seen->owned.find(key);
  if (found == seen->owned.end()) return std::nullopt;
  const auto row = state.find(key);
  if (!row) return while_doing("reading " + to_string(key), row.error());
  if (!*row) return std::nullopt;
  return loaded<T>(found->second, **row, texts);
}

template <class T>
Result<std::vector<T>> FolderObjectStore::Parts::load_all() {
  std::vector<T> all;
  const Snapshot seen = world();
  if (!seen) return all;
  const auto rows = state.all();
  if (!rows) return while_doing("reading every " + std::string{to_string(T::kKind)}, rows.error());
  for (const auto& row : *rows) {
    const auto found = seen->owned.find(row.key);
    if (row.key.kind != T::kKind || found == seen->owned.end()) continue;
    if (auto object = loaded<T>(found->second, row, texts)) all.push_back(std::move(object->object));
  }
  return all;
}

/// Asked for at each visit: a row for each registry, not the whole table.
Result<std::vector<ContainerRegistry>> FolderObjectStore::Parts::registries() {
  std::vector<ContainerRegistry> all;
  const Snapshot seen = world();
  if (!seen) return all;
  for (const auto& [key, owned] : seen->owned) {
    if (key.kind != ResourceKind::ContainerRegistry) continue;
    auto object = load<ContainerRegistry>(key);
    if (!object) return std::unexpected{object.error()};
    if (*object) all.push_back(std::move((*object)->object));
  }
  return all;
}

Result<SharedPublications> FolderObjectStore::Parts::publications_to(const std::string& repository) {
  SharedPublications all;
  const Snapshot seen = world();
  if (!seen) return all;
  const auto found = seen->publications_to.find(repository);
  if (found == seen->publications_to.end()) return all;
  for (const ObjectKey& key : found->second) {
    auto object = load<ImagePublication>(key);
    if (!object) return std::unexpected{object.error()};
    if (*object) all.push_back(std::make_shared<const ImagePublication>(std::move((*object)->object)));
  }
  return all;
}

FolderObjectStore::FolderObjectStore(ManifestFolder folder, StateDatabase& state, const Clock& clock)
    : parts_(std::make_unique<Parts>(std::move(folder), state, clock)) {}
FolderObjectStore::~FolderObjectStore() = default;

Result<FolderChange> FolderObjectStore::refresh(Absence absence) {
  return parts_->refresh(absence);
}

std::vector<ObjectKey> FolderObjectStore::keys() const {
  std::vector<ObjectKey> keys;
  if (const auto seen = parts_->world())
    for (const auto& [key, object] : seen->owned) keys.push_back(key);
  return keys;
}

Result<std::vector<ImagePublication>> FolderObjectStore::publications() const {
  return parts_->load_all<ImagePublication>();
}

Result<std::vector<RetentionPolicy>> FolderObjectStore::retention_policies() const {
  return parts_->load_all<RetentionPolicy>();
}

bool FolderObjectStore::has_read() const {
  return parts_->world() != nullptr;
}

Result<std::optional<Loaded<ImagePublication>>> FolderObjectStore::publication(const ObjectKey& key) {
  return parts_->load<ImagePublication>(key);
}

Result<std::optional<ContainerRegistry>> FolderObjectStore::registry(const std::string& name) {
  auto found = parts_->load<ContainerRegistry>({ResourceKind::ContainerRegistry, {}, name});
  if (!found) return std::unexpected{found.error()};
  if (!*found) return std::nullopt;
  return std::move((*found)->object);
}

Result<std::vector<ContainerRegistry>> FolderObjectStore::registries() {
  return parts_->registries();
}

Result<std::optional<RetentionPolicy>> FolderObjectStore::retention_policy(const ObjectKey& key) {
  auto found = parts_->load<RetentionPolicy>(key);
  if (!found) return std::unexpected{found.error()};
  if (!*found) return std::nullopt;
  return std::move((*found)->object);
}

Result<std::map<std::string, std::string>> FolderObjectStore::namespace_labels(const std::string& namespace_name) {
  std::map<std::string, std::string> labels;
  if (const auto seen = parts_->world())
    if (const auto* found = find_in<NamespaceObject>(seen->others, {Reference::Kind::Namespace, {}, namespace_name}))
      labels = found->labels;
  labels["kubernetes.io/metadata.name"] = namespace_name;
  return labels;
}

Result<std::optional<SecretObject>> FolderObjectStore::secret(const std::string& namespace_name,
                                                              const std::string& name) {
  const auto seen = parts_->world();
  if (!seen) return std::nullopt;
  const auto* found = find_in<SecretObject>(seen->others, {Reference::Kind::Secret, namespace_name, name});
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<std::optional<ConfigMapObject>> FolderObjectStore::config_map(const std::string& namespace_name,
                                                                     const std::string& name) {
  const auto seen = parts_->world();
  if (!seen) return std::nullopt;
  const auto* found = find_in<ConfigMapObject>(seen->others, {Reference::Kind::ConfigMap, namespace_name, name});
  return found == nullptr ? std::nullopt : std::optional(*found);
}

Result<std::string> FolderObjectStore::file(const std::string& base_folder, const std::string& path,
                                            std::size_t limit) {
  const auto now = files::anchored(parts_->root, base_folder);
  if (!now) return std::unexpected{now.error()};
  return read_file_inside(now->root, now->base, path, limit);
}

Result<SharedPublications> FolderObjectStore::publications_to(const std::string& repository) {
  return parts_->publications_to(repository);
}

Result<void> FolderObjectStore::write_status(const ImagePublication& object) {
  return write(parts_->state, object, parts_->texts);
}

Result<void> FolderObjectStore::write_status(const ContainerRegistry& object) {
  return write(parts_->state, object, parts_->texts);
}

Result<void> FolderObjectStore::write_status(const RetentionPolicy& object) {
  return write(parts_->state, object, parts_->texts);
}

Result<void> FolderObjectStore::set_finalizer(const ObjectKey& key, bool wanted) {
  return parts_->state.set_finalizer(key, wanted);
}

Result<void> FolderObjectStore::remove(const ImagePublication& object) {
  return fail(ErrorClass::Refused, to_string(key_of(object)) + " is a file, and files are people's",
              "delete the file, or leave spec.ttlAfterPublished out");
}

}  // namespace slipway::manifests
