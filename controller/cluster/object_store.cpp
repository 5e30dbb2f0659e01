#include "controller/cluster/object_store.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "controller/cluster/status_remains.h"
#include "crds/base/text.h"
#include "reconcilers/finalizer.h"
#include "reconcilers/json.h"

namespace slipway::cluster {
namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";
/// Of a patch that somebody else was quicker than.
constexpr int kMostTries = 3;

kube::Target target_of(const ObjectKey& key, std::string_view subresource = {}) {
  return {kube::resource_of(key.kind), key.namespace_name, key.name, subresource};
}

std::unexpected<Error> gone_or_newer(const ObjectKey& key) {
  return fail(ErrorClass::Conflict, "writing the status of " + to_string(key) + ": it is gone or newer",
              "nothing to do: the new one is looked at by itself");
}

/// What tells one status from another: not the order of its conditions, which the API server keeps as it likes.
template <class Status>
std::string meaning_of(Status status) {
  status.source_revision.clear();
  std::ranges::sort(status.conditions, {}, &Condition::type);
  return to_json_text(to_node(status));
}

/// A list is given anew, and who else is in it is nothing to tell every tenant.
std::string line_that_grants(const std::string& namespace_name, const ReferenceNamespaces& references) {
  const bool has_others =
      std::ranges::any_of(*references.granted, [&](const auto& each) { return each != references.controller; });
  return "helm upgrade RELEASE CHART -n " + references.controller +
         " --reset-then-reuse-values --set 'watchNamespaces={" + (has_others ? "…," : "") + namespace_name + "}'" +
         (has_others ? ", with those that it has for …" : "");
}

/// What is applied to the object in that very version (a uid would not be looked at): its status whole, so that what is
/// not in it vanishes, as long as nobody else owns it too.
template <class T>
Node status_patch(const T& object) {
  return json::MapBuilder()
      .add("apiVersion", json::text(kApiVersion))
      .add("kind", json::text(to_string(T::kKind)))
      .add("metadata", json::MapBuilder()
                           .add("name", json::text(object.metadata.name))
                           .add_text("namespace", object.metadata.namespace_name)
                           .add("resourceVersion", json::text(object.metadata.resource_version))
                           .build())
      .add("status", to_node(object.status))
      .build();
}

/// The whole list of finalizers, with ours or without, of an object in that very version. `metadata` has all of them.
Node finalizer_patch(const ObjectMeta& metadata, bool wanted) {
  std::vector<std::string> finalizers = metadata.finalizers;
  std::erase(finalizers, std::string(kFinalizer));
  if (wanted) finalizers.emplace_back(kFinalizer);
  return json::MapBuilder()
      .add("metadata", json::MapBuilder()
                           .add("uid", json::text(metadata.uid))
                           .add("resourceVersion", json::text(metadata.resource_version))
                           .add("finalizers", json::text_list(finalizers))
                           .build())
      .build();
}

template <class T>
Result<runtime::Reflected<T>> decode(const Node& object) {
  if constexpr (std::is_same_v<T, ImagePublication>)
    return kube::decode_publication(object);
  else if constexpr (std::is_same_v<T, ContainerRegistry>)
    return kube::decode_registry(object);
  else
    return kube::decode_retention_policy(object);
}

/// What the API server said to a status.
Error write_error(const ObjectKey& key, Error error) {
  if (error.cls == ErrorClass::Conflict) return gone_or_newer(key).error();
  if (error.cls != ErrorClass::Invalid || kube::is_too_large(error)) return error;
  return {.cls = ErrorClass::Internal,
          .message = "the status of " + to_string(key) + " is not taken: " + error.message,
          .remedy = "report this as a bug",
          .reason = {},
          .retry_after = {}};
}

constexpr std::chrono::seconds kLookAgainWhenRefused{60};

std::string how_to_grant(const std::string& namespace_name) {
  return "add this to a Role in namespace " + namespace_name +
         " that is bound to the controller (the chart's rbac.create does where it may read): "
         "- {apiGroups: [\"\"], resources: [secrets, configmaps], verbs: [get, list, watch]}";
}

/// What was found, or why not with what a person can do about that.
template <class T>
Result<T> grantable(Result<T> found, const std::string& namespace_name) {
  if (found || found.error().cls != ErrorClass::Forbidden) return found;
  found.error().remedy = how_to_grant(namespace_name);
  // A watch that is open outlives the role, so it does not tell when the right is back.
  found.error().retry_after = kLookAgainWhenRefused;
  return found;
}

/// The rule that gives the right is what the API server's client says already.
Error finalizer_error(Error error) {
  if (error.cls != ErrorClass::Forbidden) return error;
  error.retry_after = kLookAgainWhenRefused;
  return while_doing("finalizer " + std::string(kFinalizer), std::move(error)).error();
}

}  // namespace

ObjectStore::ObjectStore(ObjectCaches& caches, kube::ApiClient& client, Rules rules)
    : caches_(caches), client_(client), rules_(std::move(rules)) {}

Result<std::optional<Loaded<ImagePublication>>> ObjectStore::publication(const ObjectKey& key) {
  const auto entry = caches_.publications.find(name_of(key));
  if (entry == nullptr) return std::nullopt;
  if (entry->is_whole)
    return Loaded<ImagePublication>{.object = entry->object, .base_folder = {}, .edited_by = entry->edited_by};
  auto whole = fetch<runtime::Reflected<ImagePublication>>(target_of(key), kube::decode_whole_publication);
  if (!whole) return std::unexpected(std::move(whole.error()));
  if (!*whole) return std::nullopt;
  return Loaded<ImagePublication>{
      .object = std::move((*whole)->object), .base_folder = {}, .edited_by = std::move((*whole)->edited_by)};
}

Result<std::optional<ContainerRegistry>> ObjectStore::registry(const std::string& name) {
  const auto entry = caches_.registries.find({{}, name});
  if (entry == nullptr) return std::nullopt;
  if (entry->problems.empty() || entry->holds_in_part) return entry->object;
  return fail(ErrorClass::Invalid, "ContainerRegistry " + name + " can't be used: its spec is invalid",
              "who keeps it corrects it, as its own conditions say");
}

Result<std::vector<ContainerRegistry>> ObjectStore::registries() {
  std::vector<ContainerRegistry> all;
  for (const auto& entry : caches_.registries.all()) all.push_back(entry->object);
  return all;
}

Result<std::optional<RetentionPolicy>> ObjectStore::retention_policy(const ObjectKey& key) {
  const auto entry = caches_.retention_policies.find(name_of(key));
  if (entry == nullptr) return std::nullopt;
  return entry->object;
}

Result<std::map<std::string, std::string>> ObjectStore::namespace_labels(const std::string& namespace_name) {
  std::map<std::string, std::string> labels;
  if (const auto entry = caches_.namespaces.find({{}, namespace_name})) {
    labels = entry->object.metadata.labels;
  } else {
    // Objects of a new namespace may be seen before it.
    const auto found = client_.find(kube::get_metadata({kube::kNamespaces, {}, namespace_name, {}}), rules_.give_up);
    if (!found) return std::unexpected(found.error());
    if (*found) labels = json::text_map_at(json::at(**found, "metadata"), "labels");
  }
  labels[std::string(kNameLabel)] = namespace_name;
  return labels;
}

Result<void> ObjectStore::check_may_read(std::string_view what, const std::string& namespace_name) const {
  if (rules_.references.contains(namespace_name)) return {};
  return fail(ErrorClass::Forbidden,
              std::string(what) + "s of namespace " + namespace_name + " may not be read by this controller",
              // A Role alone would change nothing: no request is sent.
              "who runs the controller can add " + namespace_name +
                  " to watchNamespaces of the chart's values: " + line_that_grants(namespace_name, rules_.references));
}

template <class T>
Result<std::optional<T>> ObjectStore::fetch(const kube::Target& target, Result<T> (*decode)(const Node&)) {
  const auto found = client_.find(kube::get(target), rules_.give_up);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  Result<T> object = decode(**found);
  if (!object) return std::unexpected(std::move(object.error()));
  return std::move(*object);
}

Result<std::optional<SecretObject>> ObjectStore::secret(const std::string& namespace_name, const std::string& name) {
  if (auto allowed = check_may_read("Secret", namespace_name); !allowed) return std::unexpected(allowed.error());
  return grantable(fetch<SecretObject>({kube::kSecrets, namespace_name, name, {}}, kube::secret_from), namespace_name);
}

Result<std::optional<ConfigMapObject>> ObjectStore::config_map(const std::string& namespace_name,
                                                               const std::string& name) {
  if (auto allowed = check_may_read("ConfigMap", namespace_name); !allowed) return std::unexpected(allowed.error());
  return grantable(fetch<ConfigMapObject>({kube::kConfigMaps, namespace_name, name, {}}, kube::config_map_from),
                   namespace_name);
}

Result<std::string> ObjectStore::file(const std::string& /*base_folder*/, const std::string& path,
                                      std::size_t /*limit*/) {
  return fail(ErrorClass::Refused,
              quoted(path) + " names a file, which in a cluster would be one of the controller's own",
              "give it by configMapRef or inline");
}

Result<SharedPublications> ObjectStore::publications_to(const std::string& repository) {
  SharedPublications all;
  for (const runtime::ObjectName& name : caches_.references.candidates_for(repository))
    if (const auto entry = caches_.publications.find(name); entry && entry->object.spec.repository == repository)
      all.emplace_back(entry, &entry->object);
  std::ranges::sort(all, {}, [](const auto& each) { return key_of(*each); });
  return all;
}

template <class T>
Result<void> ObjectStore::write(const T& object) {
  const ObjectKey key = key_of(object);
  auto& cache = cache_of<T>(caches_);
  const auto kept = cache.find(name_of(key));
  if (kept == nullptr || kept->object.metadata.uid != object.metadata.uid ||
      kept->object.metadata.generation != object.metadata.generation)
    return gone_or_newer(key);
  if (auto allowed = may_write(key); !allowed) return allowed;
  return write_over(*kept, object);
}

/// `kept`: what was decided on. Whoever was quicker with an edit does not matter, whoever was with a status does.
template <class T>
Result<void> ObjectStore::write_over(const runtime::Reflected<T>& kept, const T& object) {
  const ObjectKey key = key_of(object);
  auto& cache = cache_of<T>(caches_);
  const std::string decided_on = meaning_of(kept.object.status);
  const std::string wanted = meaning_of(object.status);
  if (decided_on == wanted) return {};
  auto written = apply_status(kept, object.status);
  for (int tries = 1; tries < kMostTries && !written && written.error().cls == ErrorClass::Conflict; ++tries) {
    auto fresh = fetch<runtime::Reflected<T>>(target_of(key), &decode<T>);
    if (!fresh) return std::unexpected(fresh.error());
    if (!*fresh || (*fresh)->object.metadata.uid != object.metadata.uid) return gone_or_newer(key);
    const std::string found = meaning_of((*fresh)->object.status);
    if (found != decided_on) {
      cache.wrote(std::move(**fresh));
      // It is what was wanted after a write whose answer was lost.
      return found == wanted ? Result<void>{} : gone_or_newer(key);
    }
    if (auto allowed = may_write(key); !allowed) return allowed;
    written = apply_status(**fresh, object.status);
  }
  if (!written) return std::unexpected(std::move(written.error()));
  cache.wrote(std::move(*written));
  return {};
}

template <class T>
Result<runtime::Reflected<T>> ObjectStore::apply_status(const runtime::Reflected<T>& present,
                                                        const decltype(T::status)& status) {
  runtime::Reflected<T> made = present;
  made.object.status = status;
  made.object.status.source_revision.clear();
  const ObjectKey key = key_of(made.object);
  const Node patch = status_patch(made.object);
  const Node& wanted = json::at(patch, "status");
  const kube::ApiRequest request = kube::apply(target_of(key, "status"), patch);
  const bool takes_away = remains(to_node(present.object.status), wanted).has_value();
  auto version = takes_away ? apply_whole(key, request, wanted) : client_.find_version(request, rules_.give_up);
  if (!version) return std::unexpected(write_error(key, std::move(version.error())));
  if (!*version) return gone_or_newer(key);
  made.object.metadata.resource_version = std::move(**version);
  return made;
}

/// Applies a status that takes something away, and sees to it that it goes. In which version the object is then.
Result<std::optional<std::string>> ObjectStore::apply_whole(const ObjectKey& key, const kube::ApiRequest& request,
                                                            const Node& wanted) {
  const auto answer = client_.find(request, rules_.give_up);
  if (!answer) return std::unexpected(answer.error());
  if (!*answer) return std::nullopt;
  Result<ObjectMeta> written = runtime::metadata_in(**answer);
  if (!written) return std::unexpected(std::move(written.error()));
  if (const auto rest = remains(json::at(**answer, "status"), wanted)) take_away(key, *written, *rest);
  return std::move(written->resource_version);
}

/// What stays where somebody copied our entry of metadata.managedFields under another name: two own it then, and what
/// one does not apply any more is the other's still. Once; what fails here the next status that takes something away
/// makes up for.
void ObjectStore::take_away(const ObjectKey& key, ObjectMeta& metadata, const Node& rest) {
  const Node patch =
      json::MapBuilder()
          .add("metadata", json::MapBuilder().add("resourceVersion", json::text(metadata.resource_version)).build())
          .add("status", rest)
          .build();
  const auto answer = client_.find(kube::merge_patch(target_of(key, "status"), patch), rules_.give_up);
  if (!answer || !*answer) return;
  if (auto written = kube::decode_metadata(**answer))
    metadata.resource_version = std::move(written->object.metadata.resource_version);
}

Result<void> ObjectStore::write_status(const ImagePublication& object) {
  return write(object);
}

Result<void> ObjectStore::write_status(const ContainerRegistry& object) {
  return write(object);
}

Result<void> ObjectStore::write_status(const RetentionPolicy& object) {
  return write(object);
}

Result<void> ObjectStore::set_finalizer(const ObjectKey& key, bool wanted) {
  if (key.kind != ResourceKind::ImagePublication)
    return fail(ErrorClass::Internal, to_string(key) + " never has a finalizer of ours", "report this as a bug");
  const auto kept = caches_.publications.find(name_of(key));
  if (kept != nullptr && has_finalizer(kept->object.metadata) == wanted) return {};
  for (int tries = 1; kept != nullptr; ++tries) {
    // Of others' finalizers the cache knows none.
    const auto whole = whole_metadata(key);
    if (!whole) return std::unexpected(finalizer_error(whole.error()));
    if (!*whole || (*whole)->uid != kept->object.metadata.uid) break;
    if (auto allowed = may_write(key); !allowed) return allowed;
    if (has_finalizer(**whole) == wanted) return {};
    if (wanted && (*whole)->deletion_timestamp)
      return fail(ErrorClass::Conflict, to_string(key) + " is being deleted", "nothing to do");
    auto patched = patch_finalizer(key, **whole, wanted);
    const bool was_late = !patched && patched.error().cls == ErrorClass::Conflict && tries < kMostTries;
    if (!was_late) return patched;
  }
  if (!wanted) return {};
  return fail(ErrorClass::NotFound, to_string(key) + " is gone", "nothing to do");
}

Result<std::optional<ObjectMeta>> ObjectStore::whole_metadata(const ObjectKey& key) {
  const auto found = client_.find(kube::get_metadata(target_of(key)), rules_.give_up);
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  auto metadata = runtime::metadata_in(**found);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  return std::move(*metadata);
}

Result<void> ObjectStore::patch_finalizer(const ObjectKey& key, const ObjectMeta& seen, bool wanted) {
  const auto answer = client_.find(kube::merge_patch(target_of(key), finalizer_patch(seen, wanted)), rules_.give_up);
  if (!answer) return std::unexpected(finalizer_error(answer.error()));
  if (!*answer && !wanted) return {};
  if (!*answer) return fail(ErrorClass::NotFound, to_string(key) + " is gone", "nothing to do");
  auto written = kube::decode_publication(**answer);
  if (!written) return std::unexpected(std::move(written.error()));
  caches_.publications.wrote(std::move(*written), seen.resource_version);
  return {};
}

Result<void> ObjectStore::remove(const ImagePublication& object) {
  const ObjectKey key = key_of(object);
  const auto kept = caches_.publications.find(name_of(key));
  if (kept == nullptr) return {};
  const ObjectMeta& metadata = kept->object.metadata;
  if (metadata.uid != object.metadata.uid || metadata.generation != object.metadata.generation)
    return fail(ErrorClass::Conflict, "deleting " + to_string(key) + ": it is newer",
                "nothing to do: the new one is looked at by itself");
  if (auto allowed = may_write(key); !allowed) return allowed;
  const auto answer = client_.find(kube::remove_version(target_of(key), metadata.resource_version), rules_.give_up);
  if (!answer) return std::unexpected(answer.error());
  return {};
}

}  // namespace slipway::cluster
