#include "controller/audit/account.h"

#include <algorithm>
#include <array>
#include <utility>

#include "crds/base/glob.h"
#include "crds/base/make_node.h"
#include "reconcilers/json.h"

namespace slipway::audit {
namespace {

constexpr std::array<std::string_view, 21> kColumns{
    "record",       "time",     "action",    "registry",  "repository", "tag",     "before",
    "after",        "why",      "kind",      "namespace", "name",       "uid",     "generation",
    "fieldManager", "revision", "publisher", "reconcile", "result",     "endedAt", "error"};

std::string cell_of(const Node& value) {
  std::string text = value.kind == Node::Kind::Null ? "" : value.text;
  if (value.kind == Node::Kind::Integer) text = std::to_string(value.integer);
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) text.insert(0, "'");
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

std::string_view result_of(const Change& change) {
  return change.outcome ? to_string(change.outcome->ending) : "Open";
}

Result<void> Account::take(const SealedLine& line) {
  auto record = record_from(line.members);
  if (!record) return std::unexpected(std::move(record.error()));
  if (auto* const intent = std::get_if<Intent>(&record->content); intent && is_asked_for(*record, *intent)) {
    open_.emplace(line.head.last.seq, changes_.size());
    changes_.push_back(
        {.record = line.head.last.seq, .at = record->at, .intent = std::move(*intent), .ended_at = {}, .outcome = {}});
  }
  auto* const outcome = std::get_if<Outcome>(&record->content);
  const auto found = outcome ? open_.find(outcome->of) : open_.end();
  if (found == open_.end()) return {};
  changes_[found->second].ended_at = record->at;
  changes_[found->second].outcome = std::move(*outcome);
  open_.erase(found);
  return {};
}

bool Account::is_asked_for(const Record& record, const Intent& intent) const {
  const AuditChange& what = intent.what;
  if (filter_.since && record.at < *filter_.since) return false;
  if (filter_.action && what.action != *filter_.action) return false;
  if (!filter_.namespace_name.empty() && intent.who.object.namespace_name != filter_.namespace_name) return false;
  return filter_.repository.empty() || glob_matches(filter_.repository, what.repository) ||
         glob_matches(filter_.repository, what.registry + '/' + what.repository);
}

Node to_node(const Change& change) {
  Node node = map_node();
  add(node, "record", integer_node(change.record));
  for (auto& member : members_of({.at = change.at, .content = change.intent}))
    if (member.key != "record") add(node, member.key, std::move(member.value));
  add(node, "result", string_node(result_of(change)));
  if (change.ended_at) add(node, "endedAt", string_node(slipway::to_string(*change.ended_at)));
  if (change.outcome && !change.outcome->error.empty()) add(node, "error", string_node(change.outcome->error));
  return node;
}

std::string to_csv(const std::vector<Change>& changes) {
  std::string text;
  for (const auto column : kColumns) text.append(text.empty() ? "" : ",").append(column);
  text += "\r\n";
  for (const auto& change : changes) {
    const Node node = to_node(change);
    std::string separator;
    for (const auto column : kColumns) {
      text.append(separator).append(cell_of(json::at(node, column)));
      separator = ",";
    }
    text += "\r\n";
  }
  return text;
}

}  // namespace slipway::audit
