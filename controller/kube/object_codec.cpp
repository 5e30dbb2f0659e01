#include "controller/kube/object_codec.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <set>
#include <utility>
#include <vector>

#include "controller/kube/dropped_fields.h"
#include "controller/kube/requests.h"
#include "controller/runtime/system_clock.h"
#include "crds/base/text.h"
#include "crds/base/time.h"
#include "crds/v1alpha1/bindings.h"
#include "crds/v1alpha1/core_objects.h"
#include "crds/v1alpha1/parse_resource.h"
#include "reconcilers/finalizer.h"
#include "reconcilers/json.h"
#include "reconcilers/ports/object_store.h"

namespace slipway::kube {
namespace {

/// Of the edits under our name: what Slipway never edits was edited by somebody who chose that name.
bool owns_finalizers_alone(const Node& entry) {
  const Node& fields = json::at(entry, kFieldsOfManagers);
  return std::ranges::all_of(fields.members, [](const Node::Member& field) {
    return field.key == "f:metadata" && std::ranges::all_of(field.value.members, [](const Node::Member& of_metadata) {
             return of_metadata.key == "f:finalizers";
           });
  });
}

/// An edit that is to come was never made: clients may write what they want there.
std::string latest_possible() {
  constexpr std::chrono::minutes kSkew{5};
  const Timestamp time{std::chrono::floor<std::chrono::seconds>(runtime::SystemClock().now() + kSkew)};
  return slipway::to_string(time);
}

/// Of who edited within one second; each name has 128 characters at most.
constexpr std::size_t kMostEditors = 1024;

/// The latest edit that is neither of a subresource nor our own (of a finalizer). Times are of one form,
/// compare as text, and are of whole seconds: whoever edited within the same one is named, too, unless very many did.
struct LatestEdit {
  std::string editors;
  std::optional<Timestamp> at;
};

LatestEdit latest_edit_of(const Node& object) {
  const std::string now = latest_possible();
  std::string editors;
  bool has_more = false;
  std::string latest;
  for (const Node& entry : json::items_at(json::at(object, "metadata"), "managedFields")) {
    const std::string time = json::text_at(entry, "time");
    const std::string manager = json::text_at(entry, "manager");
    const bool is_ours = manager == kFieldManager && owns_finalizers_alone(entry);
    if (!json::text_at(entry, "subresource").empty() || is_ours || time < latest || time > now) continue;
    if (time != latest) editors.clear();
    latest = time;
    has_more = editors.size() > kMostEditors;
    if (has_more) continue;
    if (!editors.empty()) editors += ", ";
    editors += manager;
  }
  const Result<Timestamp> at = parse_timestamp(latest);
  return {.editors = has_more ? editors + ", and others" : std::move(editors),
          .at = at ? std::optional(*at) : std::nullopt};
}

void keep_ours(ObjectMeta& metadata) {
  const auto request = reconcile_request(metadata);
  metadata.annotations.clear();
  if (request) metadata.annotations.emplace(kReconcileRequestedAt, *request);
  metadata.finalizers = has_finalizer(metadata) ? std::vector{std::string(kFinalizer)} : std::vector<std::string>{};
}

std::size_t inline_bytes(const ImagePublication& publication) {
  if (!publication.spec.gates.scan) return 0;
  std::size_t bytes = 0;
  for (const ScanReportRef& report : publication.spec.gates.scan->reports)
    bytes += report.inline_text ? report.inline_text->size() : 0;
  return bytes;
}

void read_status(const Node& object, ImagePublication& into) {
  if (auto status = publication_status_from(json::at(object, "status"))) into.status = std::move(*status);
}
void read_status(const Node& object, ContainerRegistry& into) {
  if (auto status = registry_status_from(json::at(object, "status"))) into.status = std::move(*status);
}
void read_status(const Node& object, RetentionPolicy& into) {
  if (auto status = retention_status_from(json::at(object, "status"))) into.status = std::move(*status);
}

/// What can't be changed is read even where the rest can't: neighbours and who is at the same host must know.
void read_identity(const ImagePublicationSpec& read, ImagePublicationSpec& into) {
  into.registry_ref = read.registry_ref;
  into.repository = read.repository;
}
void read_identity(const ContainerRegistrySpec& read, ContainerRegistrySpec& into) {
  into.login_server = read.login_server;
  into.aliases = read.aliases;
  into.plain_http = read.plain_http;
}
void read_identity(const RetentionPolicySpec& read, RetentionPolicySpec& into) {
  into.registry_ref = read.registry_ref;
  into.repositories = read.repositories;
  // A hold is no less one because something else of the policy is wrong.
  std::ranges::copy_if(read.rules, std::back_inserter(into.rules),
                       [](const auto& rule) { return rule.retain.has_value(); });
}

/// What can be read of an object whose spec can't be used.
template <class T>
Result<runtime::Reflected<T>> broken(const Node& object, const std::vector<Problem>& problems) {
  Result<ObjectMeta> metadata = runtime::metadata_in(object);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  runtime::Reflected<T> kept{.object = {}, .problems = problems, .edited_by = {}};
  kept.object.metadata = std::move(*metadata);
  FieldReader reader("", true);
  decltype(T::spec) spec;
  const Node& node = json::at(object, "spec");
  if (node.kind == Node::Kind::Map) Bound<decltype(T::spec)>::get().read(node, reader, spec);
  read_identity(spec, kept.object.spec);
  kept.object.spec.suspend = spec.suspend;
  if (json::at(object, "status").kind == Node::Kind::Map) read_status(object, kept.object);
  return kept;
}

/// The item of spec.access whose patterns alone the problem is of.
std::optional<std::size_t> entry_with_bad_pattern(const Problem& problem) {
  constexpr std::string_view kList = "spec.access[";
  std::string_view rest = problem.field;
  if (!rest.starts_with(kList)) return std::nullopt;
  rest.remove_prefix(kList.size());
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  const bool is_pattern = rest.starts_with("].repositories[") || rest.starts_with("].sources[");
  return error == std::errc{} && is_pattern ? std::optional(index) : std::nullopt;
}

/// Of a map that has it.
Node& member_of(Node& map, std::string_view key) {
  return std::ranges::find(map.members, key, &Node::Member::key)->value;
}

/// Without the entries of `spec.access` that have all of the problems; nothing when others have some, too. An entry
/// with a floor stays: without it, who has access by another entry would publish what the floor refuses.
std::optional<Node> without_bad_entries(const Node& object, const std::vector<Problem>& problems) {
  std::set<std::size_t> bad;
  const std::vector<Node>& entries = json::items_at(json::at(object, "spec"), "access");
  for (const Problem& problem : problems) {
    const auto index = entry_with_bad_pattern(problem);
    if (!index || *index >= entries.size() || entries[*index].find("gates") != nullptr) return std::nullopt;
    bad.insert(*index);
  }
  Node rest = object;
  auto& items = member_of(member_of(rest, "spec"), "access").items;
  for (const std::size_t index : bad | std::views::reverse)
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(index));
  return rest;
}

bool is_of_status(const Problem& problem) {
  return problem.field == "status" || problem.field.starts_with("status.") || problem.field.starts_with("status[");
}

template <class T>
Result<runtime::Reflected<T>> read_object(const Node& object) {
  ParsedResources parsed = parse_resource(object, "", {.from_api_server = true});
  std::erase_if(parsed.problems, [](const Problem& problem) { return problem.warning; });
  T* const found = parsed.resources.size() == 1 ? std::get_if<T>(&parsed.resources.front().resource) : nullptr;
  if (found != nullptr) return runtime::Reflected<T>{.object = std::move(*found), .problems = {}, .edited_by = {}};
  if (parsed.problems.empty() || !std::ranges::all_of(parsed.problems, is_of_status))
    return broken<T>(object, parsed.problems);
  // What another version wrote and this one can't read is found again by looking.
  Node without_status = object;
  std::erase_if(without_status.members, [](const Node::Member& member) { return member.key == "status"; });
  return read_object<T>(without_status);
}

template <class T>
void read_spec(const Node& node, FieldReader& reader) {
  decltype(T::spec) spec;
  Bound<decltype(T::spec)>::get().read(node, reader, spec);
}

/// What the API server dropped counts as well. Not of what is being deleted: for that what is left is enough.
template <class T>
Result<runtime::Reflected<T>> read_as_applied(const Node& object) {
  Result<runtime::Reflected<T>> kept = read_object<T>(object);
  if (!kept || kept->object.metadata.deletion_timestamp) return kept;
  std::vector<Problem> problems = dropped_fields(object, read_spec<T>);
  if (problems.empty()) return kept;
  std::ranges::move(kept->problems, std::back_inserter(problems));
  return broken<T>(object, problems);
}

template <class T>
Result<runtime::Reflected<T>> decode(const Node& object) {
  Result<runtime::Reflected<T>> kept = read_as_applied<T>(object);
  if (!kept) return kept;
  LatestEdit edit = latest_edit_of(object);
  kept->edited_by = std::move(edit.editors);
  kept->edited_at = edit.at;
  keep_ours(kept->object.metadata);
  kept->object.metadata.labels.clear();
  return kept;
}

template <class T>
Result<T> core_object(const Node& object, T (*read)(const Node&, FieldReader&)) {
  FieldReader reader("", true);
  T read_object = read(object, reader);
  const std::vector<Problem> problems = reader.take().kept();
  if (problems.empty()) return read_object;
  return fail(ErrorClass::Invalid, to_string(problems.front()), "look at the object with kubectl");
}

}  // namespace

Result<runtime::Reflected<ImagePublication>> decode_whole_publication(const Node& object) {
  return decode<ImagePublication>(object);
}

Result<runtime::Reflected<ImagePublication>> decode_publication(const Node& object) {
  auto kept = decode_whole_publication(object);
  if (!kept || inline_bytes(kept->object) <= kMostInline) return kept;
  kept->is_whole = false;
  for (ScanReportRef& report : kept->object.spec.gates.scan->reports)
    if (report.inline_text) report.inline_text.emplace();  // An assignment would keep the memory.
  return kept;
}

Result<runtime::Reflected<ContainerRegistry>> decode_registry(const Node& object) {
  auto kept = decode<ContainerRegistry>(object);
  if (!kept || kept->problems.empty()) return kept;
  const auto rest = without_bad_entries(object, kept->problems);
  if (!rest) return kept;
  auto in_part = decode<ContainerRegistry>(*rest);
  if (!in_part || !in_part->problems.empty()) return kept;
  in_part->problems = std::move(kept->problems);
  in_part->holds_in_part = true;
  return in_part;
}

Result<runtime::Reflected<RetentionPolicy>> decode_retention_policy(const Node& object) {
  return decode<RetentionPolicy>(object);
}

Result<runtime::Reflected<MetadataObject>> decode_metadata(const Node& object) {
  Result<ObjectMeta> metadata = runtime::metadata_in(object);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  metadata->labels.clear();
  metadata->annotations.clear();
  metadata->finalizers.clear();
  metadata->generation = 0;
  return runtime::Reflected<MetadataObject>{.object = {std::move(*metadata)}, .problems = {}, .edited_by = {}};
}

Result<runtime::Reflected<MetadataObject>> decode_namespace(const Node& object) {
  Result<ObjectMeta> metadata = runtime::metadata_in(object);
  if (!metadata) return std::unexpected(std::move(metadata.error()));
  metadata->annotations.clear();
  metadata->finalizers.clear();
  // Namespaces count no generations; with one that stays, a new version alone is no edit.
  metadata->generation = 1;
  return runtime::Reflected<MetadataObject>{.object = {std::move(*metadata)}, .problems = {}, .edited_by = {}};
}

Result<SecretObject> secret_from(const Node& object) {
  return core_object<SecretObject>(object, read_secret);
}

Result<ConfigMapObject> config_map_from(const Node& object) {
  return core_object<ConfigMapObject>(object, read_config_map);
}

}  // namespace slipway::kube
