#include "controller/registry/noted_changes.h"

#include <set>
#include <utility>

namespace slipway::registry {
namespace {

AuditAction action_of(const ComingChange& change, const std::optional<Digest>& before) {
  if (change.tag.empty()) return change.removes ? AuditAction::DeleteManifest : AuditAction::PushManifest;
  if (change.removes) return AuditAction::RemoveTag;
  return before && *before != *change.manifest ? AuditAction::MoveTag : AuditAction::SetTag;
}

}  // namespace

NotedChanges::NotedChanges(AuditedBy audited, std::string host, std::string repository)
    : audited_(std::move(audited)), host_(std::move(host)), repository_(std::move(repository)) {}

NotedChanges::~NotedChanges() {
  const auto left = std::exchange(state_.lock()->announced, {});
  for (const auto& [change, number] : left) audited_.log->ended(number, fail(ErrorClass::Refused, "it was not tried"));
}

void NotedChanges::saw(const std::string& tag, const std::optional<Digest>& digest) {
  state_.lock()->seen.insert_or_assign(tag, digest);
}

Result<void> NotedChanges::announce(const std::vector<ComingChange>& changes) {
  if (audited_.log == nullptr) return {};
  const std::set<ComingChange> once(changes.begin(), changes.end());
  std::vector<AuditChange> described;
  described.reserve(once.size());
  for (const auto& change : once) described.push_back(describe(change));
  const auto numbers = intend(described);
  if (!numbers) return std::unexpected(numbers.error());
  auto number = numbers->begin();
  auto state = state_.lock();
  for (const auto& change : once) state->announced.emplace(change, *number++);
  return {};
}

Result<std::optional<AuditNumber>> NotedChanges::begin(const ComingChange& change) {
  if (audited_.log == nullptr) return std::nullopt;
  if (auto noted = state_.lock()->announced.extract(change)) return noted.mapped();
  const auto numbers = intend({describe(change)});
  if (!numbers) return std::unexpected(numbers.error());
  return numbers->front();
}

Result<std::vector<AuditNumber>> NotedChanges::intend(const std::vector<AuditChange>& changes) {
  auto numbers = audited_.log->intend(audited_.who, changes);
  if (numbers) return numbers;
  return while_doing("the change is not made, because it can't be recorded", std::move(numbers.error()));
}

void NotedChanges::end(const ComingChange& change, std::optional<AuditNumber> number, const Result<void>& how) {
  if (!number) return;
  audited_.log->ended(*number, how);
  if (how && !change.tag.empty()) saw(change.tag, change.removes ? std::nullopt : change.manifest);
}

AuditChange NotedChanges::describe(const ComingChange& change) const {
  AuditChange described{.action = AuditAction::PushManifest,
                        .registry = host_,
                        .repository = repository_,
                        .tag = change.tag,
                        .looked = false,
                        .before = {},
                        .after = change.removes ? std::nullopt : change.manifest,
                        .why = {}};
  if (change.tag.empty() && change.removes) {
    described.looked = true;
    described.before = change.manifest;
  }
  const auto state = state_.lock();
  if (const auto seen = state->seen.find(change.tag); !change.tag.empty() && seen != state->seen.end()) {
    described.looked = true;
    described.before = seen->second;
  }
  described.action = action_of(change, described.before);
  return described;
}

}  // namespace slipway::registry
