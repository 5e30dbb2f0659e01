#include "controller/runtime/reflected_objects.h"

#include <algorithm>

#include "crds/base/text.h"
#include "crds/v1alpha1/bindings.h"
#include "reconcilers/json.h"

namespace slipway::runtime {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

std::string_view without_zeros(std::string_view number) {
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return number;
}

}  // namespace

Result<ObjectMeta> metadata_in(const Node& object) {
  FieldReader reader("", true);
  ObjectMeta metadata;
  const Node& node = json::at(object, "metadata");
  if (node.kind == Node::Kind::Map) Bound<ObjectMeta>::get().read(node, reader, metadata);
  if (!metadata.name.empty()) return metadata;
  return fail(ErrorClass::Integrity, "an object without a name that can be read",
              "look at it with kubectl, and tell us of it");
}

ObjectVersion version_in(const Node& object) {
  const Node& metadata = json::at(object, "metadata");
  const auto text = [&metadata](std::string_view key) {
    const Node& found = json::at(metadata, key);
    return found.kind == Node::Kind::String ? std::string_view(found.text) : std::string_view();
  };
  return {.namespace_name = text("namespace"),
          .name = text("name"),
          .uid = text("uid"),
          .resource_version = text("resourceVersion")};
}

bool is_later(std::string_view a, std::string_view b) {
  if (!is_number(a) || !is_number(b)) return a != b;
  a = without_zeros(a);
  b = without_zeros(b);
  return a.size() != b.size() ? a.size() > b.size() : a > b;
}

bool went_back(std::string_view seen, std::string_view now) {
  return is_later(seen, now) && !is_later(now, seen);
}

std::optional<ChangeKind> change_between(const ObjectMeta& before, const ObjectMeta& after) {
  if (before.resource_version == after.resource_version) return std::nullopt;
  if (went_back(before.resource_version, after.resource_version)) return ChangeKind::Edited;
  const bool counts_generations = after.generation != 0;
  const bool is_same = counts_generations && before.generation == after.generation && before.labels == after.labels &&
                       before.annotations == after.annotations && before.finalizers == after.finalizers &&
                       before.deletion_timestamp == after.deletion_timestamp;
  return is_same ? ChangeKind::StatusOnly : ChangeKind::Edited;
}

bool is_same(const std::vector<Problem>& before, const std::vector<Problem>& after) {
  return std::ranges::equal(before, after, [](const Problem& one, const Problem& other) {
    return one.field == other.field && one.message == other.message && one.expected == other.expected;
  });
}

}  // namespace slipway::runtime
