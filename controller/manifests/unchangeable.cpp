#include "controller/manifests/unchangeable.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "controller/manifests/folder_world.h"
#include "crds/v1alpha1/schema.h"

namespace slipway::manifests {

namespace {

bool has_sent(const StateRow& row) {
  if (row.status.empty()) return false;
  const Document document = parse_json(row.status, "status");
  if (!document.problems.empty()) return true;
  const auto status = publication_status_from(document.root);
  if (!status) return true;
  return status->published || !status->history.empty() || (status->attempt && status->attempt->sent);
}

bool may_name(const StateRow& row, const std::string& registry) {
  const auto object = object_of(row);
  const auto* publication = object ? std::get_if<ImagePublication>(&object->resource) : nullptr;
  return publication == nullptr || publication->spec.registry_ref.name == registry;
}

/// Whose published images need the object of `row` as it is; null when there is none.
const StateRow* who_needs(const StateRow& row, const std::vector<StateRow>& rows) {
  if (row.key.kind == ResourceKind::ImagePublication) return has_sent(row) ? &row : nullptr;
  if (row.key.kind != ResourceKind::ContainerRegistry) return nullptr;
  const auto found = std::ranges::find_if(rows, [&](const StateRow& other) {
    return other.key.kind == ResourceKind::ImagePublication && has_sent(other) && may_name(other, row.key.name);
  });
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> fixed_fields(const ManifestResource& edited, const StateRow& row) {
  const auto last = object_of(row);
  return last ? changed_for_good(last->resource, edited.resource) : std::vector<std::string>{};
}

std::vector<Problem> unchangeable(const ManifestResource& edited, const StateRow& row,
                                  const std::vector<StateRow>& rows) {
  const auto fields = fixed_fields(edited, row);
  const StateRow* const user = fields.empty() ? nullptr : who_needs(row, rows);
  if (user == nullptr) return {};
  const std::string through = user == &row ? "it" : to_string(user->key);
  std::vector<Problem> problems;
  problems.reserve(fields.size());
  for (const auto& field : fields)
    problems.push_back(
        edited.where.told({.file = edited.file,
                           .place = {},
                           .field = field,
                           .message = std::string{kCannotChange} + " (" + through + " has sent images already)",
                           .expected = "give it another name, or put the field of " + to_string(row.key) +
                                       " back: what was there before stays in force",
                           .reason = "Invalid"}));
  std::ranges::stable_sort(problems, {},
                           [](const Problem& problem) { return std::pair(problem.place.line, problem.place.column); });
  return problems;
}

Result<std::vector<Problem>> unchangeable_in(const ManifestReading& reading, StateDatabase& state) {
  const auto rows = state.all();
  if (!rows) return while_doing("looking at what was published", rows.error());
  std::vector<Problem> problems;
  for (const auto& edited : reading.resources) {
    const auto row =
        std::ranges::find_if(*rows, [&](const StateRow& each) { return each.key == key_of(edited.resource); });
    if (row == rows->end() || row->deleted_at) continue;
    std::ranges::move(unchangeable(edited, *row, *rows), std::back_inserter(problems));
  }
  return problems;
}

}  // namespace slipway::manifests
