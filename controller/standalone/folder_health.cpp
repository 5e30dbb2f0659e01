#include "controller/standalone/folder_health.h"

#include "controller/assembly/health.h"

namespace slipway::standalone {

std::optional<std::string> why_lost(const FolderFacts& facts) {
  if (facts.folder_silent_for > kLongestSilenceOfFolder)
    return "the folder has not been looked at for " + assembly::in_minutes(facts.folder_silent_for);
  if (facts.state_was_replaced) return "the state database was removed or replaced while it was open";
  return std::nullopt;
}

std::optional<std::string> why_it_cannot_work(const FolderFacts& facts) {
  if (!facts.has_read && !facts.folder_failure) return "the folder has not been read yet";
  if (facts.folder_failure) return "the folder can't be read: " + facts.folder_failure->message;
  if (facts.write_failure) return "the state can't be written: " + facts.write_failure->message;
  if (facts.audit_failure) return "changes can't be recorded, so none is made: " + facts.audit_failure->message;
  return std::nullopt;
}

}  // namespace slipway::standalone
