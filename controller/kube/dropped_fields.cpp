#include "controller/kube/dropped_fields.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "controller/kube/requests.h"
#include "reconcilers/json.h"

namespace slipway::kube {
namespace {

/// Whoever may write objects could else keep us busy with looking for what each of thousands meant.
constexpr std::size_t kMostDropped = 50;
constexpr DocumentLimits kLimits{.bytes = 256u << 10, .depth = 64, .nodes = 4'000};

/// Compares what was applied with what is there.
class Comparison {
 public:
  /// False when a value is another.
  bool compare(const Node& applied, const Node& present, const std::string& path) {
    if (applied.kind != present.kind) return false;
    switch (applied.kind) {
      case Node::Kind::Map:
        return std::ranges::all_of(applied.members, [&](const Node::Member& member) {
          return compare_member(member, present.find(member.key), path + '.' + member.key);
        });
      case Node::Kind::List:
        return compare_lists(applied.items, present.items, path);
      case Node::Kind::String:
        return applied.text == present.text;
      default:
        return to_json_text(applied) == to_json_text(present);
    }
  }

  /// Paths of what is not there.
  const std::set<std::string>& absent() const { return absent_; }

 private:
  bool compare_member(const Node::Member& applied, const Node* present, const std::string& path) {
    if (applied.value.kind == Node::Kind::Null) return true;
    if (present != nullptr) return compare(applied.value, *present, path);
    absent_.insert(path);
    return true;
  }

  bool compare_lists(const std::vector<Node>& applied, const std::vector<Node>& present, const std::string& path) {
    if (applied.size() != present.size()) return false;
    for (std::size_t index = 0; index < applied.size(); ++index)
      if (!compare(applied[index], present[index], path + '[' + std::to_string(index) + ']')) return false;
    return true;
  }

  std::set<std::string> absent_;
};

std::vector<Problem> problems_of(const Node& spec, SpecReader read_spec, bool lenient) {
  FieldReader reader("", lenient);
  const FieldReader::Step step(reader, "spec");
  read_spec(spec, reader);
  return reader.take().kept();
}

bool is_named(const std::vector<Problem>& problems, const std::string& field) {
  return std::ranges::find(problems, field, &Problem::field) != problems.end();
}

/// Problems with fields that are not known.
std::vector<Problem> unknown_fields(const Node& spec, SpecReader read_spec) {
  std::vector<Problem> problems = problems_of(spec, read_spec, false);
  const std::vector<Problem> others = problems_of(spec, read_spec, true);
  std::erase_if(problems, [&](const Problem& problem) { return is_named(others, problem.field); });
  return problems;
}

/// Whether the latest edit of the spec wrote annotations, too, as `kubectl apply` does; also where nobody is named.
bool is_of_latest_edit(const Node& metadata) {
  std::string latest;
  bool has_annotations = true;
  for (const Node& entry : json::items_at(metadata, "managedFields")) {
    const Node& fields = json::at(entry, kFieldsOfManagers);
    if (!json::text_at(entry, "subresource").empty() || fields.find("f:spec") == nullptr) continue;
    const std::string time = json::text_at(entry, "time");
    if (time < latest) continue;
    const bool wrote = json::at(fields, "f:metadata").find("f:annotations") != nullptr;
    has_annotations = wrote && (time > latest || has_annotations);
    latest = time;
  }
  return has_annotations;
}

bool is_same_object(const Node& one, const Node& other) {
  const auto same = [](const Node& a, const Node& b, std::string_view key) {
    return json::text_at(a, key) == json::text_at(b, key);
  };
  const Node& metadata = json::at(one, "metadata");
  const Node& others = json::at(other, "metadata");
  return same(one, other, "kind") && same(one, other, "apiVersion") && same(metadata, others, "name") &&
         same(metadata, others, "namespace");
}

}  // namespace

std::vector<Problem> dropped_fields(const Node& object, SpecReader read_spec) {
  const Node& metadata = json::at(object, "metadata");
  const Node& written = json::at(json::at(metadata, "annotations"), kLastApplied);
  if (written.text.empty() || written.text.size() > kLimits.bytes || !is_of_latest_edit(metadata)) return {};
  const Document applied = parse_json(written.text, "", kLimits);
  if (!applied.problems.empty() || !is_same_object(applied.root, object)) return {};
  const Node& spec = json::at(applied.root, "spec");
  Comparison comparison;
  if (!comparison.compare(spec, json::at(object, "spec"), "spec")) return {};
  if (comparison.absent().empty() || comparison.absent().size() > kMostDropped) return {};
  std::vector<Problem> dropped = unknown_fields(spec, read_spec);
  const bool is_older =
      std::ranges::any_of(comparison.absent(), [&](const auto& path) { return !is_named(dropped, path); });
  if (is_older) return {};
  std::erase_if(dropped, [&](const Problem& problem) { return !comparison.absent().contains(problem.field); });
  for (Problem& problem : dropped) problem.place = {};
  dropped.push_back({.file = {},
                     .place = {},
                     .field = {},
                     .message = "the API server dropped what it does not know",
                     .expected = "mend the file and apply it again with strict validation, which is kubectl's default",
                     .reason = "Invalid"});
  return dropped;
}

}  // namespace slipway::kube
