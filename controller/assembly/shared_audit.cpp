#include "controller/assembly/shared_audit.h"

#include <algorithm>
#include <limits>
#include <system_error>

#include "crds/base/byte_count.h"

namespace slipway::assembly {
namespace {

constexpr std::chrono::minutes kLookAgain{5};

/// What takes something away passes: each tag or manifest was put once, and that was counted. Objects that leave their
/// tags can be made and deleted without end.
bool may_wait(const AuditChange& change) {
  return change.action != AuditAction::RemoveTag && change.action != AuditAction::DeleteManifest;
}

/// About what two records take, the intent and its outcome: what they have in common with all others, and the names.
std::int64_t bytes_of(const AuditSubject& who, const AuditChange& change) {
  constexpr std::size_t kTwoRecords = 760;
  const std::size_t names = who.object.namespace_name.size() + who.object.name.size() + who.uid.size() +
                            who.edited_by.size() + who.revision.size() + change.registry.size() +
                            change.repository.size() + change.tag.size() + change.why.size();
  return static_cast<std::int64_t>(kTwoRecords + names);
}

std::unexpected<Error> held_back(const std::string& namespace_name, std::int64_t bytes) {
  auto failed =
      fail(ErrorClass::QuotaExceeded,
           "namespace " + namespace_name + " put " + format_bytes(bytes) +
               " on the audit log within a day, and the rest of its volume is left to other namespaces",
           "publish less often, or fewer platforms and referrers; who runs Slipway can make room on the volume");
  failed.error().retry_after = kLookAgain;
  return failed;
}

}  // namespace

Result<std::vector<AuditNumber>> SharedAudit::intend(const AuditSubject& who, const std::vector<AuditChange>& changes) {
  audit::NamespaceShares::Part part{.namespace_name = who.object.namespace_name,
                                    .must_pass = std::ranges::none_of(changes, may_wait)};
  for (const auto& change : changes) part.bytes += bytes_of(who, change);
  if (Result<void> may = check(part); !may) return std::unexpected(std::move(may.error()));
  return next_->intend(who, changes);
}

Result<void> SharedAudit::check(const audit::NamespaceShares::Part& part) {
  const std::int64_t room = room_().value_or(std::numeric_limits<std::int64_t>::max());
  const auto state = state_.lock();
  const auto before = state->shares.hold_back(part, room, surroundings_.clock.now());
  if (!before) {
    state->held.erase(part.namespace_name);
    return {};
  }
  surroundings_.metrics.audit_failed();
  auto error = held_back(part.namespace_name, *before);
  if (state->held.insert(part.namespace_name).second) surroundings_.log.error(error.error());
  return error;
}

SharedAudit::Room room_of(std::filesystem::path folder) {
  return [folder = std::move(folder)]() -> std::optional<std::int64_t> {
    std::error_code error;
    const auto space = std::filesystem::space(folder, error);
    constexpr auto kMost = static_cast<std::uintmax_t>(std::numeric_limits<std::int64_t>::max());
    return error ? std::nullopt : std::optional(static_cast<std::int64_t>(std::min(space.available, kMost)));
  };
}

}  // namespace slipway::assembly
