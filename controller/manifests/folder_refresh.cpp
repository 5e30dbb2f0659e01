#include "controller/manifests/folder_refresh.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <random>
#include <utility>

#include "controller/manifests/unchangeable.h"

namespace slipway::manifests {

namespace {

/// RFC 9562, version 4.
std::string make_uid() {
  std::random_device source;
  const std::array<unsigned, 4> random{source(), source(), source(), source()};
  std::array<char, 37> text{};
  static_cast<void>(std::snprintf(text.data(), text.size(), "%08x-%04x-4%03x-%04x-%04x%08x", random[0],
                                  random[1] >> 16U, random[1] & 0xFFFU, ((random[2] >> 16U) & 0x3FFFU) | 0x8000U,
                                  random[2] & 0xFFFFU, random[3]));
  return text.data();
}

/// What came from Git has a revision, what did not has none.
bool is_same(const StateRow& row, const OwnedObject& object, bool is_from_git) {
  return row.source_revision.empty() != is_from_git && row.spec_hash == object.spec_hash &&
         row.last_object == object.text && row.base_folder == object.base_folder && row.origin == object.origin;
}

/// What this process has seen before says nothing new: a row that differs is what another one saw since.
bool is_old(const OwnedObject& object, const FolderWorld& before, const ObjectKey& key) {
  const auto known = before.owned.find(key);
  return known != before.owned.end() && known->second == object && known->second.origin == object.origin;
}

GoneObject gone_of(const StateRow& row, const std::optional<OwnedObject>& object) {
  const auto* publication = object ? std::get_if<ImagePublication>(&object->resource) : nullptr;
  return {.key = row.key,
          .origin = row.origin,
          .deletion_policy = publication ? std::optional(publication->spec.deletion_policy) : std::nullopt};
}

Problem not_understood(const StateRow& row) {
  return {.file = row.origin,
          .place = {},
          .field = {},
          .message = to_string(row.key) + " was deleted, and what is stored of it is not understood by this version",
          .expected = "look at the tags that it published: they stay",
          .reason = "Invalid",
          .warning = true};
}

}  // namespace

Result<FolderWorld> FolderRefresh::run(const FolderWorld& before) {
  now_ = world_of(reading_, before);
  const auto rows = state_.all();
  if (!rows) return while_doing("refreshing the manifests", rows.error());
  std::map<ObjectKey, const StateRow*> known;
  for (const auto& row : *rows) known.emplace(row.key, &row);
  for (auto& [key, object] : now_.owned) {
    const auto row = known.find(key);
    const bool is_known = row != known.end();
    if (is_known && (row->second->deleted_at || is_same(*row->second, object, !reading_.revision.empty()))) continue;
    if (is_known && is_old(object, before, key)) continue;
    const auto written = remember(key, object, is_known ? row->second : nullptr);
    if (!written) return std::unexpected{written.error()};
  }
  if (!reading_.is_settled) {
    now_.others.insert(before.others.begin(), before.others.end());
    for (const auto& [key, object] : before.owned)
      if (known.contains(key) && !object.is_being_deleted) now_.owned.emplace(key, object);
  }
  for (const auto& row : *rows)
    if (const auto judged = judge(row, before); !judged) return std::unexpected{judged.error()};
  return std::move(now_);
}

Result<void> FolderRefresh::remember(const ObjectKey& key, OwnedObject& object, const StateRow* row) {
  const ManifestResource* const edited = row == nullptr ? nullptr : edited_for_good(*row, object);
  std::vector<Problem> problems;
  std::optional<OwnedObject> last;
  const auto may = [&](const std::vector<StateRow>& rows) {
    const auto present = std::ranges::find(rows, key, &StateRow::key);
    if (present == rows.end() || present->deleted_at) return true;
    problems = unchangeable(*edited, *present, rows);
    last = object_of(*present);
    return problems.empty() || !last;
  };
  const StateDatabase::Seen seen{.key = key,
                                 .spec_hash = object.spec_hash,
                                 .new_uid = make_uid(),
                                 .object = object.text,
                                 .base_folder = object.base_folder,
                                 .origin = object.origin,
                                 .source_revision = reading_.revision,
                                 .at = clock_.now()};
  const auto written = state_.see_if(seen, edited == nullptr ? StateDatabase::Condition{} : may);
  if (!written) return while_doing("refreshing " + to_string(key), written.error());
  if (*written) return {};
  std::ranges::move(problems, std::back_inserter(reading_.problems));
  object = std::move(*last);
  return {};
}

const ManifestResource* FolderRefresh::edited_for_good(const StateRow& row, const OwnedObject& object) const {
  if (row.last_object == object.text) return nullptr;
  const auto from = std::ranges::find_if(
      reading_.resources, [&](const ManifestResource& resource) { return key_of(resource.resource) == row.key; });
  return fixed_fields(*from, row).empty() ? nullptr : &*from;
}

Result<void> FolderRefresh::judge(const StateRow& row, const FolderWorld& before) {
  const bool is_known = now_.owned.contains(row.key);
  if (!is_known && !folder_.is_origin(row.origin)) return {};
  if (row.deleted_at) return go_on_deleting(row, before);
  return is_known ? Result<void>{} : delete_or_keep(row);
}

Result<void> FolderRefresh::delete_or_keep(const StateRow& row) {
  if (!reading_.is_settled && !is_broken(row.origin)) return {};
  bool is_there = true;
  if (reading_.is_settled) {
    const auto marked = state_.mark_deleted(row.key, clock_.now());
    if (!marked) return while_doing("deleting " + to_string(row.key), marked.error());
    is_there = *marked;
  }
  auto object = object_of(row);
  if (reading_.is_settled) gone_.push_back(gone_of(row, object));
  if (!object || !is_there) return {};
  object->is_being_deleted = reading_.is_settled;
  now_.owned.insert_or_assign(row.key, std::move(*object));
  return {};
}

Result<void> FolderRefresh::go_on_deleting(const StateRow& row, const FolderWorld& before) {
  const auto known = before.owned.find(row.key);
  auto object = known != before.owned.end() && known->second.is_being_deleted ? known->second : object_of(row);
  if (object) {
    now_.owned.insert_or_assign(row.key, std::move(*object));
    return {};
  }
  now_.owned.erase(row.key);
  reading_.problems.push_back(not_understood(row));
  return state_.set_finalizer(row.key, false);
}

bool FolderRefresh::is_broken(const std::string& origin) const {
  for (std::filesystem::path path = origin; path.has_relative_path(); path = path.parent_path())
    if (reading_.broken.contains(path.string())) return true;
  return false;
}

}  // namespace slipway::manifests
